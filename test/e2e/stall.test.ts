/** The small size of `npm run stall`: the same requests on a log of 20,000 events. Times are the business of the large one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLedger } from '../../bench/stall/build.ts';
import { type Measured, runStall } from '../../bench/stall/run.ts';

const events = 20_000;
/** The old part of the heap and the young one, as `npm start` gives them. */
const heapMaxBytes = (192 + 3 * 8) * 1_024 * 1_024;
/** Said in the document of the API: not this role, not there, not this filter, not so large, not now. */
const documented = [200, 201, 202, 207, 304, 400, 403, 404, 409, 412, 413, 414, 422, 429, 431, 503];

let dataDir: string;
let measured: readonly Measured[];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stockledger-stall-'));
  const orders = await buildLedger(dataDir, events, () => undefined);
  measured = await runStall({
    dataDir,
    events,
    orders,
    lookMs: 500,
    only: /^(GET (listOrders|listInventory|listAuditEvents|getInventory)|\d+ |bulk|hostile|the largest bodies)/,
    heldMaxMs: Number.POSITIVE_INFINITY,
    tell: () => undefined,
  });
}, 600_000);
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe('the largest requests that the limits allow', () => {
  it('are all answered, with what the API says (11, 12)', () => {
    expect(measured.length).toBeGreaterThanOrEqual(10);
    for (const { kind, sent, answers } of measured) {
      const odd = [...answers.keys()].filter((status) => !documented.includes(status));
      expect({ kind, odd }).toEqual({ kind, odd: [] });
      expect([...answers.values()].reduce((sum, count) => sum + count, 0)).toBe(sent);
    }
  });

  it('stay within the heap of npm start, 150 orders of 2,000 lines at once included (11)', () => {
    for (const { kind, heapBytes } of measured) expect(heapBytes, kind).toBeLessThan(heapMaxBytes);
  });
});
