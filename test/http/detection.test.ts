/** What looks like an attack is found, told, and stopped where it deletes; a day's work is not (R13.2, R8.3). */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AlertRaised } from '../../src/domain/alert/events.ts';
import { createDetection } from '../../src/http/detection/detection.ts';
import { isDeletion } from '../../src/http/detection/rules.ts';
import { createCountryPoints } from '../../src/infra/system.ts';
import { type Claims, openService, startMs, steppedUp } from '../support/service.ts';
import { arrange } from './arrange.ts';
import { type Asked, attacks, normalTrace, observedOf } from './detectionTraces.ts';

const replay = async (trace: readonly Asked[]): Promise<readonly AlertRaised['data'][]> => {
  const raised: AlertRaised['data'][] = [];
  let now = '';
  const detection = createDetection({
    clock: { now: () => now },
    newId: () => randomUUID(),
    countryPoint: createCountryPoints(),
    raise: async (alert) => void raised.push(alert),
    onFailure: (error) => {
      throw error;
    },
  });
  for (const asked of trace) {
    const observed = observedOf(asked);
    now = observed.entry.at;
    const { principal, entry } = observed;
    const { operation, requestId } = entry;
    if (principal !== null && operation !== null && isDeletion(operation)) {
      await detection.isStopped({ principal, requestId }).catch(() => true);
    }
    detection.observe(observed);
    await Promise.resolve();
  }
  await new Promise(setImmediate);
  return raised;
};

describe('an attack', () => {
  it.each(attacks)('is found: $name', async ({ rule, trace }) => {
    const raised = await replay(trace);
    expect(raised.map((alert) => alert.rule)).toEqual([rule]);
    // Addresses tell of people: neither the alert nor its id is made of one.
    expect(JSON.stringify(raised)).not.toMatch(/\d+\.\d+\.\d+\.\d+|2001:/);
  });

  it('is found among a day of work, and told once within its window', async () => {
    for (const { rule, trace } of attacks) {
      const normal = normalTrace(7, 2_000);
      const mixed = [...normal, ...trace].sort((a, b) => a.atMs - b.atMs);
      expect((await replay(mixed)).map((alert) => alert.rule)).toEqual([rule]);
    }
  });

  it('that goes on is told again when the window has passed', async () => {
    const [first] = attacks;
    const trace = Array.from({ length: 200 }, (_, index) => ({ ...first!.trace[0]!, atMs: index * 1_000 }));
    expect((await replay(trace)).length).toBeGreaterThanOrEqual(3);
  });
});

it('an attacker with many addresses fills no log with alerts', async () => {
  const [guessing] = attacks;
  const trace = Array.from({ length: 200 }, (_, index) =>
    guessing!.trace.map((asked) => ({ ...asked, by: `203.0.${index % 100}.${index}` })),
  ).flat();
  expect((await replay(trace)).length).toBe(100);
});

it('a hundred thousand answers of normal days raise no more than one alert', async () => {
  const trace = normalTrace(20_261_128, 100_000);
  expect(trace.at(-1)!.atMs).toBeGreaterThan(4 * 3_600_000);
  expect((await replay(trace)).length).toBeLessThanOrEqual(1);
});

describe('who deletes many stocks', () => {
  const skus = Array.from({ length: 24 }, (_, index) => `OLD-${index}`);
  const retire = (sku: string) => `/v1/warehouses/BER/inventory/${sku}`;
  const person = (authMs: number) => ({
    sub: 'ada',
    client_id: 'console',
    roles: ['admin'],
    scope: 'admin',
    ...steppedUp(authMs),
  });

  it('is stopped after 20, recorded and announced, and goes on after signing in again', async () => {
    const service = await openService();
    await arrange(service, { BER: Object.fromEntries(skus.map((sku) => [sku, 0])) });
    const admin = service.as('sandbox-admin');
    const receiver = { url: 'https://siem.example/alerts', eventTypes: ['security.alert'] };
    expect((await admin.post('/v1/webhook-endpoints', receiver)).status).toBe(201);
    const ada = service.as(person(startMs));
    for (const sku of skus.slice(0, 20)) expect((await ada.del(retire(sku))).status).toBe(200);
    const stopped = await ada.del(retire('OLD-21'));
    expect(stopped).toMatchObject({ status: 401, body: { code: 'STEP_UP_REQUIRED' } });
    expect(stopped.headers['www-authenticate']).toContain('insufficient_user_authentication');
    expect((await ada.get(retire('OLD-21'))).status).toBe(200);

    service.clock.pass(2_000);
    const again = service.as(person(startMs + 2_000));
    expect((await again.del(retire('OLD-21'))).status).toBe(200);

    await service.settled();
    const found = await service.as('sandbox-auditor').get('/v1/audit/events?type=AlertRaised');
    expect(found.body.items).toMatchObject([
      { data: { rule: 'mass_deletion', caller: { subject: 'ada', client: 'console' }, limit: 20, windowSeconds: 600 } },
    ]);
    await expect.poll(() => service.sender.sent.map(({ body }) => JSON.parse(body).type)).toEqual(['security.alert']);
    const metrics = await service.as(null).get('/metrics');
    expect(metrics.text).toContain('stockledger_alerts_total{rule="mass_deletion"} 1\n');
  });

  it('is stopped also where nobody waits for the answers, and where all are sent at once', async () => {
    const service = await openService();
    await arrange(service, { BER: Object.fromEntries(skus.map((sku) => [sku, 0])) });
    const ada = service.as(person(startMs));
    const statuses = await Promise.all(skus.map(async (sku) => (await ada.del(retire(sku))).status));
    expect(statuses.filter((status) => status === 200).length).toBe(20);
    expect(statuses.filter((status) => status === 401).length).toBe(4);
  });

  it('is not stopped for what was only tried out, or refused', async () => {
    const service = await openService();
    await arrange(service, { BER: { 'OLD-0': 0 } });
    const ada = service.as(person(startMs));
    for (let count = 0; count < 25; count += 1) {
      expect((await ada.del(`${retire('OLD-0')}?dryRun=true`)).status).toBe(200);
      expect((await ada.del(retire('NOT-THERE'))).status).toBe(404);
    }
    expect((await ada.del(retire('OLD-0'))).status).toBe(200);
  });

  it('is told to come later where it is a client, which can not sign in again', async () => {
    const service = await openService();
    await arrange(service, { BER: Object.fromEntries(skus.map((sku) => [sku, 0])) });
    const erp = service.as({ sub: 'erp', client_id: 'erp', roles: ['service'], scope: 'inventory:write' });
    for (const sku of skus.slice(0, 20)) expect((await erp.del(retire(sku))).status).toBe(200);
    const stopped = await erp.del(retire('OLD-21'));
    expect(stopped).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    // A twentieth of what was asked for has left the window by then.
    expect(stopped.headers['retry-after']).toBe('630');
    service.clock.pass(630_000);
    expect((await erp.del(retire('OLD-21'))).status).toBe(200);
  });
});

describe('the country of a caller', () => {
  const ask = async (
    service: Awaited<ReturnType<typeof openService>>,
    country: string,
    peer: string,
  ): Promise<void> => {
    const ada: Claims = { sub: 'ada', client_id: 'console', roles: ['auditor'], scope: 'audit:read' };
    const token = await service.tokenFor(ada);
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': '198.51.100.7', 'x-country': country };
    const answer = await service.app.inject({ url: '/v1/audit/events', headers, remoteAddress: peer });
    expect(answer.statusCode).toBe(200);
  };
  const alertsAfter = async (peer: string): Promise<number> => {
    const service = await openService({
      trustedProxies: ['10.0.0.0/8'],
      countryHeader: 'x-country',
      adapt: () => ({ countryPoint: createCountryPoints() }),
    });
    await ask(service, 'DE', peer);
    service.clock.pass(60_000);
    await ask(service, 'JP', peer);
    const { text } = await service.as(null).get('/metrics');
    return Number(/^stockledger_alerts_total\{rule="impossible_travel"\} (\d+)$/m.exec(text)?.[1]);
  };

  it('is what a trusted proxy says, and nothing that the caller says', async () => {
    expect(await alertsAfter('10.0.0.1')).toBe(1);
    expect(await alertsAfter('192.0.2.1')).toBe(0);
  });
});

it('only an administrator hears of alerts by webhook', async () => {
  const service = await openService();
  const endpoint = { url: 'https://partner.example/hook', eventTypes: ['stock.changed', 'security.alert'] };
  for (const who of ['sandbox-partner', 'sandbox-shop']) {
    const refused = await service.as(who).post('/v1/webhook-endpoints', endpoint);
    expect(refused).toMatchObject({ status: 403, body: { code: 'ROLE_NOT_ALLOWED' } });
  }
});

it('who names warehouses of others in the rows of one request is found', async () => {
  const service = await openService();
  await arrange(service, { BER: { TABLE: 5 }, OSL: { TABLE: 5 } });
  const staff = service.as('sandbox-staff');
  const rows = (prefix: string) =>
    Array.from({ length: 25 }, (_, index) => ({
      kind: 'receipt',
      warehouseId: `${prefix}${index}`,
      sku: 'TABLE',
      quantity: 1,
    }));
  // A slip of a finger stands in every row of a file.
  for (const warehouseId of ['BER', 'BRE']) {
    const slip = rows('').map((row) => ({ ...row, warehouseId }));
    expect((await staff.post('/v1/inventory/changes', { changes: slip })).status).toBe(207);
  }
  const changes = rows('W');
  const answer = await staff.post('/v1/inventory/changes', { changes });
  expect(answer.body.results.every(({ code }: { code: string }) => code === 'WAREHOUSE_NOT_FOUND')).toBe(true);
  await service.settled();
  const found = await service.as('sandbox-auditor').get('/v1/audit/events?type=AlertRaised');
  expect(found.body.items).toMatchObject([{ data: { rule: 'object_scan' } }]);
});
