/** That the OpenAPI document serves a stranger (issue 12, point 30): whole, in words, and with examples that fit. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, describe, expect, it } from 'vitest';
import { webhookEventTypes } from '../../src/domain/webhook/events.ts';
import { bodyOf, messagesFor } from '../../src/webhooks/messages.ts';
import { audienceOf } from '../../src/webhooks/ports.ts';
import { type JsonSchema, operationsOf } from '../support/documented.ts';
import { startService } from '../support/service.ts';
import { endpointWith } from '../webhooks/webhooksWorld.ts';
import { arrange, line, placeOrder, waitForPlan } from './arrange.ts';
import { exampleOf, isObject, type Json } from './requests.ts';

const service = await startService();
afterAll(() => service.close());
const { document } = service;
const operations = operationsOf(document);

/** Every text of the document with its place. */
const textsIn = (value: Json, place = ''): readonly (readonly [string, string])[] => {
  if (Array.isArray(value)) return value.flatMap((each, at) => textsIn(each as Json, `${place}/${at}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    ['summary', 'description'].includes(name) && typeof each === 'string'
      ? [[`${place}/${name}`, each] as const]
      : textsIn(each, `${place}/${name}`),
  );
};

describe('the OpenAPI document', () => {
  it('names no number of our own list of requirements', () => {
    const texts = textsIn(JSON.parse(JSON.stringify(document)) as Json);
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.filter(([, text]) => /\b[BRSTW]\d{1,2}(\.\d+)?\b/.test(text))).toEqual([]);
  });

  it('describes every answer in words of its own', () => {
    const described = operations.flatMap(({ operation }) =>
      Object.entries(operation.responses).map(([status, { description }]) => [
        operation.operationId,
        status,
        description,
      ]),
    );
    expect(described.filter(([, , text]) => text === undefined || text === '' || text === 'Default Response')).toEqual(
      [],
    );
  });

  it('names on each answer the headers that tell when to come again, where it is, and what revision it has', async () => {
    const headersOf = (operationId: string, status: string): string[] =>
      Object.keys(
        operations.find(({ operation }) => operation.operationId === operationId)?.operation.responses[status]
          ?.headers ?? {},
      );
    expect(headersOf('placeOrder', '201')).toEqual(
      expect.arrayContaining(['ETag', 'Location', 'Stockledger-Position', 'RateLimit', 'Idempotency-Replayed']),
    );
    expect(headersOf('placeOrder', '429')).toContain('Retry-After');
    expect(headersOf('listOrders', '200')).toContain('Link');
    expect(headersOf('getOrder', '200')).toContain('ETag');
    // What is really sent is there.
    const { headers } = await service.as('sandbox-admin').get('/v1/warehouses/NOWHERE');
    const ours = Object.keys(headers).filter((name) => /^(etag|ratelimit.*|stockledger-.*|retry-after)$/.test(name));
    const documented = headersOf('getWarehouse', '404').map((name) => name.toLowerCase());
    expect(ours.filter((name) => !documented.includes(name))).toEqual([]);
  });

  it('shows `Prefer` where an order is placed, and the order is then answered with its sources', async () => {
    const placing = operations.find(({ operation }) => operation.operationId === 'placeOrder');
    expect(placing?.operation.parameters).toContainEqual(expect.objectContaining({ name: 'prefer', in: 'header' }));
    await arrange(service, { BER: { PREFERRED: 5 } });
    const placed = await placeOrder(service.as('sandbox-shop'), [line('PREFERRED', 5)]);
    expect(placed.body).toMatchObject({ status: 'processing', allocation: 'complete' });
  });

  it('has examples that fit: of its own schema, and no warehouse that is called like a table', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const seen: Json[] = [];
    const look = (value: Json): void => {
      if (Array.isArray(value)) for (const each of value as Json[]) look(each);
      if (!isObject(value)) return;
      if (Array.isArray(value.examples) && (value.type !== undefined || value.enum !== undefined)) {
        for (const example of value.examples) {
          seen.push(example);
          const { examples: _, ...schema } = value;
          expect(ajv.validate({ ...schema, components: document.components }, example), JSON.stringify(value)).toBe(
            true,
          );
        }
      }
      for (const each of Object.values(value)) look(each);
    };
    look(JSON.parse(JSON.stringify(document)) as Json);
    expect(seen.length).toBeGreaterThan(100);
    const { Warehouse, Item } = document.components.schemas;
    const nameOf = (schema: JsonSchema | undefined): Json =>
      exampleOf((schema as { readonly properties: { readonly name: JsonSchema } }).properties.name, document);
    expect([nameOf(Warehouse), nameOf(Item)]).toEqual(['Berlin', 'Oak table 160']);
  });
});

describe('the webhooks of the document', () => {
  const { webhooks } = JSON.parse(JSON.stringify(document)) as {
    webhooks: { [type: string]: { post: { requestBody: { content: { 'application/json': { schema: object } } } } } };
  };

  it('are the types that can be subscribed to, each with its body', () => {
    expect(Object.keys(webhooks).sort()).toEqual([...webhookEventTypes].sort());
  });

  it('describe the bodies that are really sent', async () => {
    const admin = service.as('sandbox-admin');
    await arrange(service, { BER: { HOOKED: 10 } });
    await admin.put('/v1/warehouses/BER/inventory/HOOKED/policy', { safetyStock: 4 });
    const placed = await placeOrder(admin, [line('HOOKED', 7)], { allowSplit: true });
    await placeOrder(admin, [line('HOOKED', 9)]);
    const doomed = await admin.post('/v1/orders', orderBody('HOOKED', 3), waitForPlan);
    await admin.put(`/v1/orders/${doomed.body.orderId}/status`, { status: 'cancelled', reason: 'customer_request' });
    const shipped = await admin.post(`/v1/orders/${placed.body.orderId}/shipments`, {
      warehouseId: 'BER',
      lines: [{ lineId: '1', quantity: placed.body.lines[0].allocated[0].quantity }],
      carrier: 'ups',
      trackingNumber: '1Z5R89390357567127',
      parcels: [{ parcelId: 'P1', boxes: [] }],
    });
    expect(shipped.status, shipped.text).toBe(201);
    for (const [status, minute] of [
      ['exception', '31'],
      ['delivered', '32'],
    ] as const) {
      service.clock.pass(120_000);
      await admin.post(`/v1/shipments/${shipped.body.shipmentId}/tracking-events`, {
        parcelId: 'P1',
        status,
        occurredAt: `2026-11-24T09:${minute}:00.000Z`,
      });
    }
    await service.settled();
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const audience = audienceOf(endpointWith({ eventTypes: webhookEventTypes }));
    const sent = new Set<string>();
    const until = (await service.adapters.events.head())?.commit ?? 0n;
    for (const event of await service.adapters.events.readAll(null, 'forwards', Number(until))) {
      for (const message of messagesFor(event, audience)) {
        sent.add(message.type);
        const { schema } = webhooks[message.type]!.post.requestBody.content['application/json'];
        const body = JSON.parse(bodyOf(event, message, 1));
        expect(ajv.validate(schema, body), `${JSON.stringify(body)} ${ajv.errorsText()}`).toBe(true);
      }
    }
    expect([...sent]).toEqual(
      expect.arrayContaining(['stock.low', 'order.allocated', 'order.shipped', 'shipment.exception']),
    );
  });
});

const orderBody = (sku: string, quantity: number): object => ({
  customer: { customerId: 'customer-1', name: 'Ada Canary', email: 'ada@canary.invalid' },
  shipTo: { name: 'Ada', lines: ['1 Canary Street'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
  lines: [line(sku, quantity)],
});
