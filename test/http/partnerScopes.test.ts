/** What a partner's endpoints hear of after the partner has lost a warehouse (R23, S3). */
import { expect, it } from 'vitest';
import { allScopes, type Claims, openService, startMs, steppedUp } from '../support/service.ts';
import { arrange, since } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const partner = (warehouses: readonly string[]): Claims => ({
  sub: 'a',
  client_id: 'app',
  partnerId: 'partner-1',
  roles: ['partner'],
  scope: allScopes,
  ...steppedUp(startMs),
  warehouses,
});
const subscription = { url: 'https://a.example/', eventTypes: ['stock.changed'] };

const open = async () => {
  const service = await openService();
  await arrange(service, { BER: { [sku]: 1 }, PAR: { [sku]: 1 } });
  const made = await service.as(partner(['BER', 'PAR'])).post('/v1/webhook-endpoints', subscription);
  expect(made.body.scope).toEqual(['BER', 'PAR']);
  const path = `/v1/webhook-endpoints/${made.body.endpointId}`;
  const scopeNow = async () => (await service.as('sandbox-admin').get(path, since(made))).body.scope;
  const receive = (warehouseId: string) =>
    service.as('sandbox-admin').post(`/v1/warehouses/${warehouseId}/inventory/${sku}/receipts`, { quantity: 1 });
  const heard = () => service.sender.sent.map(({ body }) => JSON.parse(body).data.warehouseId);
  const rows = async () => (await service.as('sandbox-admin').get(`${path}/deliveries`)).body.items;
  return { service, scopeNow, receive, heard, rows };
};

it('a partner that lost a warehouse hears of it no more, from its next token on (13)', async () => {
  const { service, scopeNow, receive, heard } = await open();
  await receive('PAR');
  await expect.poll(heard).toEqual(['PAR']);
  service.clock.pass(2_000);
  // Any route will do: the token says it.
  await service.as(partner(['BER'])).get('/v1/items');
  await expect.poll(scopeNow).toEqual(['BER']);
  await receive('PAR');
  await receive('BER');
  await expect.poll(heard).toEqual(['PAR', 'BER']);
});

it('what was under way to a partner when it lost the warehouse is dropped, and says why (13)', async () => {
  const { service, scopeNow, receive, heard, rows } = await open();
  service.sender.answer = { kind: 'answered', status: 500, bodyStart: '' };
  await receive('PAR');
  await expect.poll(heard).toEqual(['PAR']);
  service.clock.pass(2_000);
  await service.as(partner(['BER'])).get('/v1/items');
  await expect.poll(scopeNow).toEqual(['BER']);
  service.sender.answer = { kind: 'answered', status: 200, bodyStart: '' };
  service.clock.pass(3_600_000);
  await expect.poll(rows).toMatchObject([{ status: 'dropped', reason: 'out_of_scope', sequence: 1 }]);
  expect(heard()).toEqual(['PAR']);
});

it('a scope is not widened by a token, nor narrowed by one from before (13)', async () => {
  const { service, scopeNow, receive, heard } = await open();
  await service.as(partner([])).get('/v1/items');
  service.clock.pass(2_000);
  await service.as(partner(['BER', 'PAR', 'MAD'])).get('/v1/items');
  await receive('PAR');
  await expect.poll(heard).toEqual(['PAR']);
  expect(await scopeNow()).toEqual(['BER', 'PAR']);
});
