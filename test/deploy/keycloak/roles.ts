/** Each role of the realm against the service: what opens, and what stays closed. */
import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import realmFile from '../../../deploy/keycloak/stockledger-realm.json' with { type: 'json' };
import { line, orderOf, warehouse } from '../../http/arrange.ts';
import type { Client } from '../../support/service.ts';
import type { Realm } from './realm.ts';
import { openServiceOf, stock } from './service.ts';

const sku = 'OAK';
const { scopeMappings } = realmFile;

const requests = [
  (client: Client) => client.get(`/v1/warehouses/BER/inventory/${sku}`),
  (client: Client) => client.get(`/v1/warehouses/MAD/inventory/${sku}`),
  (client: Client) => client.post(`/v1/warehouses/BER/inventory/${sku}/receipts?dryRun=true`, { quantity: 1 }),
  (client: Client) => client.put('/v1/warehouses/BER?dryRun=true', warehouse('BER')),
  (client: Client) => client.get('/v1/orders'),
  (client: Client) => client.post('/v1/orders?dryRun=true', orderOf([line(sku, 1)])),
  (client: Client) => client.get('/v1/webhook-endpoints'),
  (client: Client) => client.get('/v1/audit/events'),
] as const;

/** Of the requests above, in their order: read here and in a far warehouse, receive, plan, orders, place, webhooks, audit. */
const opened = {
  admin: [200, 200, 200, 200, 200, 200, 200, 200],
  warehouse_staff: [200, 404, 200, 403, 200, 403, 403, 403],
  customer_service: [200, 200, 403, 403, 200, 403, 403, 403],
  auditor: [200, 200, 403, 403, 200, 403, 403, 200],
  partner: [200, 404, 200, 403, 200, 403, 200, 403],
  customer: [403, 403, 403, 403, 200, 200, 403, 403],
};
const attributes: { readonly [role: string]: Readonly<Record<string, readonly string[]>> } = {
  warehouse_staff: { warehouses: ['BER'] },
  partner: { warehouses: ['BER'], partnerId: ['partner-1'] },
  customer: { customerId: ['customer-1'] },
};
/** Programs have the scopes of their client, whatever they ask for. */
const openedToPrograms = {
  'shop:shop-1': [200, 200, 403, 403, 200, 200, 403, 403],
  'erp:erp-1': [200, 200, 200, 200, 200, 403, 200, 403],
  'wms:wms-1': [200, 404, 200, 403, 200, 403, 403, 403],
};

/** By the file of the realm. */
const scopesOf = (role: string): readonly string[] =>
  scopeMappings.filter(({ roles }) => roles.includes(role)).map(({ clientScope }) => clientScope);

const scopesIn = (token: string): readonly string[] => {
  const given = decodeJwt<{ scope: string }>(token).scope.split(' ');
  return scopeMappings.map(({ clientScope }) => clientScope).filter((scope) => given.includes(scope));
};

export const rolesOfTheRealm = (realm: () => Realm): void => {
  it.each(Object.entries(opened))(
    'open to %s what the policy table says, with every scope asked for',
    async (role, wanted) => {
      const service = await openServiceOf(realm());
      await stock(service, realm(), sku, 5);
      const person = await realm().hire(`the-${role.replace('_', '-')}`, [role], attributes[role]);
      const { access } = await realm().signIn(person);
      expect(scopesIn(access)).toEqual(scopesOf(role));
      const client = service.bearing(access);
      const statuses = [];
      for (const send of requests) statuses.push((await send(client)).status);
      expect(statuses).toEqual(wanted);
    },
  );

  it.each(Object.entries(openedToPrograms))('open to the program %s what its scopes say', async (program, wanted) => {
    const service = await openServiceOf(realm());
    await stock(service, realm(), sku, 5);
    const client = service.bearing(await realm().program(program));
    const statuses = [];
    for (const send of requests) statuses.push((await send(client)).status);
    expect(statuses).toEqual(wanted);
  });

  it('open nothing to a person who has none', async () => {
    const service = await openServiceOf(realm());
    const { access } = await realm().signIn(await realm().hire('nobody', []));
    expect((await service.bearing(access).get('/v1/warehouses')).status).toBe(403);
  });

  it('open nothing to a client as Keycloak makes it by itself: its tokens are of another type', async () => {
    const service = await openServiceOf(realm());
    const plain = { clientId: 'plain', secret: 'plain-1', serviceAccountsEnabled: true, publicClient: false };
    await realm().administer('POST', '/clients', plain);
    const { status, body } = await service.bearing(await realm().program('plain:plain-1')).get('/v1/warehouses');
    expect({ status, code: body.code, detail: body.detail }).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: expect.stringContaining('typ'),
    });
  });
};
