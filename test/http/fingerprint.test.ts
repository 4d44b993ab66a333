/** What makes two requests the same under one idempotency key (28): kept for days, so its text never changes. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/http/commands/keptAnswers.ts';

const requestOf = (body: unknown): FastifyRequest =>
  ({
    method: 'POST',
    routeOptions: { url: '/v1/warehouses/:warehouseId/inventory/:sku/adjustments' },
    params: { warehouseId: 'BER', sku: 'OAK' },
    query: {},
    body,
    headers: { 'if-match': '"7"' },
  }) as never;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const text = (body: string): string =>
  `POST {"body":${body},"ifMatch":"\\"7\\"","params":{"sku":"OAK","warehouseId":"BER"},"query":{},` +
  '"route":"/v1/warehouses/:warehouseId/inventory/:sku/adjustments"}';

describe('the fingerprint of a request', () => {
  it('is that of its text with all members in order', () => {
    const written = text('{"delta":1,"reason":"found"}');
    expect(fingerprintOf(requestOf({ delta: 1, reason: 'found' }))).toBe(digest(written));
    expect(fingerprintOf(requestOf({ reason: 'found', delta: 1 }))).toBe(digest(written));
  });

  it('orders members at every depth, and lists at none', () => {
    const written = text('{"a":[{"x":1,"y":[2,1]},{"x":2}],"b":null}');
    expect(fingerprintOf(requestOf({ a: [{ y: [2, 1], x: 1 }, { x: 2 }], b: null }))).toBe(digest(written));
    expect(fingerprintOf(requestOf({ a: [{ x: 2 }, { x: 1, y: [2, 1] }], b: null }))).not.toBe(digest(written));
  });

  it('leaves out what is not there', () => {
    expect(fingerprintOf(requestOf({ delta: 1, note: undefined }))).toBe(digest(text('{"delta":1}')));
  });
});
