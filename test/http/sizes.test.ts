/** Bodies that once ended the process, how much is read of one, and many of them at the same time. */
import { afterAll, describe, expect, it } from 'vitest';
import { createConcurrencyLimit } from '../../src/http/limits.ts';
import { operationsOf } from '../support/documented.ts';
import { openService, startService } from '../support/service.ts';
import { arrange, line, orderOf } from './arrange.ts';
import { bodySchemaOf, urlOf } from './requests.ts';

const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');
await arrange(service, { BER: { 'TABLE-OAK-160': 100 } });

const withBody = operationsOf(service.document)
  .filter((documented) => bodySchemaOf(documented) !== undefined)
  .map((documented) => ({ name: documented.operation.operationId, documented }));

/** What these tests are about took many seconds of the processor, or the process with it. */
const workMaxMs = 3_000;

/** Of the processor, so that a busy machine does not count: nothing of it is a pause. */
const workOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** Every size of every value is the business of `test/security/sizes.test.ts`. */
describe.each(withBody)('$name', ({ documented }) => {
  it('reads no more than its schema can take: 413 for one byte more than half a megabyte', async () => {
    const bytesMax = documented.operation.operationId === 'changeInventory' ? 2 * 1_024 * 1_024 : 512 * 1_024;
    const body = `"${'a'.repeat(bytesMax)}"`;
    const answer = await admin.request(documented.method, `${urlOf(documented)}?dryRun=true`, { body });
    expect(answer.status).toBe(413);
  });
});

describe('a body that once ended the process', () => {
  it('of 174,000 empty lines is refused by its length alone', async () => {
    const text = `{"lines":[${'{},'.repeat(173_000)}{}]}`;
    const workMs = await workOf(async () => {
      const answer = await admin.post('/v1/orders', text);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toHaveLength(1);
    });
    expect(workMs).toBeLessThan(workMaxMs);
  });

  it('of bulk rows full of unknown fields is answered row by row, with one fault each', async () => {
    const unknown = Array.from({ length: 350 }, (_, at) => `"u${at}":1`).join(',');
    const row = `{"kind":"receipt",${unknown}}`;
    const text = `{"changes":[${Array.from({ length: 500 }, () => row).join(',')}]}`;
    const workMs = await workOf(async () => {
      const answer = await admin.post('/v1/inventory/changes', text);
      expect(answer.status).toBe(207);
      expect(new Set(answer.body.results.map(({ code }: { code: string }) => code))).toEqual(new Set(['VALIDATION']));
    });
    expect(workMs).toBeLessThan(workMaxMs);
  });

  it('of 40,000 event types is refused before any of them is compared', async () => {
    const eventTypes = Array.from({ length: 40_000 }, (_, at) => at);
    const workMs = await workOf(async () => {
      const answer = await admin.post('/v1/webhook-endpoints', { url: 'https://partner.example/', eventTypes });
      expect([400, 413]).toContain(answer.status);
    });
    expect(workMs).toBeLessThan(workMaxMs);
  });
});

describe('a small body that is wrong in several places', () => {
  it('is told all of them at once', async () => {
    const { body } = await admin.post(
      '/v1/orders',
      orderOf([line('TABLE-OAK-160', 0)], { sourcing: 'x', notAField: 1 }),
    );
    const pointers = body.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/notAField', '/lines/0/quantity', '/sourcing']));
  });
});

describe('bodies at the same time', () => {
  const large = JSON.stringify(orderOf(Array.from({ length: 2_000 }, () => line('A'.repeat(64), 1))));

  it('are worked on up to a weight for each caller; the rest is told to come later, and nothing stays counted', async () => {
    const other = await openService();
    const shop = other.as('sandbox-admin');
    const send = () => Promise.all(Array.from({ length: 60 }, () => shop.post('/v1/orders?dryRun=true', large)));
    for (let round = 0; round < 2; round += 1) {
      const answers = await send();
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(answers.length);
      for (const { body, headers } of refused) {
        expect(body.code).toBe('TOO_MUCH_AT_ONCE');
        expect(headers['retry-after']).toBe('1');
      }
    }
    expect((await shop.post('/v1/orders?dryRun=true', large)).status).not.toBe(429);
  });

  it('are counted for each caller, and for all together', () => {
    const shares = createConcurrencyLimit({ what: 'bytes', total: 10, perCaller: 6 });
    const first = shares.take('a', 5);
    expect(() => shares.take('a', 2)).toThrow('One caller may have 6 bytes');
    const second = shares.take('b', 5);
    expect(() => shares.take('c', 1)).toThrow('All callers together may have 10 bytes');
    first.release();
    first.release();
    expect(shares.inUse()).toBe(5);
    shares.take('c', 5).release();
    second.release();
    expect(shares.inUse()).toBe(0);
    // What weighs more than all there is gets its turn when nothing else is under way.
    expect(() => shares.take('a', 11)).not.toThrow();
  });
});
