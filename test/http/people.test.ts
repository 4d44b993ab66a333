/** People and places as they are: no rule of ours refuses an address that a carrier delivers to. */
import { afterAll, describe, expect, it } from 'vitest';
import { startService } from '../support/service.ts';
import { arrange, line, orderOf, placeOrder, since, waitForPlan, warehouse } from './arrange.ts';

const service = await startService();
afterAll(() => service.close());
const admin = service.as('sandbox-admin');
await arrange(service, { BER: { TABLE: 100 } });

const shipTo = (changes: object): object => ({
  name: 'Ada Canary',
  lines: ['1 Canary Street'],
  city: 'Berlin',
  postalCode: '10115',
  countryCode: 'DE',
  ...changes,
});
const customer = (changes: object): object => ({
  customerId: 'customer-1',
  name: 'Ada Canary',
  email: 'ada@canary.invalid',
  ...changes,
});

const placeless = (changes: object) => {
  const { postalCode: _, ...address } = shipTo(changes) as { postalCode?: string };
  return { shipTo: address };
};

const orders: readonly (readonly [string, { customer?: object; shipTo?: object }])[] = [
  ['in Hong Kong, without a postal code', placeless({ countryCode: 'HK', city: '香港', lines: ['彌敦道 1 號'] })],
  ['in the Emirates, without a postal code', placeless({ countryCode: 'AE', city: 'دبي', name: 'مريم' })],
  ['in Antigua, without a postal code', placeless({ countryCode: 'AG', region: 'Saint John' })],
  ['in Kosovo', { shipTo: shipTo({ countryCode: 'XK', postalCode: '10000' }) }],
  ['with two dots in the e-mail address', { customer: customer({ email: 'a..b@docomo.ne.jp' }) }],
  ['with an umlaut in the e-mail address', { customer: customer({ email: 'a@müller.de' }) }],
  ['with an extension of the telephone number', { customer: customer({ phone: '+49 30 1234-56 ext. 7' }) }],
  ['with Arabic digits', { customer: customer({ phone: '٠٥٠ ١٢٣ ٤٥٦٧' }) }],
  ['with a name in Japanese', { customer: customer({ name: '山田 太郎' }) }],
];

/** The customer's id stands beside the person in an answer. */
const shown = ({ customer: person, ...rest }: { customer?: object }): object => {
  const { customerId: _, ...contact } = { customerId: '', ...person };
  return { ...rest, ...(person === undefined ? {} : { customer: contact }) };
};

describe('an order', () => {
  it.each(orders)('%s is placed, and shown as it was written', async (_, changes) => {
    const placed = await placeOrder(admin, [line('TABLE', 1)], { sourcing: 'nearest', ...changes });
    expect(placed.body.lines[0].allocated).toEqual([{ warehouseId: 'BER', quantity: 1 }]);
    expect((await admin.get(`/v1/orders/${placed.body.orderId}`, since(placed))).body).toMatchObject(shown(changes));
  });

  const refused: readonly (readonly [string, object, string])[] = [
    ['a country that is none', { shipTo: shipTo({ countryCode: 'ZZ' }) }, '/shipTo/countryCode'],
    ['a country by another name', { shipTo: shipTo({ countryCode: 'UK' }) }, '/shipTo/countryCode'],
    ['a blank in the e-mail address', { customer: customer({ email: 'a b@c.d' }) }, '/customer/email'],
    ['a telephone number without digits', { customer: customer({ phone: 'none' }) }, '/customer/phone'],
    ['a currency that is none', { lines: [line('TABLE', 1, { currency: 'ZZZ' })] }, '/lines/0/currency'],
  ];
  it.each(refused)('with %s is refused, and the answer points at it', async (_, changes, pointer) => {
    const answer = await admin.post('/v1/orders', orderOf([line('TABLE', 1)], changes));
    expect(answer, answer.text).toMatchObject({ status: 400, body: { code: 'VALIDATION', errors: [{ pointer }] } });
  });

  it('is the same whether its id comes in capitals or not: in path, body and answer', async () => {
    const orderId = '01939D1A-6F0A-7CC1-9A54-2F1F5B0C8A11';
    const placed = await placeOrder(admin, [line('TABLE', 1)], { orderId });
    expect(placed.body.orderId).toBe(orderId.toLowerCase());
    expect((await admin.get(`/v1/orders/${orderId}`, since(placed))).body.orderId).toBe(orderId.toLowerCase());
    const again = await admin.post('/v1/orders', orderOf([line('TABLE', 1)], { orderId: orderId.toLowerCase() }));
    expect(again.status).toBe(409);
    const correlationId = 'AAAAAAAA-6F0A-7CC1-9A54-2F1F5B0C8A11';
    const held = await admin.put(
      `/v1/orders/${orderId}/status`,
      { status: 'on_hold', reason: 'call' },
      { 'correlation-id': correlationId },
    );
    const audit = await admin.get(`/v1/audit/events?correlationId=${correlationId}`, since(held));
    expect(audit.body.items).toMatchObject([{ type: 'OrderHeld', correlationId: correlationId.toLowerCase() }]);
  });
});

describe('a shipment', () => {
  it.each([
    ['DB Schenker / Österreich', '(00) 3 4006381 00000 0123 4'],
    ['ヤマト運輸', '1234-5678-9012'],
    ['dhl', 'Ж12 345/6'],
  ])('by %s has its waybill %s', async (carrier, trackingNumber) => {
    const { body: order } = await placeOrder(admin, [line('TABLE', 1)]);
    const sent = await admin.post(
      `/v1/orders/${order.orderId}/shipments`,
      {
        warehouseId: 'BER',
        lines: [{ lineId: '1', quantity: 1 }],
        carrier,
        trackingNumber,
        parcels: [{ trackingNumber, boxes: [{ lineId: '1', boxCode: 'A', quantity: 1 }] }],
      },
      waitForPlan,
    );
    expect(sent, sent.text).toMatchObject({ status: 201, body: { carrier, trackingNumber } });
  });
});

describe('a warehouse', () => {
  it.each([
    [{ timeZone: 'Mars/Phobos' }, '/timeZone'],
    [{ timeZone: '+01:00' }, '/timeZone'],
    [{ countryCode: 'UK' }, '/countryCode'],
  ])('is refused with %j', async (changes, pointer) => {
    const answer = await admin.put('/v1/warehouses/BER', warehouse('BER', changes));
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it('has its time zone as the database writes it', async () => {
    const answer = await admin.put('/v1/warehouses/BER', warehouse('BER', { timeZone: 'europe/berlin' }));
    expect(answer.body.timeZone).toBe('Europe/Berlin');
  });
});
