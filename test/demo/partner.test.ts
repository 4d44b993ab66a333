import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Partner, startPartner, verifyWebhook } from '../../demo/partner.ts';

const secret = `whsec_${Buffer.from('a secret of 24 or more bytes').toString('base64')}`;
const at = new Date('2024-03-01T09:00:00Z');
const body = '{"type":"order.placed"}';

/** Signed by the standard's own library. */
const signed = (id = 'msg_1', time = at, key = secret) => ({
  'webhook-id': id,
  'webhook-timestamp': String(time.getTime() / 1000),
  'webhook-signature': new Webhook(key).sign(id, time, body),
});

describe('a webhook (Standard Webhooks)', () => {
  const verify = (headers: { [name: string]: string }, text = body, now = at.getTime()) =>
    verifyWebhook(secret, headers, Buffer.from(text), now);

  it('is believed when its signature is right', () => {
    expect(verify(signed())).toBe(true);
  });

  it('is believed when one of several signatures is right, as while a secret is changed', () => {
    const headers = signed();
    expect(verify({ ...headers, 'webhook-signature': `v1,AAAA v2,x ${headers['webhook-signature']}` })).toBe(true);
  });

  it.each([
    ['another body', signed(), '{}', 0],
    ['another id', { ...signed(), 'webhook-id': 'msg_2' }, body, 0],
    ['another secret', signed('msg_1', at, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), body, 0],
    ['no signature', { ...signed(), 'webhook-signature': '' }, body, 0],
    ['no id', { ...signed(), 'webhook-id': '' }, body, 0],
    ['a time that is no number', { ...signed(), 'webhook-timestamp': 'now' }, body, 0],
    ['a time long ago', signed(), body, 301_000],
    ['a time far ahead', signed(), body, -301_000],
  ])('is not believed with %s', (_, headers, text, laterMs) => {
    expect(verify(headers, text, at.getTime() + laterMs)).toBe(false);
  });
});

describe('the partner', () => {
  let partner: Partner;
  beforeEach(async () => {
    partner = await startPartner();
  });
  afterEach(() => partner.close());

  const deliver = async (headers: { [name: string]: string }): Promise<number> =>
    (await fetch(partner.url, { method: 'POST', headers, body })).status;

  it('counts each message once, however often it comes', async () => {
    partner.trust(secret);
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    for (const id of ['a', 'a', 'b']) expect(await deliver(signed(id, now))).toBe(204);
    expect(partner.figures()).toEqual({
      requests: 3,
      delivered: 2,
      verified: 2,
      refused: 0,
      byType: new Map([['order.placed', 2]]),
    });
  });

  it('refuses what it can not verify, and counts it', async () => {
    partner.trust(secret);
    expect(await deliver(signed('a', at))).toBe(401);
    expect(partner.figures()).toMatchObject({ requests: 1, delivered: 1, verified: 0, refused: 1 });
  });

  it('asks to be tried again while it does not know the secret', async () => {
    expect(await deliver(signed('a'))).toBe(503);
    expect(partner.figures()).toMatchObject({ requests: 0, delivered: 0 });
  });
});
