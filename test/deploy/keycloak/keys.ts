/** The keys of the realm change while the service runs. */
import { decodeProtectedHeader } from 'jose';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Realm } from './realm.ts';
import { openServiceOf, type ServiceOfRealm } from './service.ts';

/** docs/identity.md: how long after a rotation the service may not know the new key, and go on with a withdrawn one. */
const unknownMaxMs = 30_000;
const withdrawnMaxMs = 11 * 60_000;
/** And when it asks for them of its own accord. */
const fetchedAgainMs = 10 * 60_000;
/** Long enough that no token of these tests ends by itself. */
const lifetimeSeconds = 3_600;

interface Component {
  readonly id: string;
  readonly name: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
}

/** Turns the clock of this process, which the service goes by; the issuer is another and keeps its own. */
const turnClock = (): ((ms: number) => void) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return (ms) => vi.setSystemTime(Date.now() + ms);
};

const lengthen = async (realm: Realm): Promise<void> => {
  await realm.administer('PUT', '', { accessTokenLifespan: lifetimeSeconds });
  onTestFinished(async () => {
    await realm.administer('PUT', '', { accessTokenLifespan: 300 });
  });
};

const signingKeys = async (realm: Realm): Promise<Component[]> => {
  const keys = await realm.administer('GET', '/components?type=org.keycloak.keys.KeyProvider');
  // The other one of the kind is for encryption.
  return (keys as Component[]).filter(({ providerId }) => providerId === 'rsa-generated');
};

/** As an administrator does it: signs from now on, while what the old one has signed goes on. */
const addKey = async (realm: Realm, priority: number): Promise<void> => {
  const { id: parentId } = (await realm.administer('GET', '')) as { id: string };
  await realm.administer('POST', '/components', {
    name: `rotated-${priority}`,
    providerId: 'rsa-generated',
    providerType: 'org.keycloak.keys.KeyProvider',
    parentId,
    config: {
      priority: [String(priority)],
      enabled: ['true'],
      active: ['true'],
      algorithm: ['RS256'],
      keySize: ['2048'],
    },
  });
};

const statusOf = async (service: ServiceOfRealm, token: string) => {
  const { status, body } = await service.bearing(token).get('/v1/warehouses');
  return status === 200 ? 200 : `${status} ${String(body.detail)}`;
};

export const keysOfTheRealm = (realm: () => Realm): void => {
  it('may be followed by new ones: the service takes both without a restart', async () => {
    const pass = turnClock();
    const service = await openServiceOf(realm());
    await lengthen(realm());
    const old = await realm().program('shop:shop-1');
    expect(await statusOf(service, old)).toBe(200);

    await addKey(realm(), 200);
    const next = await realm().program('shop:shop-1');
    expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(old).kid);
    pass(unknownMaxMs);
    expect(await statusOf(service, next)).toBe(200);
    expect(await statusOf(service, old)).toBe(200);
  });

  it('leave no gap when the new one is known before it signs', async () => {
    const pass = turnClock();
    const service = await openServiceOf(realm());
    await lengthen(realm());
    const old = await realm().program('shop:shop-1');
    expect(await statusOf(service, old)).toBe(200);

    await addKey(realm(), 1);
    expect(decodeProtectedHeader(await realm().program('shop:shop-1')).kid).toBe(decodeProtectedHeader(old).kid);
    pass(fetchedAgainMs);
    expect(await statusOf(service, old)).toBe(200);

    const waiting = (await signingKeys(realm())).find(({ name }) => name === 'rotated-1')!;
    const raised = { ...waiting, config: { ...waiting.config, priority: ['250'] } };
    await realm().administer('PUT', `/components/${waiting.id}`, raised);
    const next = await realm().program('shop:shop-1');
    expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(old).kid);
    expect(await statusOf(service, next)).toBe(200);
  });

  it('stop to count when they are withdrawn, within the time that docs/identity.md names', async () => {
    const pass = turnClock();
    const service = await openServiceOf(realm());
    await lengthen(realm());
    const before = await signingKeys(realm());
    const old = await realm().program('shop:shop-1');
    expect(await statusOf(service, old)).toBe(200);

    await addKey(realm(), 300);
    for (const { id } of before) await realm().administer('DELETE', `/components/${id}`);
    const next = await realm().program('shop:shop-1');
    pass(withdrawnMaxMs);
    expect(await statusOf(service, old)).toBe('401 The token names no key of the issuer.');
    expect(await statusOf(service, next)).toBe(200);
  });
};
