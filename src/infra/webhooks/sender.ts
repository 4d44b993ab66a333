/**
 * Sends webhooks to where they may go, and nowhere else (W11): every attempt reads the URL, resolves the name once,
 * refuses it if any of its addresses is not public, and connects to the address that was checked. No redirect is
 * followed, no proxy asked, no more of an answer read than is kept.
 */
import { lookup as resolveName } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import type { CheckTarget, SendError, SendRequest, SendResult, WebhookSender } from '../../webhooks/ports.ts';
import { createPinnedPools, isPublicAddress, readTarget, type Target, trustedTargets } from './target.ts';

/** All addresses of a name, like `dns.promises.lookup` with `all`. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface SenderOptions {
  /** `host:port` that may also be http and private, for tests and development (`WEBHOOK_ALLOWED_TARGETS`). */
  readonly allowedTargets: readonly string[];
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** Default: `sendTimeLimits`. */
  readonly limits?: TimeLimits;
}

export interface TimeLimits {
  /** TCP and TLS, ms. */
  readonly connectMs: number;
  /** From the name's resolution to the answer's status, ms. */
  readonly answerMs: number;
  /** For the body of an answer that has come; what is there by then is kept. */
  readonly bodyMs: number;
}

/** A receiver is to take the message and answer, not to work on it: 15 s is the standard's lower end. */
const sendTimeLimits: TimeLimits = { connectMs: 5_000, answerMs: 15_000, bodyMs: 2_000 };

/** Enough to see an error message. */
const bodyBytesMax = 4_096;

export interface GuardedSender extends WebhookSender {
  readonly checkTarget: CheckTarget;
  /** Gives up what is under way, as `interrupted`, and ends all connections. */
  close(): Promise<void>;
}

class Blocked extends Error {
  override readonly name = 'Blocked';
}

class Closed extends Error {
  override readonly name = 'Closed';
}

export const systemLookup: Lookup = async (host) => {
  const found = await resolveName(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
};

const timeoutCodes: readonly string[] = [
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
];
/** OpenSSL's verdicts on a certificate that Node passes on by name. */
const certificateCode = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO$)/;

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

const errorOf = (error: unknown): SendError => {
  if (!(error instanceof Error)) return 'connection';
  if (error instanceof Blocked) return 'blocked';
  if (error instanceof Closed) return 'interrupted';
  if (error.name === 'TimeoutError' || timeoutCodes.includes(codeOf(error))) return 'timeout';
  return certificateCode.test(codeOf(error)) ? 'tls' : 'connection';
};

/** Settles with the work, or rejects when the signal aborts: name resolution can't be cancelled. */
const within = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });

/** @throws Blocked when any address of the name is not public: a mixed answer is an attack or a mistake. */
export const pinnedAddress = async ({ host, trusted }: Target, lookup: Lookup): Promise<string> => {
  const addresses = isIP(host) === 0 ? await lookup(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new Error('no address');
  if (addresses.some((address) => isIP(address) === 0)) throw new Blocked();
  if (!trusted && !addresses.every(isPublicAddress)) throw new Blocked();
  return first;
};

/** The beginning of the body; an answer that never ends, or breaks off, is still an answer. */
const readStart = async (body: Dispatcher.ResponseData['body'], bodyMs: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(), bodyMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bodyBytesMax) break;
    }
  } catch {
    // The status has come, and that is what counts.
  } finally {
    clearTimeout(timer);
    // Without effect after the end; before it, the connection is given up with the rest of the answer.
    body.destroy();
  }
  return Buffer.concat(chunks).subarray(0, bodyBytesMax).toString('utf8');
};

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** @throws RangeError for an allowed target that is not `host:port`. */
export const createWebhookSender = (options: SenderOptions): GuardedSender => {
  const { lookup = systemLookup, limits = sendTimeLimits } = options;
  const trusted = trustedTargets(options.allowedTargets);
  const pools = createPinnedPools(limits.connectMs);

  const closing = new AbortController();

  const post = async (target: Target, { headers, body }: SendRequest): Promise<SendResult> => {
    const signal = AbortSignal.any([AbortSignal.timeout(limits.answerMs), closing.signal]);
    signal.throwIfAborted();
    const address = await within(signal, pinnedAddress(target, lookup));
    const answer = await pools.poolFor(target, address).request({
      method: 'POST',
      path: `${target.url.pathname}${target.url.search}`,
      headers,
      body,
      signal,
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.bodyMs,
    });
    const retryAfter = headerText(answer.headers['retry-after']);
    const bodyStart = await readStart(answer.body, limits.bodyMs);
    return {
      kind: 'answered',
      status: answer.statusCode,
      bodyStart,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  };

  return {
    checkTarget: (url) => {
      const reading = readTarget(url, trusted);
      return reading.kind === 'refused' ? reading.reason : null;
    },
    send: async (request) => {
      const reading = readTarget(request.url, trusted);
      if (reading.kind === 'refused') return { kind: 'failed', error: 'blocked' };
      try {
        return await post(reading.target, request);
      } catch (error) {
        return { kind: 'failed', error: errorOf(error) };
      }
    },
    close: () => {
      closing.abort(new Closed());
      return pools.close();
    },
  };
};
