/** How the service is, for whoever starts and whoever watches it (R13.4); what it shows of itself to anyone (R7.5). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { readSideOf } from '../../src/app/readModels.ts';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { untyped } from '../../src/eventsourcing/projecting/projection.ts';
import { rebuild } from '../../src/eventsourcing/projecting/readModel.ts';
import { stockLevels } from '../../src/projections/stockLevels/projection.ts';
import { openService, startService } from '../support/service.ts';
import { arrange, warehouse } from './arrange.ts';
import { stuckOn } from './stuckOn.ts';

describe('readiness', () => {
  it('is told while all is well, without a token', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 1 } });
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
    const { body } = await service.as(null).get('/health/ready');
    expect(body).toMatchObject({ status: 'ready', checks: { store: 'ok' } });
    expect(Object.values(body.checks).every((check) => check === 'ok')).toBe(true);
    expect((await service.as(null).get('/health/live')).body).toEqual({ status: 'live' });
  });

  it('is 503 when a consumer of the log stands still, and names it without its error', async () => {
    const service = await openService({ adapt: stuckOn('warehouses') });
    await service.as('sandbox-admin').put('/v1/warehouses/BER', warehouse('BER'));
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(503);
    const { body, text } = await service.as(null).get('/health/ready');
    const failing = Object.entries(body.checks).filter(([, check]) => check !== 'ok');
    expect(failing).toHaveLength(1);
    expect(failing[0]?.[0]).toMatch(/^warehouses/);
    expect(text).not.toMatch(/SQLITE|disk/);
    // It is alive all the same: starting it anew would not help.
    expect((await service.as(null).get('/health/live')).status).toBe(200);
  });

  it('is 200 and says so when an engine is away that only makes it slower', async () => {
    const service = await openService({
      adapt: () => ({ checkEngines: async () => [{ name: 'redis', isVital: false, failure: 'unreachable' }] }),
    });
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
    const { body } = await service.as(null).get('/health/ready');
    expect(body.checks.redis).toBe('unreachable');
  });

  it('begins when the read models have reached the head that the log had at the start', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const first = await startService({ dataDir });
    await arrange(first, { BER: { TABLE: 1 } });
    await first.close();
    let isOpen = false;
    const service = await openService({
      dataDir,
      adapt: ({ checkpoints }) => ({
        // As after a move: nothing of the log was followed here, and no follower gets on for now.
        checkpoints: {
          ...checkpoints,
          take: async (name, epoch) => {
            await expect.poll(() => isOpen).toBe(true);
            return checkpoints.take(name, epoch);
          },
        },
      }),
    });
    const { status, body } = await service.as(null).get('/health/ready');
    expect([status, body.checks['read models']]).toEqual([503, 'catching up with the log of the start']);
    isOpen = true;
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
  });

  /** A process on a log that another one has filled, and a new build of the stock levels that stands still halfway. */
  const openBesideBuild = async (adapt: (adapters: Adapters) => Partial<Adapters> = () => ({})) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const first = await startService({ dataDir });
    await arrange(first, { BER: { TABLE: 1 } });
    await first.close();
    const service = await openService({ dataDir, running: false, adapt });
    const side = readSideOf(service.adapters, 1);
    const begun = Promise.withResolvers<null>();
    const goesOn = Promise.withResolvers<null>();
    const source: typeof side.source = {
      ...side.source,
      follow: async function* (from, options) {
        begun.resolve(null);
        await goesOn.promise;
        yield* side.source.follow(from, options);
      },
    };
    const build = rebuild(untyped(stockLevels), { ...side, source }, () => undefined);
    await begun.promise;
    service.start();
    const finish = async (): Promise<void> => {
      goesOn.resolve(null);
      await build;
    };
    return { service, finish, answering: service.readModels.stockLevels.model.collection };
  };

  it('does not wait for a new build of a read model while the old one answers', async () => {
    const { service, finish, answering } = await openBesideBuild();
    const ready = async () => (await service.as(null).get('/health/ready')).status;
    await expect.poll(ready).toBe(200);
    expect(answering()).toBe('stock_levels_v1');
    await finish();
    await expect.poll(answering).toBe('stock_levels_v1_g2');
    expect(await ready()).toBe(200);
  });

  it('comes with a new build that is switched in where the old one stands still', async () => {
    const { service, finish, answering } = await openBesideBuild(({ checkpoints }) => ({
      checkpoints: {
        ...checkpoints,
        take: async (name, epoch) => {
          if (name === 'stock_levels_v1') throw new Error('its checkpoint can not be read');
          return checkpoints.take(name, epoch);
        },
      },
    }));
    const checks = async () => (await service.as(null).get('/health/ready')).body.checks;
    await expect.poll(async () => (await checks()).stock_levels_v1).not.toBe('ok');
    expect((await checks())['read models']).toBe('catching up with the log of the start');
    await finish();
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
    expect(answering()).toBe('stock_levels_v1_g2');
  });

  it('is 503 when the store takes no writes', async () => {
    const service = await openService({
      adapt: () => ({ checkEngines: async () => [{ name: 'store', isVital: true, failure: 'cannot write' }] }),
    });
    const { status, body } = await service.as(null).get('/health/ready');
    expect([status, body.checks.store]).toEqual([503, 'cannot write']);
  });
});

describe('a cold start while an engine is away', () => {
  /** An engine that was not there when the service began. */
  const openCold = async () => {
    let isAway = true;
    const service = await openService({
      adapt: ({ documents }) => ({
        documents: {
          ...documents,
          ensure: async (spec) => {
            if (isAway) throw new StoreUnavailable('MongoDB cannot be reached', 'not_written');
            return documents.ensure(spec);
          },
        },
        checkEngines: async () => [{ name: 'mongodb', isVital: true, failure: isAway ? 'unreachable' : null }],
      }),
    });
    return { service, comesBack: () => (isAway = false) };
  };

  it('says which one, and turns requests away without harm (R22.1)', async () => {
    const { service } = await openCold();
    const { status, body } = await service.as(null).get('/health/ready');
    expect([status, body.status, body.checks.mongodb]).toEqual([503, 'not ready', 'unreachable']);
    const answer = await service.as('sandbox-admin').get('/v1/warehouses');
    expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
  });

  it('goes on by itself once the engine is there', async () => {
    const { service, comesBack } = await openCold();
    comesBack();
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
    expect((await service.as('sandbox-admin').put('/v1/warehouses/BER', warehouse('BER'))).status).toBe(200);
  });
});

describe('a process that is not there for requests', () => {
  it('tells how it is, and serves nothing else', async () => {
    const service = await openService({ hasApi: false });
    await expect.poll(async () => (await service.as(null).get('/health/ready')).status).toBe(200);
    expect((await service.as(null).get('/metrics')).status).toBe(200);
    for (const path of ['/v1/warehouses', '/openapi.json', '/docs', '/oidc/token']) {
      expect((await service.as('sandbox-admin').get(path)).status, path).toBe(404);
    }
  });
});

describe('metrics', () => {
  const remote = { remoteAddress: '203.0.113.9' };

  it('are open to this machine', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 1 } });
    await service.settled();
    const { status, text, headers } = await service.as(null).get('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toContain(`stockledger_events_total ${await service.countEvents()}\n`);
    expect(text).toMatch(/^stockledger_consumer_lag_positions\{consumer="stock_levels_v\d+"\} 0$/m);
    // Every line is a comment or a sample (Prometheus text format 0.0.4).
    const lines = text.trimEnd().split('\n');
    expect(
      lines.filter((each) => !/^(?:# (?:HELP|TYPE) |[a-z_]+(?:\{[a-z_]+="[^"]*"\})? -?\d+(?:\.\d+)?$)/.test(each)),
    ).toEqual([]);
  });

  it('leave out what an engine does not tell, and give the rest', async () => {
    const away = (): Promise<never> => Promise.reject(new StoreUnavailable('away', 'not_written'));
    const service = await openService({
      running: false,
      adapt: ({ events }) => ({ events: { ...events, head: away } }),
    });
    const { status, text } = await service.as(null).get('/metrics');
    expect(status).toBe(200);
    expect(text).not.toMatch(/^stockledger_consumer_lag_positions\{/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('tell how late reservations end, and how long the oldest has been due (B4)', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 1 } });
    const claim = { quantity: 1, expiresInSeconds: 60 };
    await service.as('sandbox-staff').post('/v1/warehouses/BER/inventory/TABLE/reservations', claim);
    service.clock.pass(63_000);
    const metrics = async () => (await service.as(null).get('/metrics')).text;
    await expect.poll(metrics).toContain('stockledger_reservation_lapse_late_seconds_count 1');
    const text = await metrics();
    expect(text).toContain('stockledger_reservation_lapse_late_seconds_bucket{le="2"} 0');
    expect(text).toContain('stockledger_reservation_lapse_late_seconds_bucket{le="5"} 1');
    expect(text).toMatch(/^stockledger_reservation_oldest_due_seconds \d/m);
  });

  it('need a token from elsewhere, also behind a proxy on this machine', async () => {
    const service = await openService();
    const ask = async (options: object, headers: Record<string, string> = {}): Promise<number> =>
      (await service.app.inject({ method: 'GET', url: '/metrics', headers, ...options })).statusCode;
    expect(await ask(remote)).toBe(401);
    expect(await ask({}, { 'x-forwarded-for': '203.0.113.9' })).toBe(401);
    expect(await ask({}, { forwarded: 'for=203.0.113.9' })).toBe(401);
    const bearer = async (who: string) => ({ authorization: `Bearer ${await service.tokenFor(who)}` });
    expect(await ask(remote, await bearer('sandbox-staff'))).toBe(403);
    expect(await ask(remote, await bearer('sandbox-auditor'))).toBe(200);
  });

  it('tell how far a consumer is behind', async () => {
    const service = await openService({ adapt: stuckOn('warehouses') });
    const admin = service.as('sandbox-admin');
    await admin.put('/v1/warehouses/BER', warehouse('BER'));
    await expect
      .poll(async () => (await service.as(null).get('/metrics')).text)
      .toMatch(/stockledger_consumer_failing\{consumer="warehouses_v\d+"\} 1/);
    expect((await service.as(null).get('/metrics')).text).toMatch(/lag_positions\{consumer="warehouses_v\d+"\} [1-9]/);
  });
});

describe('every answer', () => {
  it('is hardened: not stored, not sniffed, no word of what is behind it (R7.5)', async () => {
    const service = await openService();
    for (const url of ['/v1/items', '/v1/nothing', '/health/live', '/openapi.json']) {
      const { headers } = await service.as('sandbox-admin').get(url);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers['strict-transport-security']).toMatch(/max-age=\d{8}/);
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('server');
    }
  });

  it('to a failure tells nothing of its cause', async () => {
    const service = await openService({
      adapt: ({ documents }) => ({
        documents: { ...documents, find: async () => Promise.reject(new Error('SELECT * FROM secrets')) },
      }),
    });
    const answer = await service.as('sandbox-admin').get('/v1/items');
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    expect(answer.text).not.toMatch(/SELECT|stack|\.ts/);
  });
});
