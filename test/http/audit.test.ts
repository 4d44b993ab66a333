/** History for auditors: every event once, in order, found by what it is about, with the hash that proves it (R13). */
import { describe, expect, it } from 'vitest';
import { merkleLeaf } from '../../src/audit/merkleLeaf.ts';
import { type Answer, openService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const path = '/v1/audit/events';
const correlationId = '0f6f1d3c-1f5b-4a59-9a35-0f6f6d0b7a55';

const openHistory = async () => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: 10 } });
  const staff = service.as('sandbox-staff');
  service.clock.pass(60_000);
  const adjusted = await staff.post(
    `/v1/warehouses/BER/inventory/${sku}/adjustments`,
    { delta: 1, reason: 'found', note: 'Ada found it' },
    { 'correlation-id': correlationId },
  );
  await placeOrder(service.as('sandbox-shop'), [line(sku, 1)]);
  await service.settled();
  const auditor = service.as('sandbox-auditor');
  const typesOf = async (query: string): Promise<readonly string[]> =>
    (await auditor.get(`${path}?${query}`)).body.items.map(({ type }: { type: string }) => type);
  return { service, auditor, adjusted, typesOf };
};

describe('the history', () => {
  it('has every event once and in order, page by page, with the hash of what is stored', async () => {
    const { service, auditor } = await openHistory();
    const seen: { id: string; leafHash: string }[] = [];
    let next: string | undefined = `${path}?limit=2`;
    while (next !== undefined) {
      const page: Answer = await auditor.get(next);
      seen.push(...page.body.items);
      next = /<([^>]+)>; rel="next"/.exec(page.headers.link ?? '')?.[1];
    }
    const log = await service.adapters.events.readAll(null, 'forwards', 100);
    expect(seen.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
    expect(seen.map(({ leafHash }) => leafHash)).toEqual(log.map((event) => merkleLeaf(event)));
    expect(new Set(seen.map(({ leafHash }) => leafHash)).size).toBe(log.length);
  });

  it('is found by stream, type, actor, chain of requests and time', async () => {
    const { typesOf, service } = await openHistory();
    expect(await typesOf(`stream=stock-BER.${sku}`)).toEqual(['StockRegistered', 'StockAdjusted', 'StockReserved']);
    expect(await typesOf('type=StockAdjusted')).toEqual(['StockAdjusted']);
    expect(await typesOf('actor=sandbox-staff')).toEqual(['StockAdjusted']);
    expect(await typesOf(`correlationId=${correlationId}`)).toEqual(['StockAdjusted']);
    expect(await typesOf(`to=${service.clock.now()}`)).toEqual(['WarehouseDefined', 'StockRegistered']);
    expect(await typesOf(`from=${service.clock.now()}&stream=stock-BER.${sku}`)).toEqual([
      'StockAdjusted',
      'StockReserved',
    ]);
    expect(await typesOf('actor=nobody')).toEqual([]);
  });

  it('tells who did it by which client, what they noted, and no customer', async () => {
    const { auditor } = await openHistory();
    const { body } = await auditor.get(`${path}?type=StockAdjusted`);
    expect(body.items[0]).toMatchObject({
      actor: { subject: 'sandbox-staff', client: 'sandbox-staff', kind: 'client' },
      correlationId,
      data: { delta: 1, reason: 'found' },
    });
    expect(body.items[0].note).toBe('Ada found it');
    expect((await auditor.get(path)).text).not.toMatch(/Canary|canary/);
  });

  it("keeps an order's chain together: what the policies did is told with what caused it", async () => {
    const { auditor } = await openHistory();
    const { items } = (await auditor.get(`${path}?type=OrderPlaced`)).body;
    const chain = await auditor.get(`${path}?correlationId=${items[0].correlationId}`);
    expect(chain.body.items.map(({ type }: { type: string }) => type)).toEqual([
      'OrderPlaced',
      'StockReserved',
      'OrderAllocated',
    ]);
  });
});
