/** What carriers send, with their signatures (R12.2): rows 16 and 19 of what users of others complain about among it. */
import { createHmac, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { CarrierReport } from '../../src/commands/carrierPorts.ts';
import { createCarriers } from '../../src/infra/carriers/carriers.ts';
import { signedHeaders } from '../../src/webhooks/attempts.ts';
import { type Answer, openService, type ServiceOptions, type TestService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const secrets = {
  easypost: 'easypost-secret-é-1',
  shippo: 'shippo-secret-000001',
  generic: `whsec_${Buffer.from('generic-secret-00000001').toString('base64')}`,
};
const asked = { fedex: { url: 'https://carrier.example', key: 'k' } };
const nobodyCalled = () => Promise.reject(new Error('no carrier is called here'));

const openCarriers = async (options: ServiceOptions = {}): Promise<TestService> => {
  const service = await openService({
    adapt: () => ({ carriers: createCarriers({ secrets, asked }, nobodyCalled) }),
    ...options,
  });
  await arrange(service, { BER: { CHAIR: 99 } });
  return service;
};

interface Sent {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

const post = async (service: TestService, url: string, body: string, headers: object): Promise<Sent> => {
  const { statusCode, payload } = await service.app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: body,
  });
  return { status: statusCode, body: JSON.parse(payload) };
};

type Event = Partial<CarrierReport> & { readonly occurredAt: string; readonly leg?: 'return' };

/** In our own shape, signed as Standard Webhooks. */
const tell = (service: TestService, ...events: readonly Event[]): Promise<Sent> => {
  const body = JSON.stringify({ events });
  const headers = signedHeaders({ id: randomUUID(), body, secret: secrets.generic }, service.clock.now());
  return post(service, '/v1/carriers/generic/webhook', body, headers);
};

const easyPost = (code: string, details: readonly object[], more: object = {}): string =>
  JSON.stringify({
    object: 'Event',
    description: 'tracker.updated',
    result: { object: 'Tracker', tracking_code: code, carrier: 'UPS', tracking_details: details, ...more },
  });
const easyPostHeaders = (body: string, secret = secrets.easypost) => ({
  'x-hmac-signature': `hmac-sha256-hex=${createHmac('sha256', secret.normalize('NFKD')).update(body).digest('hex')}`,
});

interface Shipped {
  readonly orderId: string;
  readonly shipmentId: string;
  readonly answer: Answer;
}

const ship = async (service: TestService, label: object = {}): Promise<Shipped> => {
  const { body: order } = await placeOrder(service.as('sandbox-shop'), [line('CHAIR', 1)]);
  const answer = await service.as('sandbox-admin').post(`/v1/orders/${order.orderId}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 1 }],
    carrier: 'UPS',
    trackingNumber: '1Z5R89390357567127',
    parcels: [{ boxes: [] }],
    ...label,
  });
  expect(answer.status, answer.text).toBe(201);
  return { orderId: order.orderId, shipmentId: answer.body.shipmentId, answer };
};

const shipmentOf = async (service: TestService, { orderId }: Shipped) => {
  await service.settled();
  return (await service.as('sandbox-admin').get(`/v1/orders/${orderId}/tracking`)).body.shipments[0];
};
const hour = (hours: number): string => new Date(Date.parse('2026-11-24T10:00:00Z') + hours * 3_600_000).toISOString();
const number = '1Z5R89390357567127';

it('a message of EasyPost moves the parcel, and the same one again records nothing', async () => {
  const service = await openCarriers();
  const shipped = await ship(service);
  const body = easyPost('1Z5R89390357567127', [
    { status: 'in_transit', message: 'Departed', datetime: hour(1), tracking_location: { city: 'Leipzig' } },
    { status: 'out_for_delivery', message: 'Out', datetime: hour(2) },
  ]);
  const first = await post(service, '/v1/carriers/easypost/webhook', body, easyPostHeaders(body));
  expect(first).toEqual({ status: 202, body: { recorded: 2, repeated: 0, unknown: 0, ignored: 0, unreadable: 0 } });
  const { status, parcels } = await shipmentOf(service, shipped);
  expect(status).toBe('out_for_delivery');
  expect(parcels[0]).toMatchObject({ lastLocation: 'Leipzig', events: [{ detail: 'Departed' }, { detail: 'Out' }] });

  const before = await service.countEvents();
  const again = await post(service, '/v1/carriers/easypost/webhook', body, easyPostHeaders(body));
  expect(again.body).toMatchObject({ recorded: 0, repeated: 2 });
  expect(await service.countEvents()).toBe(before);
});

it('row 16: reports come twice, late and out of order, and every order of them comes to the same', async () => {
  const service = await openCarriers();
  const reports = [
    { status: 'pre_transit', occurredAt: hour(1) },
    { status: 'in_transit', occurredAt: hour(2) },
    { status: 'out_for_delivery', occurredAt: hour(3) },
    { status: 'delivered', occurredAt: hour(4) },
  ] as const;
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1, 1, 3],
    [1, 1, 3, 0, 2, 0],
  ];
  const ways = await Promise.all(
    orders.map(async (indexes, way) => {
      const shipped = await ship(service, { carrier: 'Huber', trackingNumber: `H-${way}` });
      for (const index of indexes) {
        const sent = await tell(service, { ...reports[index]!, trackingNumber: `H-${way}`, carrier: 'Huber' });
        expect(sent.status).toBe(202);
      }
      const { status, deliveredAt, parcels } = await shipmentOf(service, shipped);
      return { status, deliveredAt, events: parcels[0].events.map((event: { status: string }) => event.status) };
    }),
  );
  for (const way of ways) {
    expect(way).toEqual({ status: 'delivered', deliveredAt: hour(4), events: reports.map(({ status }) => status) });
  }
});

it('row 19: a late "shipped" takes no delivery back, and leaves the tracking of the other box as it is', async () => {
  const service = await openCarriers();
  const parcels = [
    { trackingNumber: 'H-1', boxes: [] },
    { trackingNumber: 'H-2', boxes: [] },
  ];
  const shipped = await ship(service, { carrier: 'Huber', trackingNumber: 'H-0', parcels });
  const of = (trackingNumber: string) => ({ trackingNumber, carrier: 'Huber' });
  await tell(service, { ...of('H-1'), status: 'delivered', occurredAt: hour(5), detail: 'At the door' });
  await tell(service, { ...of('H-2'), status: 'in_transit', occurredAt: hour(2), detail: 'Left' });
  await tell(service, { ...of('H-1'), status: 'in_transit', occurredAt: hour(1) });
  await tell(service, { ...of('H-1'), status: 'in_transit', occurredAt: hour(6) });
  const shipment = await shipmentOf(service, shipped);
  expect(shipment.parcels.map(({ status }: { status: string }) => status)).toEqual(['delivered', 'in_transit']);
  expect(shipment.parcels[1].events).toMatchObject([{ status: 'in_transit', detail: 'Left' }]);
  // No parcel goes under the number of the whole.
  expect((await tell(service, { ...of('H-0'), status: 'delivered', occurredAt: hour(7) })).body.unknown).toBe(1);
});

it('row 19: a return leg under the same waybill is no delivery to the customer, and no new trip', async () => {
  const service = await openCarriers();
  const turned = await ship(service);
  const back = easyPost(
    number,
    [
      { status: 'in_transit', message: 'On the way back', datetime: hour(4) },
      { status: 'delivered', message: 'At the sender', datetime: hour(5) },
    ],
    { is_return: true },
  );
  await post(service, '/v1/carriers/easypost/webhook', back, easyPostHeaders(back));
  expect(await shipmentOf(service, turned)).toMatchObject({ status: 'return_to_sender', deliveredAt: null });

  const other = await ship(service, { carrier: 'Huber', trackingNumber: 'H-9' });
  const of = { trackingNumber: 'H-9', carrier: 'Huber' };
  await tell(service, { ...of, status: 'return_to_sender', occurredAt: hour(2) });
  await tell(service, { ...of, status: 'in_transit', occurredAt: hour(3) });
  await tell(service, { ...of, status: 'delivered', occurredAt: hour(4) });
  expect(await shipmentOf(service, other)).toMatchObject({ status: 'return_to_sender', deliveredAt: null });
});

it('row 19: a waybill that is used again: each report belongs to the shipment of its time, and of its carrier', async () => {
  const service = await openCarriers();
  const older = await ship(service);
  await tell(service, { trackingNumber: number, carrier: 'UPS', status: 'delivered', occurredAt: hour(20) });
  service.clock.pass(60 * 24 * 3_600_000);
  const newer = await ship(service);
  const elsewhere = await ship(service, { carrier: 'FedEx' });
  const month = 24 * 60;
  const sent = await tell(
    service,
    { trackingNumber: number, carrier: 'UPS', status: 'in_transit', occurredAt: hour(10), detail: 'Late' },
    // A day before it left, as its label was bought.
    { trackingNumber: number, carrier: 'UPS', status: 'pre_transit', occurredAt: hour(month - 24) },
    { trackingNumber: number, carrier: 'UPS', status: 'out_for_delivery', occurredAt: hour(month + 2) },
  );
  expect(sent.body).toMatchObject({ recorded: 3, unknown: 0 });
  const eventsOf = async (shipped: Shipped): Promise<readonly string[]> =>
    (await shipmentOf(service, shipped)).parcels[0].events.map(({ status }: { status: string }) => status);
  expect(await eventsOf(older)).toEqual(['in_transit', 'delivered']);
  expect(await eventsOf(newer)).toEqual(['pre_transit', 'out_for_delivery']);
  expect(await eventsOf(elsewhere)).toEqual([]);
});

it('a number that nobody knows is answered with 202 and counted, so that its carrier does not send it for ever', async () => {
  const service = await openCarriers();
  const sent = await tell(service, { trackingNumber: 'NOBODY-1', status: 'delivered', occurredAt: hour(1) });
  expect(sent).toMatchObject({ status: 202, body: { recorded: 0, unknown: 1 } });
  const unreadable = 'no json';
  expect(await post(service, '/v1/carriers/easypost/webhook', unreadable, easyPostHeaders(unreadable))).toMatchObject({
    status: 202,
    body: { unreadable: 1 },
  });
  const { payload } = await service.app.inject('/metrics');
  expect(payload).toContain('stockledger_carrier_reports_total{carrier="generic",fate="unknown"} 1');
  expect(payload).toContain('stockledger_carrier_reports_total{carrier="easypost",fate="unreadable"} 1');
});

it('a report of a shipment that left a moment ago is not lost, though the read model may be behind', async () => {
  const service = await openCarriers();
  const shipped = await ship(service);
  const sent = await tell(service, {
    trackingNumber: number,
    carrier: 'ups',
    status: 'in_transit',
    occurredAt: hour(1),
  });
  expect(sent.body).toMatchObject({ recorded: 1, unknown: 0 });
  expect(await shipmentOf(service, shipped)).toMatchObject({ status: 'in_transit' });
});

it('a status that we do not know leaves the parcel where it is and keeps the words, once', async () => {
  const service = await openCarriers();
  const shipped = await ship(service);
  const of = { trackingNumber: number, carrier: 'UPS' };
  await tell(service, { ...of, status: 'out_for_delivery', occurredAt: hour(1) });
  const odd = { ...of, status: 'teleported' as 'exception', detail: 'Beamed up', occurredAt: hour(2) };
  expect((await tell(service, odd)).body.recorded).toBe(1);
  const { status, parcels } = await shipmentOf(service, shipped);
  expect(status).toBe('out_for_delivery');
  expect(parcels[0].events.at(-1)).toMatchObject({ status: 'out_for_delivery', detail: 'Beamed up' });
  await tell(service, { ...of, status: 'delivered', occurredAt: hour(3) });
  expect((await tell(service, odd)).body).toMatchObject({ recorded: 0, repeated: 1 });
  const log = await service.adapters.events.readAll(null, 'forwards', 10_000);
  expect(log.length).toBeGreaterThan(5);
  expect(JSON.stringify(log.map(({ data }) => data))).not.toContain('Beamed up');
});

it('a report whose customer was erased says where the parcel is, and keeps no words', async () => {
  const service = await openCarriers();
  const shipped = await ship(service);
  await service.adapters.personalData.erase('customer:customer-1');
  const report = { trackingNumber: number, carrier: 'UPS', status: 'delivered', occurredAt: hour(2) } as const;
  expect((await tell(service, { ...report, detail: 'With Ada' })).body).toMatchObject({ recorded: 1 });
  expect((await shipmentOf(service, shipped)).parcels[0]).toMatchObject({
    status: 'delivered',
    events: [{ detail: null }],
  });
});

it('a message that is not signed by its carrier is refused, whatever it says, and leaves nothing', async () => {
  const service = await openCarriers();
  await ship(service);
  await service.settled();
  const before = await service.countEvents();
  const url = '/v1/carriers/easypost/webhook';
  const body = easyPost(number, [{ status: 'delivered', datetime: hour(1) }]);
  const good = easyPostHeaders(body);
  const [, name, mac = ''] = /^(.*=)(.*)$/.exec(good['x-hmac-signature']) ?? [];
  const flipped = `${name}${mac.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))}`;
  const attempts: readonly (readonly [string, object])[] = [
    [body, {}],
    [body, easyPostHeaders(body, 'another-secret-00001')],
    [body.replace('delivered', 'in_transit'), good],
    [`${body} `, good],
    [body, { 'x-hmac-signature': flipped }],
    [body, { 'x-hmac-signature': mac }],
    [body, { 'x-hmac-signature': '' }],
    [body, { authorization: `Bearer ${await service.tokenFor('sandbox-admin')}` }],
  ];
  for (const [sent, headers] of attempts) {
    expect(await post(service, url, sent, headers)).toMatchObject({
      status: 401,
      body: { code: 'CARRIER_SIGNATURE_INVALID' },
    });
  }
  expect(await service.countEvents()).toBe(before);
  expect((await post(service, url, body, good)).status).toBe(202);
});

it('our own shape is signed with its time: what is older than five minutes is refused', async () => {
  const service = await openCarriers();
  const body = JSON.stringify({ events: [] });
  const signed = signedHeaders({ id: 'm-1', body, secret: secrets.generic }, service.clock.now());
  const url = '/v1/carriers/generic/webhook';
  expect((await post(service, url, body, signed)).status).toBe(202);
  expect((await post(service, url, body, { ...signed, 'webhook-id': 'm-2' })).status).toBe(401);
  service.clock.pass(6 * 60_000);
  expect((await post(service, url, body, signed)).status).toBe(401);
});

it('Shippo is believed by the token in its URL, or by its signature', async () => {
  const service = await openCarriers();
  await ship(service, { carrier: 'usps', trackingNumber: '9205590164917337534322' });
  const body = JSON.stringify({
    event: 'track_updated',
    data: {
      carrier: 'usps',
      tracking_number: '9205590164917337534322',
      tracking_status: { status: 'DELIVERED', status_date: hour(3) },
    },
  });
  const url = '/v1/carriers/shippo/webhook';
  expect((await post(service, url, body, {})).status).toBe(401);
  expect((await post(service, `${url}?token=wrong`, body, {})).status).toBe(401);
  expect((await post(service, `${url}?token=${secrets.shippo}&token=${secrets.shippo}`, body, {})).status).toBe(401);
  expect((await post(service, `${url}?token=${secrets.shippo}`, body, {})).body).toMatchObject({ recorded: 1 });
  const time = Math.floor(Date.parse(service.clock.now()) / 1_000);
  const signature = (at: number) => ({
    'shippo-auth-signature': `t=${at},v1=${createHmac('sha256', secrets.shippo).update(`${at}.${body}`).digest('hex')}`,
  });
  expect((await post(service, url, body, signature(time))).body).toMatchObject({ repeated: 1 });
  expect((await post(service, url, body, signature(time - 301))).status).toBe(401);
});

it('a carrier that is not configured, or never sends, is not there; and a body is bounded', async () => {
  const service = await openCarriers();
  for (const name of ['ups', 'fedex', '__proto__']) {
    expect(await post(service, `/v1/carriers/${name}/webhook`, '{}', {})).toMatchObject({
      status: 404,
      body: { code: 'CARRIER_NOT_FOUND' },
    });
  }
  const large = 'x'.repeat(256 * 1_024 + 1);
  expect(await post(service, '/v1/carriers/easypost/webhook', large, easyPostHeaders(large))).toMatchObject({
    status: 413,
    body: { code: 'BODY_TOO_LARGE' },
  });
});

it('an address that sends too much, or guesses signatures, is told to come later', async () => {
  const service = await openCarriers({ requestsPerMinute: 100 });
  const url = '/v1/carriers/easypost/webhook';
  const answers = new Set<number>();
  for (let attempt = 0; attempt < 70; attempt += 1) answers.add((await post(service, url, '{}', {})).status);
  expect(answers).toEqual(new Set([401, 429]));
  service.clock.pass(2 * 60_000);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 110; attempt += 1) {
    statuses.push((await post(service, url, '{"object":"Event"}', easyPostHeaders('{"object":"Event"}'))).status);
  }
  expect(new Set(statuses)).toEqual(new Set([202, 429]));
});

it('while a carrier that is asked does not answer, tracking tells what is known, and since when it is stale', async () => {
  const service = await openCarriers();
  const away = await ship(service, { carrier: 'FedEx', trackingNumber: '986578788855' });
  const fine = await ship(service);
  const admin = service.as('sandbox-admin');
  const trackingOf = async ({ orderId, answer }: Shipped) =>
    (await admin.get(`/v1/orders/${orderId}/tracking`, since(answer))).body;
  expect(await trackingOf(away)).toMatchObject({ stale: false, staleSince: null });

  const { carrierRounds } = service.readModels;
  await carrierRounds.put('fedex', { beganAt: hour(0), after: null, awaySince: hour(-1) });
  const stale = await trackingOf(away);
  expect(stale).toMatchObject({ stale: true, staleSince: hour(-1), shipments: [{ staleSince: hour(-1) }] });
  expect(stale.shipments[0].parcels).toHaveLength(1);
  const other = await trackingOf(fine);
  expect(other).toMatchObject({ stale: false, staleSince: null });
  expect(other.shipments[0]).not.toHaveProperty('staleSince');

  // What has arrived is not waited for.
  await tell(service, { trackingNumber: '986578788855', carrier: 'fedex', status: 'delivered', occurredAt: hour(1) });
  await service.settled();
  expect(await trackingOf(away)).toMatchObject({ stale: false });

  const next = await ship(service, { carrier: 'FedEx', trackingNumber: '986578788855' });
  expect(await trackingOf(next)).toMatchObject({ stale: true });
  await carrierRounds.put('fedex', { beganAt: hour(0), after: null, awaySince: null });
  expect(await trackingOf(next)).toMatchObject({ stale: false, staleSince: null });
});
