/** That docs/webhooks.md and the `webhooks` of the OpenAPI document tell of every message, as it is really sent. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/domain/events.ts';
import { webhookEventTypes } from '../../src/domain/webhook/events.ts';
import { webhookDocument } from '../../src/http/schemas/documentation.ts';
import { attemptDelaysMs } from '../../src/webhooks/attempts.ts';
import { deliveryStatuses } from '../../src/webhooks/ledger.ts';
import { bodyOf, messagesFor } from '../../src/webhooks/messages.ts';
import { audienceOf, type Endpoint } from '../../src/webhooks/ports.ts';
import { endpointWith, recorded } from './webhooksWorld.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const page = readText('docs/webhooks.md');

const ajv = new Ajv2020({ strict: false, logger: false });
addFormats.default(ajv);
/** What the document says of a body is wrong with it; `null` when it fits. */
const misfitOf = (body: { readonly type: string }): string | null => {
  const schema = webhookDocument[body.type]?.post.requestBody.content['application/json'].schema;
  if (schema === undefined) return `no schema of ${body.type}`;
  return ajv.validate(schema, body) ? null : ajv.errorsText();
};

interface Entry {
  readonly type: string;
  readonly when: string;
  readonly body: { readonly type: string };
}
const entries: readonly Entry[] = [
  ...page.matchAll(/^### ([a-z_]+\.[a-z_]+)\n\n([\s\S]*?)\n\n```json\n([\s\S]*?)^```/gm),
].map(([, type = '', when = '', body = '']) => ({ type, when, body: JSON.parse(body) as Entry['body'] }));

/** Every stored event there is, and whom it may be told. */
const goldenEvents = globSync('test/events/golden/*.json', { cwd: projectRoot }).map(
  (file) => (JSON.parse(readText(file)) as { readonly current: LedgerEvent }).current,
);
const audiences = {
  'that no warehouse limits': {},
  'that is limited to one warehouse': { warehouseIds: ['BER'] },
};

describe('docs/webhooks.md', () => {
  it('has every message that can be subscribed to, and the test message, and no other', () => {
    expect(entries.map(({ type }) => type)).toEqual([...webhookEventTypes, 'webhook.test']);
  });

  it.each(entries)('says when $type is sent, and shows a body that fits its schema', ({ type, when, body }) => {
    expect(when.length).toBeGreaterThan(20);
    expect(body.type).toBe(type);
    if (type !== 'webhook.test') expect(misfitOf(body)).toBeNull();
  });

  it('shows the receiver that the guides run', () => {
    expect(page).toContain(`\`\`\`js\n${readText('docs/guides/receiver.mjs')}\`\`\`\n`);
  });

  it('tells what each status of a delivery means', () => {
    const [, table = ''] = /^\| status of a delivery [^\n]*\n\|[-|]*\n((?:\|.*\n)*)/m.exec(page) ?? [];
    expect([...table.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, status]) => status)).toEqual([...deliveryStatuses]);
  });

  it('tells the retry schedule that is kept', () => {
    const units = { s: 1_000, min: 60_000, h: 3_600_000 };
    const [, schedule = ''] = /Attempts are made after: ([^.]+)\./.exec(page) ?? [];
    const delays = [...schedule.matchAll(/(\d+) (s|min|h)\b/g)];
    expect(delays.map(([, count, unit]) => Number(count) * units[unit as keyof typeof units])).toEqual(attemptDelaysMs);
  });
});

/** A parcel leaves before its carrier has given it a number. */
const unlabelled = goldenEvents.flatMap((event) => {
  if (event.type !== 'OrderShipmentDispatched') return [];
  const { carrier: _, trackingNumber: __, ...data } = event.data;
  return [{ ...event, data }];
});

describe.each(Object.entries(audiences))('what is sent to an endpoint %s', (_, limits) => {
  it('has the shape that the OpenAPI document tells, whatever happened', () => {
    const audience = audienceOf(endpointWith({ eventTypes: webhookEventTypes, ...limits }));
    const bodies = [...goldenEvents, ...unlabelled].flatMap((event) =>
      messagesFor(recorded(7, event), audience)
        .filter(({ type }) => type !== 'webhook.test')
        .map((message) => JSON.parse(bodyOf(recorded(7, event), message, 1)) as Entry['body']),
    );
    expect(new Set(bodies.map(({ type }) => type)).size).toBeGreaterThan(4);
    expect(bodies.flatMap((body) => (misfitOf(body) === null ? [] : [{ body, misfit: misfitOf(body) }]))).toEqual([]);
  });
});

const heardBy = (event: LedgerEvent, endpoint: Partial<Endpoint>) =>
  messagesFor(recorded(7, event), audienceOf(endpointWith(endpoint)));

/** Ids of all the warehouses that are named in it, at any depth. */
const warehousesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    name === 'warehouseId' && typeof field === 'string' ? [field] : warehousesIn(field),
  );
};

describe.each(goldenEvents.map((event) => [event.type, event] as const))('what %s says', (_, event) => {
  it('has one message of a type at most: its id follows from the event and the type', () => {
    const types = heardBy(event, { eventTypes: webhookEventTypes }).map(({ type }) => type);
    expect(types).toEqual([...new Set(types)]);
  });

  it('is heard by an endpoint that subscribed to nothing else', () => {
    for (const message of heardBy(event, { eventTypes: webhookEventTypes })) {
      if (message.type === 'webhook.test') continue;
      expect(heardBy(event, { eventTypes: [message.type] }), message.type).toEqual([message]);
    }
  });

  it('tells an endpoint that is limited to a warehouse of no other', () => {
    const eventTypes = webhookEventTypes;
    const foreign = heardBy(event, { eventTypes, warehouseIds: ['ELSEWHERE'] });
    expect(foreign.filter(({ type }) => type !== 'webhook.test')).toEqual([]);
    for (const warehouseId of new Set(warehousesIn(event.data))) {
      const heard = heardBy(event, { eventTypes, warehouseIds: [warehouseId] });
      expect(warehousesIn(heard).filter((named) => named !== warehouseId)).toEqual([]);
    }
  });
});
