/** Which requests the access log has, and what it says of them: no secret, and nothing that tells of a person (R13.1). */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AccessEntry } from '../../src/audit/accessLog.ts';
import { startService, type TestService } from '../support/service.ts';

const entries: AccessEntry[] = [];
let service: TestService;
let origin: string;
beforeAll(async () => {
  service = await startService({ adapt: () => ({ accessLog: { write: (entry) => entries.push(entry) } }) });
  origin = await service.listen();
});
beforeEach(() => {
  entries.length = 0;
});
afterAll(() => service.close());

/** Written when the answer has left. */
const theEntry = async (): Promise<AccessEntry | undefined> => {
  await expect.poll(() => entries.length).toBe(1);
  return entries[0];
};

/** Reads the beginning of a stream, and goes without a word. */
const askAndLeave = async (): Promise<void> => {
  const port = Number(new URL(origin).port);
  const token = await service.tokenFor('sandbox-auditor');
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await once(socket, 'data');
  socket.resetAndDestroy();
};

describe('the access log', () => {
  it('says who read what', async () => {
    await service.as('sandbox-auditor').get('/v1/warehouses/BER/inventory/NONE');
    expect(await theEntry()).toMatchObject({
      method: 'GET',
      route: '/v1/warehouses/:warehouseId/inventory/:sku',
      operation: 'getInventory',
      object: { warehouseId: 'BER', sku: 'NONE' },
      caller: { subject: 'sandbox-auditor', client: 'sandbox-auditor' },
      role: 'auditor',
      status: 404,
      code: 'STOCK_NOT_FOUND',
    });
  });

  it('says who was refused, by name where the token was good', async () => {
    await service.as('sandbox-auditor').post('/v1/orders', {});
    expect(await theEntry()).toMatchObject({
      operation: 'placeOrder',
      caller: { subject: 'sandbox-auditor' },
      role: null,
      status: 403,
    });
    entries.length = 0;
    await service.as(null).get('/v1/warehouses');
    expect(await theEntry()).toMatchObject({ caller: null, status: 401, code: 'UNAUTHENTICATED' });
  });

  it('has what is refused before there is a route', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /health/live HTTP/1.1\r\nHost: one\r\nHost: other\r\nConnection: close\r\n\r\n');
    expect(await theEntry()).toMatchObject({ status: 400, code: 'MALFORMED_REQUEST', address: '127.0.0.1' });
    entries.length = 0;
    await service.as(null).request('QUERY', '/v1/warehouses');
    expect(await theEntry()).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED', caller: null });
    socket.destroy();
  });

  it('has no token, no body and no query in it', async () => {
    const note = 'Ada Example, 1 Example Street';
    const admin = service.as('sandbox-admin');
    await admin.post('/v1/orders/search?trace=ada', { email: 'ada@example.invalid' });
    await admin.get('/v1/orders?orderNumber=ADA-1');
    await admin.post('/v1/warehouses/BER/inventory/NONE/adjustments', { delta: 1, reason: 'found', note });
    await service.as(null).get('/v1/nothing/ada@example.invalid', { authorization: 'Bearer secret-token' });
    await expect.poll(() => entries.length).toBe(4);
    const written = JSON.stringify(entries).toLowerCase();
    for (const secret of ['ada', 'bearer', 'ey', 'secret']) expect(written).not.toContain(secret);
  });

  it('has a request whose client has left, with the address that it came from', async () => {
    await askAndLeave();
    expect(await theEntry()).toMatchObject({
      operation: 'streamEvents',
      caller: { subject: 'sandbox-auditor' },
      address: '127.0.0.1',
      status: 200,
      isLeft: true,
    });
  });

  it('has no parameter of a path before it was checked: it may be an address of a person', async () => {
    await service.as(null).get('/v1/orders/ada@example.invalid');
    await service.as('sandbox-admin').get('/v1/orders/ada@example.invalid');
    await expect
      .poll(() => entries.map(({ status, object }) => [status, object]))
      .toEqual([
        [401, {}],
        [400, {}],
      ]);
  });

  it('has an address that no route can be looked up for', async () => {
    await service.as(null).request('GET', '/v1/warehouses/%ff');
    expect(await theEntry()).toMatchObject({ method: 'GET', route: null, status: 400, code: 'MALFORMED_REQUEST' });
  });

  it('has what could not be read as a request', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined).write('NONSENSE\r\n\r\n');
    expect(await theEntry()).toMatchObject({ method: '', route: null, status: 400, code: 'MALFORMED_REQUEST' });
    socket.destroy();
  });

  it('has requests to the sandbox issuer and to the health page too', async () => {
    await service.as(null).get('/health/live');
    expect(await theEntry()).toMatchObject({ route: '/health/live', operation: null, status: 200 });
  });
});
