/** Keys that name and throttle a client's programs, and open nothing (R4.2). */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { openAccessLog } from '../../src/infra/accessLog/accessLog.ts';
import { loadAccessLogKey } from '../../src/infra/keys/keyFiles.ts';
import { isCommand, operationsOf } from '../support/documented.ts';
import { type Answer, type Claims, openService, startMs, type TestService } from '../support/service.ts';
import { since } from './arrange.ts';
import { bodySchemaOf, exampleOf, urlOf } from './requests.ts';

const path = '/v1/api-keys';
const dayMs = 24 * 3_600_000;
const clientId = 'shop';
const shop: Claims = { sub: clientId, client_id: clientId, roles: ['service'], scope: 'inventory:read orders:read' };

const issue = async (service: TestService, wanted: object = {}, headers = {}): Promise<Answer> => {
  const made = await service.as('sandbox-admin').post(path, { clientId, ...wanted }, headers);
  expect(made.status, made.text).toBe(201);
  return made;
};
const issueKey = async (service: TestService, wanted: object = {}): Promise<string> =>
  (await issue(service, wanted)).body.key as string;

const ask = (service: TestService, key: string, claims: Claims = shop): Promise<Answer> =>
  service.as(claims).get('/v1/warehouses', { 'x-api-key': key });
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** As docs/identity.md describes it. */
const checksumOf = (text: string): string => {
  let [left, made] = [crc32(text), ''];
  while (made.length < 6) {
    made = `${digits[left % 62]}${made}`;
    left = Math.floor(left / 62);
  }
  return made;
};
const notValid = { status: 401, body: { code: 'API_KEY_NOT_VALID' } };

/** As after a crash: what was recorded is in the log, and the answer to it is nowhere. */
const keepingNoAnswers = ({ idempotencyRecords }: Adapters): Partial<Adapters> => ({
  idempotencyRecords: { ...idempotencyRecords, save: async () => undefined },
});

describe('a key', () => {
  it('is told once, with a prefix, its id and a checksum; lists do not have it', async () => {
    const service = await openService();
    const made = await issue(service, { name: 'Stock sync', requestsPerMinute: 60 });
    const { key, ...shown } = made.body;
    expect(shown).toEqual({
      keyId: expect.any(String),
      clientId,
      name: 'Stock sync',
      requestsPerMinute: 60,
      issuedAt: new Date(startMs).toISOString(),
      expiresAt: new Date(startMs + 90 * dayMs).toISOString(),
    });
    expect(key).toMatch(new RegExp(`^slk_${shown.keyId}_[0-9A-Za-z]{49}$`));
    const admin = service.as('sandbox-admin');
    const other = await issue(service, { clientId: 'erp', expiresInDays: 1 });
    const listed = await admin.get(`${path}?clientId=${clientId}`, since(other));
    expect(listed.body.items).toEqual([{ ...shown, revokedAt: null, lastUsedAt: null }]);
    expect((await admin.get(path)).body.items).toHaveLength(2);
    expect(listed.text).not.toContain('digest');
  });

  it('opens nothing by itself: every operation there is answers as without it', async () => {
    const service = await openService();
    const key = await issueKey(service);
    const before = await service.countEvents();
    const nobody = service.as(null);
    const operations = operationsOf(service.document);
    expect(operations.length).toBeGreaterThan(40);
    for (const documented of operations) {
      const schema = bodySchemaOf(documented);
      const body = schema === undefined ? {} : { body: exampleOf(schema, service.document) };
      const headers = { 'x-api-key': key, ...(isCommand(documented) ? { 'idempotency-key': randomUUID() } : {}) };
      for (const authorization of [null, `Bearer ${key}`, `ApiKey ${key}`]) {
        const sent = { ...body, headers: { ...headers, authorization } };
        const answer = await nobody.request(documented.method, urlOf(documented), sent);
        expect(answer, documented.operation.operationId).toMatchObject({
          status: 401,
          body: { code: 'UNAUTHENTICATED' },
        });
      }
    }
    expect(await service.countEvents()).toBe(before);
  });

  it('adds nothing to what the token may', async () => {
    const service = await openService();
    const key = await issueKey(service);
    const answer = await service.as(shop).get(path, { 'x-api-key': key });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING' } });
  });

  it('is taken beside a token of its client at once, also before a read model has seen it', async () => {
    const service = await openService({ running: false });
    const key = await issueKey(service);
    expect((await ask(service, key)).status).toBe(200);
  });

  it('of another client, mistyped, cut, made up or sent twice is not valid', async () => {
    const service = await openService();
    const key = await issueKey(service);
    await service.settled();
    expect(await ask(service, key, { ...shop, sub: 'erp', client_id: 'erp' })).toMatchObject(notValid);
    const flipped = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    const other = await issueKey(service, { clientId: 'erp' });
    const [, id] = key.split('_');
    const [, , secret] = other.split('_');
    for (const wrong of [flipped, key.slice(0, -1), `${key}0`, 'slk_', `${key} x`, `${key}, ${key}`, other]) {
      const answer = await ask(service, wrong);
      expect(answer, wrong).toMatchObject(notValid);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="stockledger"');
      expect(answer.text).not.toContain('slk_');
    }
    expect(await ask(service, `slk_${id}_${secret}`)).toMatchObject(notValid);
    expect((await ask(service, key)).status).toBe(200);
    // Gateways have keys of their own under this name, and pass them on.
    for (const foreign of ['gateway-plan-7', '']) expect((await ask(service, foreign)).status, foreign).toBe(200);
  });

  it('with the right id and checksum and another secret is not valid', async () => {
    const service = await openService();
    const { keyIdOf } = service.adapters.apiKeyTexts;
    const key = await issueKey(service);
    const before = `${key.slice(0, -49)}${'0'.repeat(43)}`;
    const forged = `${before}${checksumOf(before)}`;
    expect(keyIdOf(forged)).toBe(keyIdOf(key));
    expect(await ask(service, forged)).toMatchObject(notValid);
    // The same when the key was looked up a moment ago.
    expect((await ask(service, key)).status).toBe(200);
    expect(await ask(service, forged)).toMatchObject(notValid);
  });

  it('of another service is not valid, as its pepper is another', async () => {
    const [service, stranger] = [await openService(), await openService()];
    const foreign = await issueKey(stranger);
    expect(service.adapters.apiKeyTexts.keyIdOf(foreign)).not.toBeNull();
    expect(await ask(service, foreign)).toMatchObject(notValid);
  });

  it('ends at its time, also for a process that has just looked it up', async () => {
    const service = await openService();
    const key = await issueKey(service, { expiresInDays: 1 });
    service.clock.pass(dayMs - 1);
    expect((await ask(service, key)).status).toBe(200);
    service.clock.pass(1);
    expect(await ask(service, key)).toMatchObject(notValid);
  });

  it('is revoked at once, within ten seconds where it is in use, and for good', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const used = await issue(service);
    const unused = await issue(service);
    expect((await ask(service, used.body.key)).status).toBe(200);
    for (const { body } of [used, unused]) expect((await admin.del(`${path}/${body.keyId}`)).status).toBe(204);
    await service.settled();
    expect(await ask(service, unused.body.key)).toMatchObject(notValid);
    expect((await ask(service, used.body.key)).status).toBe(200);
    service.clock.pass(10_000);
    expect(await ask(service, used.body.key)).toMatchObject(notValid);
    const before = await service.countEvents();
    expect((await admin.del(`${path}/${used.body.keyId}`)).status).toBe(204);
    expect(await service.countEvents()).toBe(before);
    const listed = await admin.get(path);
    expect(listed.body.items.map((each: { revokedAt: string | null }) => each.revokedAt)).toEqual(
      [startMs, startMs].map((at) => new Date(at).toISOString()),
    );
  });

  it('is not said to be absent before the read model could have it', async () => {
    const service = await openService({ running: false });
    const { keyId } = (await issue(service)).body;
    const revoke = () => service.as('sandbox-admin').del(`${path}/${keyId}`);
    expect(await revoke()).toMatchObject({ status: 503, body: { code: 'NOT_CAUGHT_UP' } });
    service.start();
    await service.settled();
    expect((await revoke()).status).toBe(204);
  });

  it('that is not there can not be revoked', async () => {
    const service = await openService();
    const gone = await service.as('sandbox-admin').del(`${path}/0000000000000000`);
    expect(gone).toMatchObject({ status: 404, body: { code: 'API_KEY_NOT_FOUND' } });
  });
});

describe('a client', () => {
  it('has two live keys, so that one takes the place of the other, and no third', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const [first, second] = [await issue(service), await issue(service)];
    expect(await admin.post(path, { clientId })).toMatchObject({ status: 409, body: { code: 'TOO_MANY_API_KEYS' } });
    for (const { body } of [first, second]) expect((await ask(service, body.key)).status).toBe(200);
    expect((await admin.del(`${path}/${first.body.keyId}`)).status).toBe(204);
    await issue(service);
    await issue(service, { clientId: 'erp' });
  });
});

describe('the request that issues a key', () => {
  it('tells the same key when it is sent again, also where its answer was not kept', async () => {
    const service = await openService({ adapt: keepingNoAnswers });
    const kept = await openService();
    for (const each of [service, kept]) {
      const headers = { 'idempotency-key': 'issue-1' };
      const first = await issue(each, {}, headers);
      await each.app.flushAnswers();
      each.clock.pass(60_000);
      const again = await issue(each, {}, headers);
      expect(again.body).toEqual(first.body);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect((await issue(each)).body.key).not.toBe(first.body.key);
    }
  });

  it('is refused for another client, also where the first answer was not kept', async () => {
    const service = await openService({ adapt: keepingNoAnswers });
    const headers = { 'idempotency-key': 'issue-1' };
    await issue(service, {}, headers);
    await service.app.flushAnswers();
    const other = await service.as('sandbox-admin').post(path, { clientId: 'erp' }, headers);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('tells no key when it is only tried out', async () => {
    const service = await openService();
    const tried = await service.as('sandbox-admin').post(`${path}?dryRun=true`, { clientId });
    expect(tried.status).toBe(200);
    expect(tried.text).not.toContain('slk_');
  });

  it('is the same request with another key, or with none', async () => {
    const service = await openService();
    const admin = service.as('sandbox-admin');
    const key = await issueKey(service, { clientId: 'sandbox-admin' });
    const send = (headers: object) => admin.post(path, { clientId }, { 'idempotency-key': 'one', ...headers });
    const first = await send({ 'x-api-key': key });
    expect((await send({})).body).toEqual(first.body);
  });
});

describe('the quota of a key', () => {
  it('ends what it may, and says so in the headers; requests without it go on', async () => {
    const service = await openService({ requestsPerMinute: 100 });
    const key = await issueKey(service, { requestsPerMinute: 3 });
    const first = await ask(service, key);
    expect(first.headers['ratelimit-policy']).toContain('"key";q=3;w=60');
    expect(first.headers.ratelimit).toMatch(/"key";r=2;t=\d+/);
    expect(first.headers.ratelimit).toContain('"caller";r=99');
    for (const status of [200, 200, 429]) expect((await ask(service, key)).status).toBe(status);
    expect((await service.as(shop).get('/v1/warehouses')).status).toBe(200);
    service.clock.pass(120_000);
    expect((await ask(service, key)).status).toBe(200);
  });

  it('is that of a caller where it has none of its own, for all callers of the client together', async () => {
    const service = await openService({ requestsPerMinute: 20 });
    const key = await issueKey(service);
    for (let at = 0; at < 20; at += 1) {
      const person = { ...shop, sub: `person-${at % 2}` };
      expect((await ask(service, key, person)).status).toBe(200);
    }
    expect((await ask(service, key, { ...shop, sub: 'person-2' })).status).toBe(429);
  });

  it('of an address ends guesses', async () => {
    const service = await openService({ requestsPerMinute: 100 });
    const guess = await issueKey(await openService());
    for (let at = 0; at < 10; at += 1) expect((await ask(service, guess)).status).toBe(401);
    expect((await ask(service, guess)).status).toBe(429);
  });
});

describe('the last use', () => {
  it('is shown, to a minute, and is no event', async () => {
    const service = await openService();
    const key = await issueKey(service);
    await service.settled();
    const before = await service.countEvents();
    const lastUsedAt = async (): Promise<string | null> =>
      (await service.as('sandbox-admin').get(path)).body.items[0].lastUsedAt;
    await ask(service, key);
    await expect.poll(lastUsedAt).toBe(new Date(startMs).toISOString());
    service.clock.pass(59_999);
    await ask(service, key);
    expect(await lastUsedAt()).toBe(new Date(startMs).toISOString());
    service.clock.pass(1);
    await ask(service, key);
    await expect.poll(lastUsedAt).toBe(new Date(startMs + 60_000).toISOString());
    expect(await service.countEvents()).toBe(before);
  });
});

it('a key is looked up once in ten seconds, and what has none is not looked up', async () => {
  let looks = 0;
  const service = await openService({
    adapt: ({ documents }) => ({
      documents: {
        ...documents,
        get: (collection, id) => {
          if (collection.startsWith('api_key')) looks += 1;
          return documents.get(collection, id);
        },
      },
    }),
  });
  const key = await issueKey(service);
  await service.settled();
  await service.as(shop).get('/v1/warehouses');
  expect(looks).toBe(0);
  for (let at = 0; at < 5; at += 1) await ask(service, key);
  // One for the key, one for what is known of its last use.
  await expect.poll(() => looks).toBe(2);
});

it('no file and no line of a log has the text of a key', async () => {
  const lines: string[] = [];
  const into = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const service = await openService({ adapt: () => ({ logger: pino({ level: 'trace' }, into) }) });
  const directory = join(service.dataDir, 'access-log');
  const log = await openAccessLog({
    directory,
    keptDays: 1,
    key: await loadAccessLogKey(service.dataDir, undefined, false),
    nowMs: Date.now,
    onFailure: (error) => {
      throw error;
    },
  });
  const logged = await openService({ adapt: () => ({ accessLog: log, logger: pino({ level: 'trace' }, into) }) });
  for (const each of [service, logged]) {
    const key = await issueKey(each);
    await ask(each, key);
    await ask(each, `${key}0`);
    await each.settled();
    await each.app.flushAnswers();
    await log.flush();
    const [, keyId = '', secret = ''] = key.split('_');
    const names = await readdir(each.dataDir, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
    // What is looked for can be found: the id of the key is there.
    expect(bytes.includes(keyId)).toBe(true);
    expect(bytes.includes(secret)).toBe(false);
    expect(lines.join('')).not.toContain(secret);
  }
  const written = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')));
  expect(written.join('')).toContain('API_KEY_NOT_VALID');
  expect(written.join('')).not.toContain('slk_');
  await log.close();
});
