/** The service has no sessions to end: what a sign-out ends, and when the rest ends by itself. */
import { decodeJwt } from 'jose';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Realm } from './realm.ts';
import { openServiceOf } from './service.ts';

/** docs/identity.md. */
const lifetimeSeconds = 300;
/** That clocks may differ by. */
const toleranceSeconds = 5;

export const logout = (realm: () => Realm): void => {
  const refresh = (token: string) =>
    realm().ask('token', { grant_type: 'refresh_token', client_id: 'console', refresh_token: token });

  it('ends the session, so that no new token comes of it', async () => {
    const person = await realm().hire('judy', ['customer_service']);
    const session = await realm().signIn(person);
    const renewed = await refresh(session.refresh);
    expect(renewed.status).toBe(200);
    const newest = String(renewed.body.refresh_token);
    expect((await realm().ask('logout', { client_id: 'console', refresh_token: newest })).status).toBe(204);
    expect(await refresh(newest)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    // Nor does the browser still know who it was.
    expect((await realm().signIn(person, { browser: session.browser })).asked).toEqual(['password', 'code']);
  });

  it('ends every session of a person whom an administrator signs out', async () => {
    const person = await realm().hire('ken', ['customer_service']);
    const sessions = [await realm().signIn(person), await realm().signIn(person)];
    const [user] = (await realm().administer('GET', '/users?username=ken&exact=true')) as [{ id: string }];
    await realm().administer('POST', `/users/${user.id}/logout`);
    for (const session of sessions) {
      expect(await refresh(session.refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  });

  it('takes a refresh token once: a copy of it ends the session', async () => {
    const { refresh: stolen } = await realm().signIn(await realm().hire('lena', ['customer_service']));
    const renewed = await refresh(stolen);
    expect(renewed.status).toBe(200);
    expect(await refresh(stolen)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await refresh(String(renewed.body.refresh_token))).toMatchObject({ status: 400 });
  });

  it('leaves an access token that ends within minutes, at the service too', async () => {
    const service = await openServiceOf(realm());
    const { access, refresh: token } = await realm().signIn(await realm().hire('mia', ['customer_service']));
    const { exp = 0, iat = 0 } = decodeJwt(access);
    // It looks at its clock twice.
    expect([lifetimeSeconds, lifetimeSeconds + 1]).toContain(exp - iat);
    await realm().ask('logout', { client_id: 'console', refresh_token: token });
    expect((await service.bearing(access).get('/v1/orders')).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: (exp + toleranceSeconds) * 1_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect(await service.bearing(access).get('/v1/orders')).toMatchObject({
      status: 401,
      body: { detail: 'The token has expired.' },
    });
  });
};
