/** A time is parsed once, at the edge: what the schema takes, every route can work with. */
import { afterAll, describe, expect, it } from 'vitest';
import { parseTime } from '../../src/http/input/formats.ts';
import { type Documented, type JsonSchema, operationsOf } from '../support/documented.ts';
import { startService } from '../support/service.ts';
import { arrange, since } from './arrange.ts';
import { bodySchemaOf, exampleOf, isObject, type Json, urlOf } from './requests.ts';

const service = await startService();
afterAll(() => service.close());
await arrange(service, { BER: { 'TABLE-OAK-160': 100 } });
const admin = service.as('sandbox-admin');
const { document } = service;

/** What was sent, and the time that it is; `null`: no time at all. */
const times: readonly (readonly [string, string | null])[] = [
  ['2026-11-24T09:30:00Z', '2026-11-24T09:30:00.000Z'],
  ['2026-11-24t09:30:00.5z', '2026-11-24T09:30:00.500Z'],
  ['2026-11-24 09:30:00Z', '2026-11-24T09:30:00.000Z'],
  ['2026-11-24T09:30:00.123456789Z', '2026-11-24T09:30:00.123Z'],
  ['2026-11-24T09:30:00+01', '2026-11-24T08:30:00.000Z'],
  ['2026-11-24T09:30:00+0130', '2026-11-24T08:00:00.000Z'],
  ['2026-11-24T09:30:00-05:00', '2026-11-24T14:30:00.000Z'],
  ['2026-11-24T09:30:00-00:00', '2026-11-24T09:30:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2016-12-31T18:59:60-05:00', '2017-01-01T00:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['2016-12-31T12:59:60Z', null],
  ['2016-12-31T23:59:61Z', null],
  ['2025-02-29T00:00:00Z', null],
  ['2026-11-31T00:00:00Z', null],
  ['2026-13-01T00:00:00Z', null],
  ['2026-11-24T24:00:00Z', null],
  ['2026-11-24T09:60:00Z', null],
  ['2026-11-24T09:30:00+24:00', null],
  ['2026-11-24T09:30:00', null],
  ['2026-11-24T09:30Z', null],
  ['2026-11-24', null],
  ['0000-01-01T00:00:00+12:00', null],
  ['9999-12-31T23:59:59-12:00', null],
  ['+012026-11-24T09:30:00Z', null],
  ['٢٠٢٦-11-24T09:30:00Z', null],
  ['now', null],
  ['', null],
];

const isTime = ({ format }: JsonSchema): boolean => format === 'date-time';

/** Every body of an operation, each with one of its times replaced. */
const bodiesWith = (documented: Documented, time: string): readonly Json[] => {
  const schema = bodySchemaOf(documented);
  if (schema === undefined) return [];
  const walk = (given: JsonSchema): readonly Json[] => {
    const {
      properties = {},
      anyOf,
      items,
    } = given as {
      properties?: { readonly [name: string]: JsonSchema };
      anyOf?: readonly JsonSchema[];
      items?: JsonSchema;
    };
    if (anyOf !== undefined) return anyOf.flatMap(walk);
    if (items !== undefined) return walk(items).map((item) => [item]);
    const example = exampleOf(given, document);
    if (!isObject(example)) return [];
    return Object.entries(properties).flatMap(([name, each]): readonly Json[] =>
      isTime(each) ? [{ ...example, [name]: time }] : walk(each).map((value) => ({ ...example, [name]: value })),
    );
  };
  return walk(schema);
};

const timeQueriesOf = ({ operation }: Documented): readonly string[] =>
  (operation.parameters ?? []).filter((each) => each.in === 'query' && isTime(each.schema)).map(({ name }) => name);

const timed = operationsOf(document)
  .map((documented) => ({ name: documented.operation.operationId, documented }))
  .filter(({ documented }) => bodiesWith(documented, '').length > 0 || timeQueriesOf(documented).length > 0);

describe('a time', () => {
  it.each(times)('%s is %s', (text, time) => {
    expect(parseTime(text)).toBe(time);
  });

  it('has fields in bodies, rows and queries, so that this test is about something', () => {
    expect(timed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['changeInventory', 'trackShipment', 'listAuditEvents', 'listOrders', 'getInventory']),
    );
  });
});

/** It has its filters in a body, and records nothing. */
const isSearch = ({ operation }: Documented): boolean => operation.operationId === 'searchOrders';

describe.each(timed)('$name', ({ documented }) => {
  it('takes each odd time for the time that it is, or answers 400, and never 500', async () => {
    for (const [text, time] of times) {
      for (const name of timeQueriesOf(documented)) {
        const answer = await admin.get(`${urlOf(documented)}?${name}=${encodeURIComponent(text)}`);
        expect(
          answer.status < 500 && (answer.status === 400) === (time === null),
          `${name}=${text}: ${answer.text}`,
        ).toBe(true);
      }
      for (const body of bodiesWith(documented, text)) {
        const url = isSearch(documented) ? urlOf(documented) : `${urlOf(documented)}?dryRun=true`;
        const {
          status,
          text: answer,
          body: told,
        } = await admin.request(documented.method, url, {
          body,
          headers: { 'if-match': '"0"' },
        });
        const row = status === 207 ? told.results[0] : { status, code: told.code };
        const isRefused = row.status === 400 && row.code === 'VALIDATION';
        expect(row.status < 500 && isRefused === (time === null), `${text}: ${answer}`).toBe(true);
      }
    }
  });
});

it('is recorded, and compared in a query, as the same moment in UTC, however it was written (24)', async () => {
  const now = service.clock.now();
  const written = new Date(Date.parse(now) - 5 * 3_600_000).toISOString().replace('Z', '-05:00');
  const inventory = '/v1/warehouses/BER/inventory/TABLE-OAK-160';
  const received = await admin.post(`${inventory}/receipts`, { quantity: 1, occurredAt: written });
  expect(received.status, received.text).toBeLessThan(300);
  const { body } = await admin.get(`${inventory}/history`, since(received));
  expect(body.items.at(-1)).toMatchObject({ type: 'StockReceived', occurredAt: now });
  const then = await admin.get(`${inventory}?asOf=${encodeURIComponent(written)}`, since(received));
  expect(then.body.onHand).toBe(101);
});
