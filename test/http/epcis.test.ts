/** What has happened to goods, over HTTP, in the words of EPCIS 2.0 (B13). */
import { describe, expect, it } from 'vitest';
import { epcisFaultsOf } from '../support/epcisSchema.ts';
import { type Answer, openService } from '../support/service.ts';
import { arrange, line, placeOrder, warehouse } from './arrange.ts';

const url = '/v1/epcis/events';
const gtin = '4006381333931';
const goods = `https://id.gs1.org/01/0${gtin}`;
const parcel = 'https://id.gs1.org/00/106141412345678908';

type Shown = Readonly<Record<string, unknown>> & { readonly bizStep: string; readonly type: string };

const eventsIn = ({ body }: Answer): readonly Shown[] => body.epcisBody.queryResults.resultsBody.eventList;
const nextOf = ({ headers }: Answer): string | undefined => /<([^>]+)>; rel="next"/.exec(headers.link ?? '')?.[1];

const openDock = async () => {
  const service = await openService({ warehouses: ['BER'] });
  const admin = service.as('sandbox-admin');
  await arrange(service, { BER: { TABLE: 5 }, PAR: { LAMP: 5 } });
  await admin.put('/v1/items/TABLE', { name: 'Table', attributes: {}, boxes: [], gtin });
  await admin.put('/v1/warehouses/BER', { ...warehouse('BER'), gln: '0614141123452' });
  await admin.post('/v1/warehouses/BER/inventory/TABLE/receipts', { quantity: 3, purchaseOrder: 'PO 7' });
  const { orderId } = (await placeOrder(admin, [line('TABLE', 2, { lineId: '1' })])).body;
  const dispatched = await admin.post(`/v1/orders/${orderId}/shipments`, {
    warehouseId: 'BER',
    lines: [{ lineId: '1', quantity: 2 }],
    parcels: [{ sscc: '106141412345678908', boxes: [{ lineId: '1', boxCode: 'A', quantity: 2 }] }],
  });
  expect(dispatched.status, dispatched.text).toBe(201);
  service.clock.pass(60_000);
  await admin.post(`/v1/shipments/${dispatched.body.shipmentId}/tracking-events`, {
    status: 'in_transit',
    occurredAt: service.clock.now(),
    location: 'Leipzig',
    detail: 'Left at the neighbour Ada',
  });
  await service.settled();
  return { service, admin };
};

/** All pages, of so many events of ours. */
const readAll = async (read: (path: string) => Promise<Answer>, query: string): Promise<readonly Shown[]> => {
  const events: Shown[] = [];
  for (let next: string | undefined = `${url}?${query}`; next !== undefined; ) {
    const page: Answer = await read(next);
    expect(page.status, page.text).toBe(200);
    expect(epcisFaultsOf(page.body)).toEqual([]);
    // Without it the names that we add mean nothing (JSON-LD).
    expect(page.body['@context'][1]).toEqual({ stockledger: expect.stringMatching(/^http.*\/epcis\/$/) });
    events.push(...eventsIn(page));
    next = nextOf(page);
  }
  return events;
};

const steps = (events: readonly Shown[]): readonly string[] => events.map(({ bizStep }) => bizStep).sort();

describe('what has happened to goods', () => {
  it('is a document of the standard, page by page, each event once', async () => {
    const { admin } = await openDock();
    const whole = await readAll(admin.get, 'limit=500');
    expect(steps(whole)).toEqual(['packing', 'picking', 'receiving', 'shipping', 'storing', 'storing', 'transporting']);
    expect(await readAll(admin.get, 'limit=1')).toEqual(whole);
    expect(new Set(whole.map(({ eventID }) => eventID)).size).toBe(whole.length);
    expect(JSON.stringify(whole)).not.toMatch(/Leipzig|neighbour|Ada|@canary/);
  });

  it('names keys of GS1, and is found by them', async () => {
    const { service, admin } = await openDock();
    const found = (query: string) => readAll(admin.get, query).then(steps);
    expect(await found(`MATCH_epcClass=${encodeURIComponent(goods)}`)).toEqual([
      'picking',
      'receiving',
      'shipping',
      'storing',
    ]);
    expect(await found(`MATCH_epc=${encodeURIComponent(parcel)}`)).toEqual(['packing', 'shipping', 'transporting']);
    expect(await found(`EQ_bizLocation=${encodeURIComponent('https://id.gs1.org/414/0614141123452')}`)).toEqual([
      'packing',
      'picking',
      'receiving',
      'storing',
    ]);
    expect(await found('eventType=AggregationEvent')).toEqual(['packing']);
    expect(await found('EQ_bizStep=receiving')).toEqual(['receiving']);
    const now = service.clock.now();
    expect(await found(`GE_eventTime=${now}`)).toEqual(['transporting']);
    expect(await found(`LT_eventTime=${now}&EQ_bizStep=transporting`)).toEqual([]);
  });

  it('is told to who reaches the warehouse, and to auditors', async () => {
    const { service } = await openDock();
    const own = await readAll(service.as('sandbox-staff').get, '');
    expect(steps(own)).toEqual(['packing', 'picking', 'receiving', 'shipping', 'storing', 'transporting']);
    expect(JSON.stringify(own)).not.toMatch(/PAR|LAMP/);
    const stranger = service.as({ roles: ['partner'], scope: 'inventory:read', warehouses: ['MAD'], partnerId: 'p' });
    expect(await readAll(stranger.get, '')).toEqual([]);
    expect(steps(await readAll(service.as('sandbox-auditor').get, ''))).toHaveLength(7);
    expect((await service.as('sandbox-customer').get(url)).status).toBe(403);
  });

  it('refuses a filter that it does not know, and a step that can be none', async () => {
    const { admin } = await openDock();
    for (const query of ['eventType=TransactionEvent', 'EQ_bizStep=Receiving', 'EQ_action=ADD', 'GE_eventTime=today']) {
      expect(await admin.get(`${url}?${query}`)).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    }
  });
});
