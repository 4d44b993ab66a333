/** The contract, operation by operation: made from the document, so that a new route is covered by being documented. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Operation, policies } from '../../src/domain/access/policy.ts';
import { skuFault } from '../../src/domain/values.ts';
import { buildApp } from '../../src/http/app.ts';
import { commonProblems } from '../../src/http/problems/commonProblems.ts';
import { problems } from '../../src/http/problems/problemCodes.ts';
import { type Documented, isCommand, operationsOf } from '../support/documented.ts';
import { servedRoutes } from '../support/servedRoutes.ts';
import { type Answer, allScopes, type RequestHeaders, startMs, startService, steppedUp } from '../support/service.ts';
import { arrange } from './arrange.ts';
import { bodySchemaOf, exampleOf, type Json, spoil, urlOf } from './requests.ts';

const service = await startService();
afterAll(() => service.close());

const { document } = service;
const admin = service.as('sandbox-admin');
await arrange(service, { BER: { 'TABLE-OAK-160': 100 } });

const operations = operationsOf(document).map((documented) => ({
  name: documented.operation.operationId,
  documented,
}));
const queriesOf = ({ operation }: Documented) => operation.parameters?.filter((each) => each.in === 'query') ?? [];
const commands = operations.filter(({ documented }) => isCommand(documented));
const withBody = operations.filter(({ documented }) => bodySchemaOf(documented) !== undefined);
const reads = operations.filter(({ documented }) => !isCommand(documented));
const posts = commands.filter(({ documented }) => documented.method === 'POST');
const withParameter = (name: string) =>
  reads.filter(({ documented }) => queriesOf(documented).some((each) => each.name === name));
const withId = operations.filter(({ documented }) => documented.path.includes('{'));

/** A stream never ends, so its good answers are the business of `stream.test.ts`. */
const isEndless = ({ operation }: Documented): boolean =>
  'text/event-stream' in (operation.responses[200]?.content ?? {});

const validBody = (documented: Documented): Json | undefined => {
  const schema = bodySchemaOf(documented);
  return schema === undefined ? undefined : exampleOf(schema, document);
};

const isSku = (text: string): boolean => skuFault(text) === null;
const needsIfMatch = ({ operation }: Documented): boolean => operation.responses[428] !== undefined;

interface Sent {
  readonly body?: unknown;
  readonly headers?: RequestHeaders;
  readonly url?: string;
}
/** Of every role that may; where no program may, a person. */
const callerOf = ({ operation }: Documented): Parameters<typeof service.as>[0] =>
  'peopleOnly' in policies[operation.operationId as Operation]
    ? { sub: 'ada', client_id: 'console', roles: ['admin'], scope: allScopes, ...steppedUp(startMs) }
    : 'sandbox-admin';
const ask = (documented: Documented, sent: Sent = {}, who = callerOf(documented)) =>
  service.as(who).request(documented.method, sent.url ?? urlOf(documented), {
    body: 'body' in sent ? sent.body : validBody(documented),
    headers: { ...(needsIfMatch(documented) ? { 'if-match': '"0"' } : {}), ...sent.headers },
  });

const isProblem = ({ headers, body, status }: Answer): boolean =>
  headers['content-type'] === 'application/problem+json' && body.status === status && body.code in problems;

/** Sends what must be refused. The client has checked the answer against the document; the log must be as it was. */
const refuses = async (send: () => Promise<Answer>, status: number | readonly number[]): Promise<Answer> => {
  const before = await service.countEvents();
  const answer = await send();
  expect([status].flat(), answer.text).toContain(answer.status);
  expect(isProblem(answer), answer.text).toBe(true);
  expect(await service.countEvents()).toBe(before);
  return answer;
};

describe.each(operations)('$name', ({ name, documented }) => {
  it('answers 401 without a token, and with one that nobody signed (R7.2)', async () => {
    await refuses(() => ask(documented, {}, null), 401);
    const [header, claims] = (await service.tokenFor('sandbox-admin')).split('.');
    const unsigned = `${header}.${claims}`;
    const broken = [`${unsigned}.AAAA`, `${unsigned}.`, 'x', 'a b', '..', '\u00fc.\u00fc.\u00fc', `"${unsigned}.AAAA"`];
    const tokens = broken.map((token) => `Bearer ${token}`);
    for (const authorization of [...tokens, 'Bearer', 'Bearer  ', 'Basic c2FuZGJveDpzYW5kYm94', '']) {
      const answer = await refuses(() => ask(documented, { headers: { authorization } }), 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="stockledger"/);
    }
  });

  it('answers 403 to a token without its scope, and names the scope (R4.3)', async () => {
    const needed: readonly string[] = policies[name as Operation].scopes;
    const others = allScopes.split(' ').filter((scope) => scope !== 'admin' && !needed.includes(scope));
    const roles = [...policies[name as Operation].roles];
    const answer = await refuses(() => ask(documented, {}, { roles, scope: others.join(' ') }), 403);
    expect(answer.body.code).toBe('SCOPE_MISSING');
    expect(answer.headers['www-authenticate']).toContain(`scope="${needed.join(' ')}"`);
  });

  it('refuses an unknown query parameter (R6.4)', async () => {
    const answer = await refuses(() => ask(documented, { url: `${urlOf(documented)}?notAParameter=1` }), 400);
    expect(answer.body.errors).toContainEqual({
      pointer: '/querystring/notAParameter',
      message: 'is not a known field',
    });
  });

  it('is what the example in the document asks for', async () => {
    if (isEndless(documented)) return;
    const url = isCommand(documented) ? `${urlOf(documented)}?dryRun=true` : urlOf(documented);
    const answer = await ask(documented, { url });
    // What the example names may not be there or not do as it is; but the example itself has the right shape.
    expect([200, 207, 404, 409, 422], answer.text).toContain(answer.status);
  });
});

describe.each(withId)('$name, by an id', ({ documented }) => {
  const strange: readonly (readonly [string, string])[] = [
    ['of another alphabet', '%20'],
    ['that climbs', '..%2f..%2fetc'],
    ['of a query', '%7B%22%24gt%22%3A%22%22%7D'],
    ['too long for a name', 'a'.repeat(101)],
    ['with a byte that ends texts', 'a%00b'],
  ];
  const names = [...documented.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

  it.each(strange)('refuses one %s (R6.2)', async (_, id) => {
    for (const name of names) {
      // An SKU may be nearly anything.
      if (name === 'sku' && isSku(decodeURIComponent(id))) continue;
      await refuses(() => ask(documented, { url: urlOf(documented, { [name]: id }) }), [400, 404]);
    }
  });

  it('says "not found" for what is not there', async () => {
    if (isEndless(documented) || ['putWarehouse', 'putItem'].includes(documented.operation.operationId)) return;
    const unknown = { warehouseId: 'NOWHERE', sku: 'NOTHING', orderId: '01939d1a-6f0a-7cc1-9a54-000000000000' };
    const url = urlOf(documented, unknown);
    await refuses(() => ask(documented, { url, headers: { 'if-match': null } }), needsIfMatch(documented) ? 428 : 404);
    if (!isCommand(documented)) return;
    const answer = await refuses(() => ask(documented, { url, headers: { 'if-match': '"0"' } }), [404, 412]);
    if (answer.status === 412) expect(answer.body).toMatchObject({ currentRevision: null, events: [] });
  });
});

describe.each(withBody)('$name, by its body', ({ documented }) => {
  const schema = bodySchemaOf(documented)!;
  const body = validBody(documented) ?? null;

  it('answers 415 to another content type', async () => {
    const types = [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
    ];
    for (const type of types) await refuses(() => ask(documented, { headers: { 'content-type': type } }), 415);
  });

  it('answers 400 to what is not JSON, and to nothing', async () => {
    const texts = ['{"a":', 'null', '[]', '"text"', '', '{"a":1}}', "{'a':1}", '\u0000', '{"a":NaN}'];
    for (const text of texts) await refuses(() => ask(documented, { body: text }), 400);
    await refuses(() => ask(documented, { body: undefined }), [400, 415]);
  });

  it('answers 413 to more than it takes', async () => {
    await refuses(() => ask(documented, { body: `{"a":"${'a'.repeat(2 * 1_024 * 1_024)}"}` }), 413);
  });

  it('survives JSON that is 100,000 levels deep', async () => {
    const depth = 100_000;
    for (const text of [`${'['.repeat(depth)}${']'.repeat(depth)}`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`]) {
      await refuses(() => ask(documented, { body: text }), [400, 413]);
    }
  });

  it('refuses every value that is not as documented, and points at it (R6.1, R6.2, R7.7)', async () => {
    const spoiled = spoil(body, schema, document);
    expect(spoiled.length).toBeGreaterThan(10);
    for (const { what, pointer, body: wrong } of spoiled) {
      // Rows of a bulk change are answered one by one, below.
      if (pointer.startsWith('/changes/0')) continue;
      // A body of one short text is read no further than that text can be.
      const answer = await refuses(() => ask(documented, { body: wrong }), [400, 413]).catch((error: unknown) => {
        throw new Error(`${what}: ${JSON.stringify(wrong).slice(0, 500)}`, { cause: error });
      });
      if (answer.body.code !== 'VALIDATION') continue;
      const pointers: readonly string[] = answer.body.errors.map((each: { pointer: string }) => each.pointer);
      expect(
        pointers.some((each) => each.startsWith(pointer)),
        `${what}: ${answer.text}`,
      ).toBe(true);
    }
  });
});

describe.each(posts)('$name', ({ documented }) => {
  it('needs an Idempotency-Key that is one', async () => {
    for (const key of [null, '', 'ä', 'a b', 'a'.repeat(256)]) {
      const answer = await refuses(() => ask(documented, { headers: { 'idempotency-key': key } }), 400);
      expect(answer.body.code).toBe('IDEMPOTENCY_KEY_MISSING');
    }
  });
});

describe.each(commands.filter(({ documented }) => documented.method !== 'POST'))('$name', ({ documented }) => {
  it('needs no Idempotency-Key, but one that is sent must be one', async () => {
    for (const key of ['', 'ä', 'a b', 'a'.repeat(256)]) {
      const answer = await refuses(() => ask(documented, { headers: { 'idempotency-key': key } }), 400);
      expect(answer.body.code).toBe('IDEMPOTENCY_KEY_MISSING');
    }
  });
});

describe.each(commands)('$name', ({ documented }) => {
  it('refuses an If-Match that holds no entity tags', async () => {
    for (const tag of ['7', '"7', 'W/7', 'x, y', '"7" "8"', '"7",']) {
      const answer = await refuses(() => ask(documented, { headers: { 'if-match': tag } }), [400, 404]);
      expect(['INVALID_REVISION', answer.status === 404 ? answer.body.code : '']).toContain(answer.body.code);
    }
  });

  it('does nothing for an If-Match that matches nothing (RFC 9110 §13.1.1)', async () => {
    // The rows of a bulk change say for themselves what they have seen.
    if (documented.operation.operationId === 'changeInventory') return;
    for (const tag of ['W/"0"', '"1000007", "1000008"', '"x"', '""', '"-1"']) {
      await refuses(() => ask(documented, { headers: { 'if-match': tag } }), [404, 409, 412, 422]);
    }
  });

  it('refuses a dryRun that is neither true nor false', async () => {
    for (const value of ['yes', '2', 'null'])
      await refuses(() => ask(documented, { url: `${urlOf(documented)}?dryRun=${value}` }), 400);
  });
});

describe.each(reads)('$name', ({ documented }) => {
  it('refuses a position that is not one of ours', async () => {
    for (const position of ['X', '-1', '1.5', '1/2', '', 'z'.repeat(13), '9'.repeat(400)]) {
      const answer = await refuses(() => ask(documented, { headers: { 'stockledger-min-position': position } }), 400);
      expect(answer.body.code).toBe('INVALID_POSITION');
    }
  });

  it('refuses query parameters that are not as documented', async () => {
    for (const { name, schema } of queriesOf(documented)) {
      const url = `${urlOf(documented)}?${name}`;
      await refuses(() => ask(documented, { url: `${url}[$gt]=` }), 400);
      if (schema.pattern === undefined && schema.format === undefined && schema.enum === undefined) continue;
      for (const value of ['', "'; DROP TABLE events; --", '%00', '[$gt]=1']) {
        // Nearly any text may be one of these.
        if (['sku', 'printable'].includes(String(schema.format)) && isSku(decodeURIComponent(value))) continue;
        if (typeof schema.pattern === 'string' && new RegExp(schema.pattern).test(decodeURIComponent(value))) continue;
        await refuses(() => ask(documented, { url: `${url}=${value}` }), 400);
      }
    }
    // A route without parameters refuses the one that it does not know.
    await refuses(() => ask(documented, { url: `${urlOf(documented)}?[$where]=1` }), 400);
  });
});

describe.each(withParameter('limit'))('$name, in pages', ({ documented }) => {
  it('refuses a limit out of its bounds', async () => {
    for (const limit of ['0', '-1', '501', '1.5', 'x', '', '1e9']) {
      await refuses(() => ask(documented, { url: `${urlOf(documented)}?limit=${limit}` }), 400);
    }
  });

  it('refuses a cursor that is not one of its own', async () => {
    for (const cursor of ['x', 'W10', 'eyJhIjoxfQ', '..%2f', 'a'.repeat(1_025)]) {
      const answer = await refuses(() => ask(documented, { url: `${urlOf(documented)}?cursor=${cursor}` }), [400, 404]);
      if (answer.status === 404) expect(documented.path).toContain('{endpointId}');
    }
  });
});

describe('the document', () => {
  it('has a line in the policy table for each operation, and the other way round', () => {
    const documented = operations.map(({ name }) => name).sort();
    const known = Object.keys(policies).filter((name) => name !== 'getMetrics');
    expect(documented).toEqual(known.sort());
  });

  it('says of each operation which scopes open it', () => {
    for (const { name, documented } of operations) {
      const { security } = documented.operation as { security?: unknown };
      const { scopes } = policies[name as Operation];
      // A key comes beside a token, and never in its place.
      expect(security, name).toEqual([{ oauth: scopes }, { oauth: scopes, apiKey: [] }]);
    }
  });

  it('lists the routes that are served, and no others (R7.8, R15.1)', () => {
    const served = servedRoutes(service.app);
    const documented = operations.map(({ documented: { method, path } }) => `${method} ${path}`);
    // Carriers send in a shape of their own, with a signature of their own: docs/couriers.md tells it.
    const ofCarriers = 'POST /v1/carriers/{carrier}/webhook';
    const forClients = served.filter((route) => route.includes(' /v1/') && route !== ofCarriers);
    expect(served).toContain(ofCarriers);
    expect(forClients.sort()).toEqual(documented.sort());
  });

  it('knows every problem code, apart from those that belong to no operation', () => {
    const told = new Set(
      operations.flatMap(({ documented }) =>
        Object.values(documented.operation.responses).flatMap(({ content }) => {
          const [, narrowed] = (content?.['application/problem+json']?.schema.allOf ?? []) as readonly [
            unknown?,
            { properties: { code: { enum: readonly string[] } } }?,
          ];
          return narrowed?.properties.code.enum ?? [];
        }),
      ),
    );
    const untold = Object.keys(problems).filter((code) => !told.has(code));
    // The first answers the allocation policy, never a client; the others are about what no operation is asked by.
    expect(untold.sort()).toEqual([
      'ALLOCATION_EXCEEDS_DEMAND',
      'CARRIER_NOT_FOUND',
      'CARRIER_SIGNATURE_INVALID',
      'METHOD_NOT_ALLOWED',
      'NO_LONGER_SERVED',
      'ROUTE_NOT_FOUND',
    ]);
    for (const code of commonProblems) expect(told).toContain(code);
  });

  it('is not served with a route that the policy table does not know: the service does not start', async () => {
    const { useCases, readModels, adapters } = service;
    const consumers = readModels.all;
    const settings = {
      hasApi: true,
      publicUrl: 'http://x',
      issuer: 'http://x',
      version: '0',
      requestsPerMinute: 1,
      trustedProxies: [],
    };
    const checkWebhookTarget = adapters.sender.checkTarget;
    const isPrepared = (): boolean => true;
    const carrierPorts = {
      webhookOf: () => null,
      take: () => Promise.reject(new Error()),
      away: async () => new Map(),
    };
    const app = await buildApp({
      carrierPorts,
      measured: () => [],
      behindMs: () => 0,
      ...adapters,
      isPrepared,
      findRequest: undefined,
      isCaughtUp: isPrepared,
      useCases,
      readModels,
      consumers,
      checkWebhookTarget,
      settings,
    });
    const handler = async (): Promise<string> => 'open to everyone';
    expect(() => app.get('/v1/secrets', handler)).toThrow('/v1/secrets has no line in the policy table');
    // What every object has is no line of the table.
    expect(() => app.get('/v1/secrets', { config: { operation: 'toString' as never } }, handler)).toThrow('no line');
    // Whose it is by its path, and whose by its line, are one.
    const asWarehouse = { config: { operation: 'getWarehouse' as const } };
    expect(() => app.get('/v1/orders/:orderId/secrets', asWarehouse, handler)).toThrow('":orderId" is of: order, and');
    expect(() => app.get('/v1/things/:thingId', asWarehouse, handler)).toThrow('whose is ":thingId"?');
    await app.close();
  });

  it('answers 404 as a problem where there is nothing, and 405 for another method', async () => {
    const answer = await refuses(() => admin.get('/v1/nothing-here'), 404);
    expect(answer.body.code).toBe('ROUTE_NOT_FOUND');
    const other = await refuses(() => admin.request('PATCH', '/v1/orders', { body: {} }), 405);
    expect(other.headers.allow).toContain('POST');
  });
});
