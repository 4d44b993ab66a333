/** Hostile sizes: each route with the largest it takes and with one more, and the bodies that once ended the process. */
import { afterAll, describe, expect, it } from 'vitest';
import { createConcurrencyLimit } from '../../src/http/limits.ts';
import { type Documented, type JsonSchema, operationsOf } from '../support/documented.ts';
import { openService, startService } from '../support/service.ts';
import { arrange, line, orderOf } from './arrange.ts';
import { bodySchemaOf, exampleOf, type Json, urlOf } from './requests.ts';

const service = await startService();
afterAll(() => service.close());
const { document } = service;
const admin = service.as('sandbox-admin');
await arrange(service, { BER: { 'TABLE-OAK-160': 100 } });

const operations = operationsOf(document).map((documented) => ({ name: documented.operation.operationId, documented }));
const withBody = operations.filter(({ documented }) => bodySchemaOf(documented) !== undefined);

/** What these tests are about took many seconds of the processor, or the process with it. */
const workMaxMs = 3_000;

/** Of the processor, so that a busy machine does not count: nothing of it is a pause. */
const workOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const ask = (documented: Documented, body: unknown, url = urlOf(documented)) =>
  admin.request(documented.method, `${url}?dryRun=true`, {
    body,
    headers: documented.operation.responses[428] === undefined ? {} : { 'if-match': '"0"' },
  });

const propertiesOf = (schema: JsonSchema) =>
  Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema });

/** Ids of warehouses differ where a list takes each of them once. */
const warehousePattern = document.paths['/v1/warehouses/{warehouseId}']?.get?.parameters?.[0]?.schema.pattern;

const largestText = (schema: JsonSchema, index: number): Json => {
  if (schema.pattern === warehousePattern) return `W${index}`;
  const isFree = [schema.pattern, schema.format, schema.enum].every((rule) => rule === undefined);
  return isFree ? 'a'.repeat(Number(schema.maxLength)) : exampleOf(schema, document);
};

const largestList = ({ items, maxItems }: JsonSchema): Json => {
  const known = (items as JsonSchema).enum as readonly Json[] | undefined;
  return known ?? Array.from({ length: Number(maxItems) }, (_, at) => largestOf(items as JsonSchema, at));
};

/** As long as the schema lets it be; `index` makes items differ that must. */
const largestOf = (schema: JsonSchema, index = 0): Json => {
  const [variant] = (schema.anyOf ?? []) as readonly JsonSchema[];
  if (variant !== undefined) return largestOf(variant);
  if (schema.type === 'array') return largestList(schema);
  if (schema.type === 'string') return largestText(schema, index);
  return schema.type === 'object' && schema.properties !== undefined
    ? Object.fromEntries(propertiesOf(schema).map(([name, each]) => [name, largestOf(each)]))
    : exampleOf(schema, document);
};

/** Each list of the body with one item too many, the rest as it is in the example. */
const tooLongLists = (schema: JsonSchema, example: Json, change: (value: Json) => Json): readonly Json[] =>
  propertiesOf(schema).flatMap(([name, each]) => {
    const value = (example as { readonly [name: string]: Json })[name] ?? null;
    const put = (changed: Json): Json => change({ ...(example as object), [name]: changed });
    if (each.type === 'object') return tooLongLists(each, value, put);
    if (each.type !== 'array') return [];
    return [put(Array.from({ length: Number(each.maxItems) + 1 }, () => ({})))];
  });

describe.each(withBody)('$name', ({ documented }) => {
  const schema = bodySchemaOf(documented)!;

  it('answers to the largest body that its schema allows without a stall', async () => {
    let status = 0;
    const text = JSON.stringify(largestOf(schema));
    const workMs = await workOf(async () => {
      ({ status } = await ask(documented, text));
    });
    // 413 only where the bound in bytes is below what a client would ever write.
    expect([200, 201, 207, 400, 404, 409, 412, 413, 422]).toContain(status);
    expect(workMs).toBeLessThan(workMaxMs);
  });

  it('refuses a list of one too many by its length, without looking into it', async () => {
    for (const body of tooLongLists(schema, exampleOf(schema, document), (value) => value)) {
      const answer = await ask(documented, body);
      expect([400, 413], answer.text).toContain(answer.status);
      if (answer.status === 413) continue;
      // The first fault; in what is small there may be others.
      expect(answer.body.detail).toMatch(/must NOT have more than \d+ items/);
    }
  });

  it('reads no more than its schema can take: 413 for one byte more than half a megabyte', async () => {
    const bytesMax = documented.operation.operationId === 'changeInventory' ? 2 * 1_024 * 1_024 : 512 * 1_024;
    expect((await ask(documented, `"${'a'.repeat(bytesMax)}"`)).status).toBe(413);
  });
});

describe.each(operations)('$name, asked with texts of one character too many', ({ documented }) => {
  it('answers 400', async () => {
    for (const { name, in: place, schema } of documented.operation.parameters ?? []) {
      if (place !== 'query' || typeof schema.maxLength !== 'number') continue;
      const answer = await admin.request('GET', `${urlOf(documented)}?${name}=${'a'.repeat(schema.maxLength + 1)}`);
      expect(answer.status, name).toBe(400);
    }
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
