/** Orders by a customer's e-mail address (T26): found through a keyed hash, by who sees contacts anyway, and told nowhere. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { PersonalData } from '../../src/commands/ports.ts';
import { openService, type ServiceOptions } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const url = '/v1/orders/search';
const buyer = (customerId: string, email: string): object => ({
  customer: { customerId, name: 'Ada Canary', email },
});

const open = async (options: ServiceOptions = {}) => {
  const service = await openService(options);
  await arrange(service, { BER: { CHAIR: 200 } });
  return { service, admin: service.as('sandbox-admin') };
};
const idsIn = ({ body }: { body: { items: readonly { orderId: string }[] } }): readonly string[] =>
  body.items.map(({ orderId }) => orderId);

it('an e-mail address finds all orders of its customers, the newest first, in pages, however it is written', async () => {
  const { service, admin } = await open();
  const placed: string[] = [];
  for (const [customerId, email] of [
    ['customer-1', 'Ada@Müller.de'],
    ['customer-2', 'ada@xn--mller-kva.de'],
    ['customer-1', 'ada@elsewhere.invalid'],
    ['customer-3', 'eve@müller.de'],
  ] as const) {
    service.clock.pass(1_000);
    placed.push((await placeOrder(admin, [line('CHAIR', 1)], buyer(customerId, email))).body.orderId);
  }
  await service.settled();
  const [first, second, third, other] = placed;
  const email = 'ADA@müller.DE';
  expect(idsIn(await admin.post(url, { email }))).toEqual([third, second, first]);
  const page = await admin.post(url, { email, limit: 2 });
  expect(idsIn(page)).toEqual([third, second]);
  expect(page.headers.link).toBeUndefined();
  const { nextCursor } = page.body;
  expect((await admin.post(url, { email, limit: 2, cursor: nextCursor })).body).toMatchObject({
    items: [{ orderId: first, customer: { email: 'Ada@Müller.de' } }],
    nextCursor: null,
  });
  const elsewhere = await admin.post(url, { email: 'eve@müller.de', cursor: nextCursor });
  expect(elsewhere).toMatchObject({ status: 400, body: { code: 'INVALID_CURSOR' } });
  expect(idsIn(await admin.post(url, { email: 'eve@müller.de' }))).toEqual([other]);
  expect(idsIn(await admin.post(url, { email, status: 'cancelled' }))).toEqual([]);
  expect(idsIn(await admin.post(url, { email: 'nobody@müller.de' }))).toEqual([]);
  for (const wrong of [{}, { email: 'x' }, { email, limit: 101 }, { email, customerId: 'customer-1' }]) {
    expect(await admin.post(url, wrong)).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
  }
});

it('only who sees contacts may search by an e-mail address, and no address of a resource can hold one', async () => {
  const { service } = await open();
  const email = 'ada@canary.invalid';
  for (const role of ['warehouse_staff', 'auditor', 'partner', 'customer'] as const) {
    const caller = service.as({ roles: [role], scope: 'orders:read', warehouses: ['BER'], customerId: 'customer-1' });
    expect(await caller.post(url, { email })).toMatchObject({ status: 403, body: { code: 'ROLE_NOT_ALLOWED' } });
  }
  const support = service.as({ roles: ['customer_service'], scope: 'orders:read' });
  expect((await support.post(url, { email }, { 'idempotency-key': null })).status).toBe(200);
  expect((await support.get(`/v1/orders?email=${email}`)).status).toBe(400);
  expect((await support.get(`${url}?email=${email}`)).status).toBe(405);
});

it('an erased customer is not found by e-mail any more (B7)', async () => {
  let personalData: PersonalData | undefined;
  const { service, admin } = await open({
    adapt: (real) => {
      ({ personalData } = real);
      return {};
    },
  });
  const email = 'ada@canary.invalid';
  const kept = await placeOrder(admin, [line('CHAIR', 1)], buyer('customer-1', email));
  await placeOrder(admin, [line('CHAIR', 1)], buyer('customer-2', email));
  await service.settled();
  await personalData?.erase('customer:customer-2');
  expect(idsIn(await admin.post(url, { email }))).toEqual([kept.body.orderId]);
});

it('a placeholder that stands for more customers than a person has is refused, and not cut short', async () => {
  const { service, admin } = await open();
  const email = 'guest@shop.invalid';
  const place = (customer: number) => placeOrder(admin, [line('CHAIR', 1)], buyer(`customer-${customer}`, email));
  for (let customer = 0; customer < 50; customer += 1) await place(customer);
  await service.settled();
  expect(idsIn(await admin.post(url, { email, limit: 100 }))).toHaveLength(50);
  await place(50);
  expect(await admin.post(url, { email })).toMatchObject({ status: 422, body: { code: 'TOO_MANY_CUSTOMERS' } });
});

it('an order is found by e-mail once it is in the log: the address is kept before it, and by no dry run', async () => {
  let email = '';
  const seen: (readonly string[])[] = [];
  const { admin } = await open({
    adapt: ({ events, personalData }) => ({
      events: {
        ...events,
        append: async (stream, expected, recorded) => {
          if (recorded[0]?.type === 'OrderPlaced') seen.push(await personalData.rememberedBy(email, 9));
          return events.append(stream, expected, recorded);
        },
      },
    }),
  });
  email = 'ada@canary.invalid';
  const order = { ...buyer('customer-1', email), lines: [line('CHAIR', 1)] };
  const shipTo = { name: 'Ada', lines: ['1 Canary Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' };
  expect((await admin.post('/v1/orders?dryRun=true', { ...order, shipTo })).status).toBe(200);
  await placeOrder(admin, [line('CHAIR', 1)], buyer('customer-2', email));
  expect(seen).toEqual([['customer:customer-2']]);
});

it('no file of the data folder and no line of the log holds an e-mail address, of an order or of a search', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const { service, admin } = await open({ dataDir, adapt: () => ({ logger: pino({ level: 'trace' }, sink) }) });
  const email = 'ada.canary@canary-mail.invalid';
  await placeOrder(admin, [line('CHAIR', 1)], buyer('customer-1', email));
  await service.settled();
  for (const body of [{ email }, { email, limit: 0 }, { email: `${email} ` }, { email, cursor: 'x' }]) {
    const answer = await admin.post(url, body);
    if (answer.status !== 200) expect(answer.text).not.toContain('canary-mail');
  }
  await service.close();
  const files = await Promise.all((await readdir(dataDir)).map((name) => readFile(join(dataDir, name), 'latin1')));
  expect(files.length).toBeGreaterThan(1);
  for (const text of [...files, lines.join('')]) expect(text.toLowerCase()).not.toContain('canary-mail');
});
