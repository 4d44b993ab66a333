/**
 * A real Keycloak with the shipped realm, and our own verifier on its tokens. It is never fetched here: unpack
 * org.keycloak:keycloak-quarkus-dist of the version in deploy/keycloak/Dockerfile and name the folder in KEYCLOAK_HOME.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize } from '../../src/domain/access/policy.ts';
import type { Principal } from '../../src/domain/access/principal.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { keycloakHome, type RunningKeycloak, startKeycloak, startMaxMs } from '../support/engines/keycloak.ts';
import { fieldOf, oneTimeCode, openBrowser, type Page, pkce } from './browser.ts';

const home = keycloakHome();
const required = process.env.CI_REQUIRE?.split(',').includes('keycloak') ?? false;
const callback = 'http://localhost:8080/docs/static/oauth2-redirect.html';
const password = 'correct horse battery staple';
const secrets = { SHOP_CLIENT_SECRET: 'shop-1', ERP_CLIENT_SECRET: 'erp-1', WMS_CLIENT_SECRET: 'wms-1' };

describe.skipIf(home === undefined && !required)('Keycloak (skipped unless KEYCLOAK_HOME names a distribution)', () => {
  let started: RunningKeycloak | undefined;
  let keycloak: RunningKeycloak;

  beforeAll(async () => {
    if (home === undefined) throw new Error('CI_REQUIRE names keycloak, but KEYCLOAK_HOME names no distribution.');
    started = await startKeycloak(home, { ...secrets, CONSOLE_REDIRECT_URI: callback });
    keycloak = started;
  }, startMaxMs + 10_000);
  afterAll(() => started?.stop(), 60_000);

  const token = async (form: Readonly<Record<string, string>>, client?: string): Promise<string> => {
    const answer = await fetch(`${keycloak.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      headers: client === undefined ? {} : { authorization: `Basic ${btoa(client)}` },
      body: new URLSearchParams(form),
    });
    const { access_token, ...rest } = (await answer.json()) as { access_token?: string };
    if (access_token === undefined) throw new Error(JSON.stringify(rest));
    return access_token;
  };
  const verify = (accessToken: string): Promise<Principal> =>
    createTokenVerifier({ issuer: keycloak.issuer, audience: 'stockledger' }).verify(accessToken);
  const program = async (client: string, more = {}): Promise<Principal> =>
    verify(await token({ grant_type: 'client_credentials', ...more }, client));

  /** A person with a role, and the attributes that go with it. */
  const hire = async (username: string, role: string, attributes: Record<string, string[]> = {}): Promise<void> => {
    const names = { firstName: 'Some', lastName: 'Body', email: `${username}@example.invalid` };
    const credentials = [{ type: 'password', value: password, temporary: false }];
    await keycloak.administer('POST', '/users', { username, enabled: true, ...names, attributes, credentials });
    const [user] = (await keycloak.administer('GET', `/users?username=${username}&exact=true`)) as [{ id: string }];
    const granted = await keycloak.administer('GET', `/roles/${role}`);
    await keycloak.administer('POST', `/users/${user.id}/role-mappings/realm`, [granted as object]);
  };

  /** Opens the sign-in page and gives name and password. What comes next is told by the page. */
  const signIn = async (username: string, scope: string, more: Readonly<Record<string, string>> = {}) => {
    const browser = openBrowser(callback);
    const proof = pkce();
    const asked = new URLSearchParams({
      client_id: 'console',
      response_type: 'code',
      redirect_uri: callback,
      scope: `openid ${scope}`,
      code_challenge: proof.challenge,
      code_challenge_method: 'S256',
      ...more,
    });
    const form = await browser.load(`${keycloak.issuer}/protocol/openid-connect/auth?${asked.toString()}`);
    const page = await browser.submit(form, { username, password });
    const redeem = async ({ url }: Page): Promise<Principal> => {
      const code = new URL(url).searchParams.get('code') ?? '';
      const form = { grant_type: 'authorization_code', client_id: 'console', code, redirect_uri: callback };
      return verify(await token({ ...form, code_verifier: proof.verifier }));
    };
    return { page, browser, redeem };
  };

  it('gives a program a token in which it is its own subject, with its role and scopes', async () => {
    expect(await program('shop:shop-1')).toEqual({
      subject: 'shop',
      kind: 'client',
      client: 'shop',
      roles: ['service'],
      scopes: ['inventory:read', 'orders:read', 'orders:write'],
      warehouses: [],
    });
  });

  it('says which warehouses a program is assigned to', async () => {
    const wms = await program('wms:wms-1');
    expect(wms).toMatchObject({ roles: ['warehouse_staff'], kind: 'client' });
    expect([...wms.warehouses].sort()).toEqual(['BER', 'PAR']);
    expect(authorize('adjustInventory', wms, () => 0)).toMatchObject({ kind: 'allowed' });
    expect(authorize('putWarehouse', wms, () => 0)).toMatchObject({ kind: 'role_missing' });
  });

  it('gives a program no scope beyond its own, and nothing for a wrong secret', async () => {
    await expect(program('shop:shop-1', { scope: 'admin' })).rejects.toThrow('invalid_scope');
    await expect(program(`shop:\${SHOP_CLIENT_SECRET}`)).rejects.toThrow('unauthorized_client');
  });

  it('gives a person a token with role, warehouses, and how they signed in, and no scope beyond the role', async () => {
    await hire('stan', 'warehouse_staff', { warehouses: ['BER'] });
    const { page, redeem } = await signIn('stan', 'inventory:write audit:read admin', { acr_values: 'pwd' });
    const stan = await redeem(page);
    expect(stan).toMatchObject({
      kind: 'person',
      client: 'console',
      roles: ['warehouse_staff'],
      scopes: ['inventory:write'],
      warehouses: ['BER'],
      acr: 'pwd',
      amr: ['pwd'],
    });
    expect(stan.authTime).toBeGreaterThan(1_700_000_000);
  });

  it('refuses a person without PKCE', async () => {
    const { load } = openBrowser(callback);
    const asked = new URLSearchParams({ client_id: 'console', response_type: 'code', redirect_uri: callback });
    const { url } = await load(`${keycloak.issuer}/protocol/openid-connect/auth?${asked.toString()}`);
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request');
  });

  it.each([
    ['admin', 'admin', { acr_values: 'pwd' }, 'pwd'],
    ['auditor', 'audit:read', { acr_values: 'pwd' }, 'pwd'],
    ['customer_service', 'orders:read', {}, 'mfa'],
  ])('asks %s for a second factor', async (role, scope, asked, acr) => {
    await hire(`${role}-1`, role);
    const { page, browser, redeem } = await signIn(`${role}-1`, scope, asked);
    expect(page.url.startsWith(callback)).toBe(false);
    const totpSecret = fieldOf(page, 'totpSecret');
    const enrolment = { totpSecret, totp: oneTimeCode(totpSecret, Date.now()), userLabel: 'telephone' };
    const done = await browser.submit(page, enrolment);
    const person = await redeem(done);
    expect(person).toMatchObject({ roles: [role], scopes: [scope], acr });
  });

  it('does not let an administrator delete after password and code alone', async () => {
    await hire('ada', 'admin');
    const { page, browser, redeem } = await signIn('ada', 'admin');
    const totpSecret = fieldOf(page, 'totpSecret');
    const enrolment = { totpSecret, totp: oneTimeCode(totpSecret, Date.now()), userLabel: 'telephone' };
    const ada = await redeem(await browser.submit(page, enrolment));
    const nowSeconds = (ada.authTime ?? 0) + 1;
    expect(authorize('adjustInventory', ada, () => nowSeconds)).toMatchObject({ kind: 'allowed' });
    expect(authorize('retireInventory', ada, () => nowSeconds)).toMatchObject({
      kind: 'step_up',
      acrValues: ['phr', 'phrh'],
    });
  });
});
