/** The contract only grows (R14.3, docs/versions.md): what was promised is held against what the code says now. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breakingChanges, type Contract } from '../../scripts/contractChanges.ts';

const read = (name: string): Contract =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')) as Contract;
const now = read('openapi.json');
const was = read('promised.json');

type Mutable = { [name: string]: Mutable };
/** The document with one thing changed. `at` names members from the root on. */
const changed = (at: readonly string[], change: (holder: Mutable, name: string) => void): Contract => {
  const copy = structuredClone(now) as never as Mutable;
  let holder = copy;
  for (const name of at.slice(0, -1)) holder = holder[name] as Mutable;
  const last = at.at(-1) ?? '';
  const before = JSON.stringify(holder[last]);
  change(holder, last);
  expect(JSON.stringify(holder[last]), at.join('/')).not.toBe(before);
  return copy as never;
};
const set =
  (value: unknown) =>
  (holder: Mutable, name: string): void => {
    holder[name] = value as Mutable;
  };
const remove = (holder: Mutable, name: string): void => {
  Reflect.deleteProperty(holder, name);
};

const place = ['paths', '/v1/orders', 'post'];
const orderBody = [...place, 'requestBody', 'content', 'application/json', 'schema'];
const listItems = ['paths', '/v1/items', 'get'];

describe('the contract', () => {
  it('still has all that was promised', () => {
    expect(Object.keys(was.paths).length).toBeGreaterThan(30);
    expect(breakingChanges(was, now)).toEqual([]);
  });

  const breaks: readonly (readonly [string, Contract, string])[] = [
    ['an operation that is gone', changed(listItems, remove), 'GET /v1/items: is gone'],
    ['another operationId', changed([...listItems, 'operationId'], set('items')), 'operationId became items'],
    ['a parameter that is gone', changed([...listItems, 'parameters'], set([])), 'query limit: is gone'],
    [
      'a scope that is no longer enough',
      changed([...listItems, 'security'], set([{ oauth: ['admin'] }])),
      'inventory:read',
    ],
    [
      'a field that is taken no more',
      changed([...orderBody, 'properties', 'orderNumber'], remove),
      '/orderNumber: is gone',
    ],
    [
      'a field that must be there',
      changed([...orderBody, 'required'], set(['customer', 'shipTo', 'lines', 'orderId'])),
      '/orderId: must be there now',
    ],
    [
      'a shorter text',
      changed([...orderBody, 'properties', 'orderNumber', 'maxLength'], set(10)),
      'maxLength is narrower',
    ],
    [
      'another type',
      changed([...orderBody, 'properties', 'orderNumber', 'type'], set('integer')),
      'type string became integer',
    ],
    [
      'a format that was not asked for',
      changed([...orderBody, 'properties', 'customer', 'properties', 'name', 'format'], set('printable')),
      'format is narrower',
    ],
    ['an answer that is given no more', changed([...place, 'responses', '201'], remove), '201: is answered no more'],
    [
      'a field that is told no more',
      changed(['components', 'schemas', 'Availability', 'properties', 'available'], remove),
      '/available: is gone',
    ],
    [
      'a field that need not be told',
      changed(['components', 'schemas', 'Availability', 'required'], set(['sku'])),
      'need not be there any more',
    ],
  ];
  it.each(breaks)('would be broken by %s', (_what, after, finding) => {
    expect(breakingChanges(now, after).join('\n')).toContain(finding);
  });

  const growth: readonly (readonly [string, Contract])[] = [
    ['a new operation', changed(['paths', '/v1/news'], set({ get: { operationId: 'news', responses: {} } }))],
    ['a new optional field of a request', changed([...orderBody, 'properties', 'gift'], set({ type: 'boolean' }))],
    [
      'a new field of an answer',
      changed(['components', 'schemas', 'Availability', 'properties', 'more'], set({ type: 'integer' })),
    ],
    ['a wider bound', changed([...orderBody, 'properties', 'orderNumber', 'maxLength'], set(200))],
    ['another description', changed([...listItems, 'summary'], set('All of them'))],
  ];
  it.each(growth)('is not broken by %s', (_what, after) => {
    expect(breakingChanges(now, after)).toEqual([]);
  });

  it('lets go of an operation whose end was announced', () => {
    const announced = changed([...listItems, 'deprecated'], set(true));
    expect(breakingChanges(announced, changed(listItems, remove))).toEqual([]);
  });
});
