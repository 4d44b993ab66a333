/** Whether a message is the carrier's: each signs in its own way, over the bytes as they came. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CarrierRequest } from '../../commands/carrierPorts.ts';

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In the same time whatever differs, the lengths too. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b));

/** One that is sent twice is none: which of them would count? */
const headerOf = ({ headers }: CarrierRequest, name: string): string => {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
};

/** As Standard Webhooks and Shippo have it: what is older was caught on its way, or the clocks are wrong. */
const ageMaxMs = 5 * 60_000;

/** @param seconds since 1970, as it was sent */
const isFresh = (seconds: string, nowMs: number): boolean =>
  /^\d{1,12}$/.test(seconds) && Math.abs(nowMs - Number(seconds) * 1_000) <= ageMaxMs;

/** `X-Hmac-Signature: hmac-sha256-hex=…`, HMAC-SHA256 of the body. It has no time, so an old body may come again: it says nothing new. */
export const isSignedByEasyPost =
  (secret: string) =>
  (request: CarrierRequest): boolean => {
    const mac = createHmac('sha256', secret.normalize('NFKD')).update(request.body).digest('hex');
    return isSame(headerOf(request, 'x-hmac-signature').toLowerCase(), `hmac-sha256-hex=${mac}`);
  };

/**
 * `Shippo-Auth-Signature: t=…,v1=…`, HMAC-SHA256 of `t.body`, for who has asked Shippo for it; else the secret itself, which
 * was put into the URL as `?token=…`.
 */
export const isSignedByShippo =
  (secret: string) =>
  (request: CarrierRequest): boolean => {
    const { token } = request.query;
    const { time = '', mac = '' } =
      /^t=(?<time>\d+),v1=(?<mac>[0-9a-f]{64})$/i.exec(headerOf(request, 'shippo-auth-signature'))?.groups ?? {};
    const expected = createHmac('sha256', secret).update(`${time}.`).update(request.body).digest('hex');
    const hasMac = isSame(mac.toLowerCase(), expected) && isFresh(time, request.nowMs);
    const hasToken = isSame(typeof token === 'string' ? token : '', secret);
    return hasMac || hasToken;
  };

const prefix = 'whsec_';

/** Standard Webhooks 1.0, as we sign our own: several signatures may stand there while a secret is changed. */
export const isSignedAsStandardWebhook =
  (secret: string) =>
  (request: CarrierRequest): boolean => {
    const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
    const [id, time] = [headerOf(request, 'webhook-id'), headerOf(request, 'webhook-timestamp')];
    const mac = createHmac('sha256', key).update(`${id}.${time}.`).update(request.body).digest('base64');
    const sent = headerOf(request, 'webhook-signature').split(' ').slice(0, 10);
    const matches = sent.map((each) => isSame(each, `v1,${mac}`));
    return id !== '' && isFresh(time, request.nowMs) && matches.includes(true);
  };
