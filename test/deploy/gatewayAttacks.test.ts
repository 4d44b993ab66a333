/** A corpus of attacks through the gateway, with the rights of an administrator: none succeeds, none records an event (R9.2). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signIn } from '../../bench/api.ts';
import { freePort, type Service, startService } from '../../demo/service.ts';
import { send, warehouse } from '../support/process.ts';
import { type Attack, attacks } from './gateway/attacks.ts';
import { askOver, type Received, sendBytes } from './gateway/requests.ts';
import { describeGateway, type Gateway, startGateway } from './gateway/runGateway.ts';
import { wireAttacks } from './gateway/wireAttacks.ts';

describeGateway('an attack through the gateway', () => {
  let dataDir: string;
  let service: Service;
  let gateway: Gateway;
  let token: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stockledger-gateway-'));
    const place = { dataDir, partnerPort: await freePort(), warehouseIds: ['BER'] };
    service = await startService({ ...place, env: { ...process.env, TRUSTED_PROXIES: '127.0.0.1' } });
    gateway = await startGateway({ servicePort: Number(new URL(service.origin).port) });
    token = await signIn(service.origin, 'sandbox-admin');
    const stock = { path: '/v1/warehouses/BER/inventory', body: { sku: 'OAK', onHand: 1 } };
    await send(service.origin, token, { method: 'PUT', path: '/v1/warehouses/BER', body: warehouse });
    await send(service.origin, token, { method: 'POST', ...stock });
  });
  afterAll(async () => {
    await gateway.stop();
    await service.stop();
    await rm(dataDir, { recursive: true });
  });

  const ask = ({ method = 'GET', path, headers = {}, body }: Attack): Promise<Received> =>
    askOver(gateway, {
      method,
      path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const countEvents = async (): Promise<string | undefined> =>
    /^stockledger_events_total (\d+)$/m.exec(await (await fetch(`${service.origin}/metrics`)).text())?.[1];
  /** Who answered: the gateway's log says what the service did. */
  const stoppedBy = async (requestId: string): Promise<Attack['by']> => {
    await expect.poll(() => gateway.log()).toContain(requestId);
    const line = gateway.lines().find((each) => each.requestId === requestId)!;
    return line.serviceStatus === '' ? 'gateway' : 'service';
  };

  it('is tried in more than a hundred ways, each once', () => {
    const names = [...attacks, ...wireAttacks].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(100);
  });

  it.each(attacks)('$name is stopped by the $by', async (attack) => {
    const { status, headers } = await ask(attack);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(await stoppedBy(String(headers['x-request-id']))).toBe(attack.by);
  });

  it.each(wireAttacks)('$name is refused by the gateway', async ({ bytes }) => {
    const answer = await sendBytes(gateway, bytes.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(answer).not.toMatch(/HTTP\/1\.[01] [123]/);
    expect(answer).not.toContain('stockledger_');
    for (const [, id = ''] of answer.matchAll(/^x-request-id: (\S+)/gim)) expect(await stoppedBy(id)).toBe('gateway');
  });

  it('of all these has left both alive, and recorded no event', async () => {
    const path = '/v1/warehouses/PAR';
    const after = await ask({ name: '', by: 'service', method: 'PUT', path, body: warehouse });
    expect(after.status).toBe(200);
    // Events are counted in their order: BER, its stock, PAR, and none between.
    await expect.poll(countEvents).toMatch(/^[3-9]$/);
    expect(await countEvents()).toBe('3');
    expect((await ask({ name: '', by: 'service', path: '/v1/warehouses/BER/inventory/OAK' })).status).toBe(200);
  });

  it('is stopped by the gateway in four of five cases', () => {
    const stopped = attacks.filter(({ by }) => by === 'gateway').length + wireAttacks.length;
    expect(stopped / (attacks.length + wireAttacks.length)).toBeGreaterThan(0.8);
  });
});
