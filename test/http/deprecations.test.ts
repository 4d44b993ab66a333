/** How an operation ends: announced in each answer and in the document, and then refused (R14.2). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deprecations } from '../../src/http/deprecations.ts';
import { startMs, startService, type TestService } from '../support/service.ts';
import { arrange } from './arrange.ts';

const dayMs = 24 * 3_600_000;
const sunsetAt = new Date(startMs + 200 * dayMs).toISOString();
const example = {
  deprecatedAt: new Date(startMs - dayMs).toISOString(),
  sunsetAt,
  guide: 'https://docs.example.invalid/versions#listItems',
};

let service: TestService;
beforeAll(async () => {
  service = await startService({ deprecations: { listItems: example, adjustInventory: example } });
  await arrange(service, { BER: { CHAIR: 5 } });
});
afterAll(() => service.close());

const adjust = () =>
  service.as('sandbox-admin').post('/v1/warehouses/BER/inventory/CHAIR/adjustments', { delta: 1, reason: 'found' });

const announced = {
  deprecation: `@${Math.floor(Date.parse(example.deprecatedAt) / 1_000)}`,
  sunset: new Date(sunsetAt).toUTCString(),
  link: expect.stringContaining(`<${example.guide}>; rel="deprecation"`) as string,
};

describe('an operation that is about to end', () => {
  it('works, and says in each answer since when, until when, and what to do instead (RFC 9745, RFC 8594)', async () => {
    const [read, command] = [await service.as('sandbox-admin').get('/v1/items'), await adjust()];
    expect([read.status, command.status]).toEqual([200, 201]);
    for (const { headers } of [read, command]) expect(headers).toMatchObject(announced);
    const refused = await service.as(null).get('/v1/items');
    expect(refused).toMatchObject({ status: 401, headers: announced });
  });

  it('says so beside the link to the next page', async () => {
    const admin = service.as('sandbox-admin');
    for (const sku of ['CHAIR', 'TABLE'])
      expect((await admin.put(`/v1/items/${sku}`, { name: sku, attributes: {}, boxes: [] })).status).toBe(200);
    await service.settled();
    const { link = '' } = (await admin.get('/v1/items?limit=1')).headers;
    expect(link).toMatch(
      /^<https:\/\/docs[^>]*>; rel="deprecation"; type="text\/html", <\/v1\/items\?[^>]*>; rel="next"$/,
    );
  });

  it('is marked in the document, and others are not', () => {
    const { paths } = service.document;
    const marked = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .filter((operation) => 'deprecated' in operation)
      .map(({ operationId }) => operationId);
    expect(marked.sort()).toEqual(['adjustInventory', 'listItems']);
    expect(Object.keys(paths['/v1/items']?.get?.responses ?? {})).toContain('410');
  });

  it('leaves other operations as they are', async () => {
    const { headers } = await service.as('sandbox-admin').get('/v1/warehouses');
    expect([headers.deprecation, headers.sunset]).toEqual([undefined, undefined]);
  });

  it('is refused from that time on, whoever asks, and nothing is recorded', async () => {
    service.clock.pass(200 * dayMs - 1);
    expect((await adjust()).status).toBe(201);
    service.clock.pass(1);
    const before = await service.countEvents();
    expect(await adjust()).toMatchObject({ status: 410, body: { code: 'NO_LONGER_SERVED' }, headers: announced });
    expect((await service.as(null).get('/v1/items')).status).toBe(410);
    expect(await service.countEvents()).toBe(before);
    expect((await service.as('sandbox-admin').get('/v1/warehouses')).status).toBe(200);
  });
});

describe('the deprecations of this release', () => {
  it('leave half a year at least, and say where to read on', () => {
    for (const each of Object.values(deprecations)) {
      expect(Date.parse(each.sunsetAt) - Date.parse(each.deprecatedAt)).toBeGreaterThanOrEqual(182 * dayMs);
      expect(URL.canParse(each.guide)).toBe(true);
    }
  });
});
