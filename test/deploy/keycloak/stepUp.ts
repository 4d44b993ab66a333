/** From the challenge of the service to the page that answers it, and back (RFC 9470). */
import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { makeHardwareKey } from './factors.ts';
import type { Realm } from './realm.ts';
import { openServiceOf, stock } from './service.ts';

const sku = 'GONE';
const path = `/v1/warehouses/BER/inventory/${sku}`;

/** What a client sends on to the issuer: `acr_values` and `max_age`. */
const demandsOf = (challenge = ''): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...challenge.matchAll(/(acr_values|max_age)="?([^",]+)"?/g)].map(([, name = '', value = '']) => [name, value]),
  );

export const stepUp = (realm: () => Realm): void => {
  it('lets an administrator retire stock after what the challenge asks for, and not before', async () => {
    const service = await openServiceOf(realm());
    await stock(service, realm(), sku, 0);
    const grace = await realm().hire('grace', ['admin']);
    const session = await realm().signIn(grace);
    expect(decodeJwt(session.access)).toMatchObject({ acr: 'mfa' });
    const before = await service.countEvents();
    const refused = await service.bearing(session.access).del(path);
    expect(refused).toMatchObject({ status: 401, body: { code: 'STEP_UP_REQUIRED' } });
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
    expect(await service.countEvents()).toBe(before);

    const parameters = demandsOf(refused.headers['www-authenticate']);
    expect(parameters).toEqual({ acr_values: 'phr phrh', max_age: '900' });
    const steppedUp = await realm().signIn(grace, { browser: session.browser, parameters });
    expect(steppedUp.asked).toEqual(['code', 'key enrolment']);
    expect(decodeJwt(steppedUp.access)).toMatchObject({ acr: 'phr' });
    expect((await service.bearing(steppedUp.access).del(path)).status).toBe(200);
    expect(await service.countEvents()).toBe(before + 1);
  });

  it('asks for the key itself from then on', async () => {
    const heidi = await realm().hire('heidi', ['admin']);
    const parameters = { acr_values: 'phr', max_age: '900' };
    const first = await realm().signIn(heidi, { parameters });
    expect(first.asked).toEqual(['password', 'telephone enrolment', 'key enrolment']);
    const second = await realm().signIn(heidi, { parameters });
    expect(second.asked).toEqual(['password', 'code', 'key']);
    const { acr, amr } = decodeJwt<{ acr: string; amr: string[] }>(second.access);
    expect({ acr, amr: amr.sort() }).toEqual({ acr: 'phr', amr: ['hwk', 'otp', 'pwd'] });
  });

  it('gives nobody the level of a key for a key of somebody else', async () => {
    const ivan = await realm().hire('ivan', ['admin']);
    const parameters = { acr_values: 'phr' };
    await realm().signIn(ivan, { parameters });
    const thief = { ...ivan, key: makeHardwareKey() };
    await expect(realm().signIn(thief, { parameters })).rejects.toThrow(/After password, code, key Keycloak says/);
  });

  it('needs no key of a program, which holds a secret of its own and the scope', async () => {
    const service = await openServiceOf(realm());
    await stock(service, realm(), sku, 0);
    expect((await service.bearing(await realm().program('erp:erp-1')).del(path)).status).toBe(200);
  });
};
