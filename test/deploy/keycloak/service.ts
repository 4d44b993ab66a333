/** The service with the realm for its issuer, and callers with its tokens. */
import { expect } from 'vitest';
import { createTokenVerifier } from '../../../src/infra/oidc/verifier.ts';
import { createSystemClock } from '../../../src/infra/system.ts';
import { warehouse } from '../../http/arrange.ts';
import { type Client, openService, type TestService } from '../../support/service.ts';
import type { Realm } from './realm.ts';

export interface ServiceOfRealm extends TestService {
  /** A client that sends this token with each request. */
  bearing(token: string): Client;
}

/** One that keeps to the clock of this process, as the issuer does to that of the machine. A test may turn it. */
export const openServiceOf = async ({ issuer }: Realm): Promise<ServiceOfRealm> => {
  // Read anew each time: a clock that is turned is another `Date`.
  const nowMs = (): number => Date.now();
  const service = await openService({
    adapt: () => ({
      sandbox: null,
      clock: createSystemClock({ wallMs: nowMs }),
      verifier: createTokenVerifier({ issuer, audience: 'stockledger', nowMs }),
    }),
  });
  return {
    ...service,
    bearing: (token) => {
      const { request } = service.as(null);
      const ask: Client['request'] = (method, url, { headers, ...sent } = {}) =>
        request(method, url, { ...sent, headers: { authorization: `Bearer ${token}`, ...headers } });
      return {
        request: ask,
        get: (url, headers = {}) => ask('GET', url, { headers }),
        post: (url, body, headers = {}) => ask('POST', url, { body, headers }),
        put: (url, body, headers = {}) => ask('PUT', url, { body, headers }),
        patch: (url, body, headers = {}) => ask('PATCH', url, { body, headers }),
        del: (url, headers = {}) => ask('DELETE', url, { headers }),
      };
    },
  };
};

/** Warehouses with a stock each, kept by the realm's own ERP. */
export const stock = async (service: ServiceOfRealm, realm: Realm, sku: string, onHand: number): Promise<void> => {
  const erp = service.bearing(await realm.program('erp:erp-1'));
  for (const warehouseId of ['BER', 'MAD']) {
    expect((await erp.put(`/v1/warehouses/${warehouseId}`, warehouse(warehouseId))).status).toBe(200);
    expect((await erp.post(`/v1/warehouses/${warehouseId}/inventory`, { sku, onHand })).status).toBe(201);
  }
  await service.settled();
};
