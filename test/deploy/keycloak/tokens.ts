/** What is in the tokens of the realm, as the service's verifier reads them. */
import { decodeProtectedHeader } from 'jose';
import { expect, it, onTestFinished } from 'vitest';
import { authorize } from '../../../src/domain/access/authorize.ts';
import type { Principal } from '../../../src/domain/access/principal.ts';
import { createTokenVerifier } from '../../../src/infra/oidc/verifier.ts';
import { endOf, makeDirectory, removeDirectory, send, spawnService } from '../../support/process.ts';
import { openBrowser } from './browser.ts';
import { callback, everyScope, type Realm } from './realm.ts';

const passwordIsEnough = { acr_values: 'pwd' };

export const tokensOfTheRealm = (realm: () => Realm): void => {
  const verify = (token: string): Promise<Principal> =>
    createTokenVerifier({ issuer: realm().issuer, audience: 'stockledger' }).verify(token);

  it('gives a program a token in which it is its own subject, with its role and scopes', async () => {
    expect(await verify(await realm().program('shop:shop-1'))).toEqual({
      subject: 'shop',
      kind: 'client',
      client: 'shop',
      issuedAt: expect.any(Number),
      roles: ['service'],
      scopes: ['inventory:read', 'orders:read', 'orders:write'],
      warehouses: [],
    });
  });

  it('says which warehouses a program is assigned to', async () => {
    const wms = await verify(await realm().program('wms:wms-1'));
    expect(wms).toMatchObject({ roles: ['warehouse_staff'], kind: 'client' });
    expect([...wms.warehouses].sort()).toEqual(['BER', 'PAR']);
    expect(authorize('adjustInventory', wms, () => 0)).toMatchObject({ kind: 'allowed' });
    expect(authorize('putWarehouse', wms, () => 0)).toMatchObject({ kind: 'role_missing' });
  });

  it('gives a program no scope beyond its own, and nothing for a wrong secret', async () => {
    await expect(realm().program('shop:shop-1', { scope: 'admin' })).rejects.toThrow('invalid_scope');
    await expect(realm().program(`shop:\${SHOP_CLIENT_SECRET}`)).rejects.toThrow('unauthorized_client');
  });

  it('gives a person a token with role, warehouses, and how they signed in, and no scope beyond the role', async () => {
    const stan = await realm().hire('stan', ['warehouse_staff'], { warehouses: ['BER'] });
    const scope = 'inventory:write audit:read admin';
    const { asked, access } = await realm().signIn(stan, { scope, parameters: passwordIsEnough });
    expect(asked).toEqual(['password']);
    const principal = await verify(access);
    expect(principal).toMatchObject({
      kind: 'person',
      client: 'console',
      roles: ['warehouse_staff'],
      scopes: ['inventory:write'],
      warehouses: ['BER'],
      acr: 'pwd',
      amr: ['pwd'],
    });
    expect(principal.authTime).toBeGreaterThan(1_700_000_000);
  });

  it('refuses a person without PKCE', async () => {
    const asking = new URLSearchParams({ client_id: 'console', response_type: 'code', redirect_uri: callback });
    const { url } = await openBrowser(callback).load(
      `${realm().issuer}/protocol/openid-connect/auth?${asking.toString()}`,
    );
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request');
  });

  it.each([
    ['admin', everyScope.split(' '), passwordIsEnough, 'pwd'],
    ['auditor', ['inventory:read', 'orders:read', 'audit:read', 'audit:export'], passwordIsEnough, 'pwd'],
    ['customer_service', ['inventory:read', 'orders:read'], {}, 'mfa'],
  ] as const)('asks %s for a second factor', async (role, scopes, parameters, acr) => {
    const person = await realm().hire(`${role}-1`, [role]);
    const first = await realm().signIn(person, { parameters });
    expect(first.asked).toEqual(['password', 'telephone enrolment']);
    // On another machine, where nothing is remembered.
    const second = await realm().signIn(person, { parameters });
    expect(second.asked).toEqual(['password', 'code']);
    for (const { access } of [first, second]) {
      const principal = await verify(access);
      expect(principal).toMatchObject({ roles: [role], acr });
      expect([...principal.scopes].sort()).toEqual([...scopes].sort());
    }
    expect((await verify(second.access)).amr).toEqual(expect.arrayContaining(['pwd', 'otp']));
  });

  it('asks once who is both an administrator and an auditor', async () => {
    const both = await realm().hire('both', ['admin', 'auditor']);
    for (const parameters of [passwordIsEnough, {}]) {
      const { asked } = await realm().signIn(both, { parameters });
      expect(asked).toEqual(['password', parameters === passwordIsEnough ? 'telephone enrolment' : 'code']);
    }
  });

  it('gives nobody a token for a wrong code', async () => {
    const person = await realm().hire('mallory', ['auditor']);
    await realm().signIn(person);
    person.telephone = { code: () => '000000' };
    await expect(realm().signIn(person)).rejects.toThrow(
      /^After password, code Keycloak says: .*Invalid authenticator code/,
    );
  });

  it('does not let an administrator delete after password and code alone', async () => {
    const ada = await verify((await realm().signIn(await realm().hire('ada', ['admin']))).access);
    const nowSeconds = (ada.authTime ?? 0) + 1;
    expect(authorize('adjustInventory', ada, () => nowSeconds)).toMatchObject({ kind: 'allowed' });
    expect(authorize('retireInventory', ada, () => nowSeconds)).toMatchObject({
      kind: 'step_up',
      acrValues: ['phr', 'phrh'],
    });
  });

  it('open the service as docs/identity.md starts it', async () => {
    const dataDir = await makeDirectory();
    const env = { NODE_ENV: 'production', OIDC_ISSUER: realm().issuer };
    const { child, port, output } = await spawnService({ dataDir, env });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await endOf(child);
      await removeDirectory(dataDir);
    });
    const origin = `http://127.0.0.1:${port}`;
    const isReady = () =>
      fetch(`${origin}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(isReady, { message: output() }).toBe(true);
    const shop = await realm().program('shop:shop-1');
    expect((await send(origin, shop, { method: 'GET', path: '/v1/warehouses' })).status).toBe(200);
    expect((await send(origin, `${shop}x`, { method: 'GET', path: '/v1/warehouses' })).status).toBe(401);
  });

  it('are of no other type than the one of RFC 9068', async () => {
    expect(decodeProtectedHeader(await realm().program('erp:erp-1'))).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
  });
};
