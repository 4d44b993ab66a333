/** A request says one thing only, to every reader: UTF-8, no member twice, no text that shows as another (RFC 7493). */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readStrictJson } from '../../src/http/input/body.ts';
import { type Documented, operationsOf } from '../support/documented.ts';
import { startService } from '../support/service.ts';
import { arrange } from './arrange.ts';
import { bodySchemaOf, exampleOf, urlOf } from './requests.ts';

const service = await startService();
afterAll(() => service.close());
await arrange(service, { BER: { 'TABLE-OAK-160': 100 } });
const admin = service.as('sandbox-admin');

const read = (text: string) => readStrictJson(Buffer.from(text));

describe('a body', () => {
  it('is read as JSON.parse reads it, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: true, maxDepth: 5 }),
        fc.constantFrom(undefined, 1, '\t'),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          // A quote within a text is escaped, so this is a name.
          if (text.includes('"__proto__":')) expect(read(text)).toHaveProperty('pointer');
          else expect(read(text)).toEqual({ value: JSON.parse(text) });
        },
      ),
    );
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":[{"c":1,"d":":","c":2}]}}',
    '[{"__proto__":1,"__proto__":2}]',
    '{"\\"":1,"\\"":2}',
  ])('that names a member twice is none: %s', (text) => {
    expect(read(text)).toMatchObject({ fault: expect.stringContaining('twice') });
  });

  it.each(['{"a":1,"b":{"a":1}}', '[{"a":1},{"a":1}]', '{"a:b":":","\\\\":"\\":\\""}', '{"":{"":1}}', '\ufeff{"a":1}'])(
    'that repeats a name elsewhere is one: %s',
    (text) => {
      expect(read(text)).toHaveProperty('value');
    },
  );

  it.each(['"\\ud800"', '{"\\udc00a":1}', '"\\u0000"', '["\\u202e"]', '"\u2066"', '{"a":"\u202a"}'])(
    'that shows as another text than it is, is refused: %j',
    (text) => {
      expect(read(text)).toHaveProperty('pointer');
    },
  );

  it('points at a member that is named __proto__', () => {
    expect(read('{"a":[{"__proto__":{}}]}')).toMatchObject({ pointer: '/a/0/__proto__' });
  });

  it.each(['"\\ud83e\\ude91"', '"\u200f\u200d"', '"ü"', '"\\n"'])('of any script is taken: %j', (text) => {
    expect(read(text)).toHaveProperty('value');
  });

  it('is refused before it is parsed when it is nested deeper than any of ours', () => {
    expect(read('['.repeat(33) + ']'.repeat(33))).toMatchObject({ fault: expect.stringContaining('32 levels') });
    expect(read('['.repeat(32) + ']'.repeat(32))).toHaveProperty('value');
  });
});

const withBody = operationsOf(service.document)
  .filter((documented) => bodySchemaOf(documented) !== undefined)
  .map((documented) => ({ name: documented.operation.operationId, documented }));

const send = async (documented: Documented, payload: Buffer | string, headers: Record<string, string> = {}) => {
  const before = await service.countEvents();
  const answer = await service.app.inject({
    method: documented.method as 'POST',
    url: urlOf(documented),
    payload,
    headers: {
      authorization: `Bearer ${await service.tokenFor('sandbox-admin')}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
      'if-match': '"0"',
      ...headers,
    },
  });
  expect(await service.countEvents()).toBe(before);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  return { status: answer.statusCode, code: answer.json<{ code: string }>().code };
};

describe.each(withBody)('$name', ({ documented }) => {
  const valid = JSON.stringify(exampleOf(bodySchemaOf(documented)!, service.document));

  it('refuses bytes that are not UTF-8, and keeps nothing of them', async () => {
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from(`",${valid.slice(1)}`)]);
      expect(await send(documented, payload)).toEqual({ status: 400, code: 'MALFORMED_JSON' });
    }
    const utf16 = Buffer.from(valid, 'utf16le');
    expect(await send(documented, utf16)).toEqual({ status: 400, code: 'MALFORMED_JSON' });
  });

  it('refuses a member that comes twice', async () => {
    const [name] = Object.keys(JSON.parse(valid) as object);
    const twice = `{"${name}":null,${valid.slice(1)}`;
    expect(await send(documented, twice)).toEqual({ status: 400, code: 'MALFORMED_JSON' });
  });

  it('refuses texts that show as another, as values and as names', async () => {
    for (const text of ['\\u0000', '\\ud800', '\u202e', '\\u2069']) {
      for (const field of [`"a":"${text}"`, `"${text}":1`]) {
        expect(await send(documented, `{${field},${valid.slice(1)}`)).toEqual({ status: 400, code: 'VALIDATION' });
      }
    }
  });

  it('answers 415 to another charset, and to a packed body', async () => {
    const refused = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' };
    for (const charset of ['iso-8859-1', 'utf-16', '"UTF-7"']) {
      expect(await send(documented, valid, { 'content-type': `application/json; charset=${charset}` })).toEqual(
        refused,
      );
    }
    for (const encoding of ['gzip', 'br', 'identity']) {
      expect(await send(documented, valid, { 'content-encoding': encoding })).toEqual(refused);
    }
  });
});

describe('a path and a query', () => {
  it.each(['a%00', 'a%E2%80%AEb', '%E2%81%A6'])('with %s are refused', async (text) => {
    for (const url of [
      `/v1/items/${text}`,
      `/v1/items/${text}/availability`,
      `/v1/warehouses/BER/inventory?q=${text}`,
      `/v1/orders?${text}=1`,
      `/v1/audit/events?actor=${text}`,
    ]) {
      const answer = await admin.get(url);
      expect(answer, url).toMatchObject({ status: 400, body: { code: 'VALIDATION' } });
    }
  });

  it('take `utf8` and `UTF-8` for what they are', async () => {
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8']) {
      const { status } = await admin.post(
        '/v1/warehouses/BER/inventory/TABLE-OAK-160/adjustments',
        { delta: 1, reason: 'found' },
        { 'content-type': `application/json; charset=${charset}` },
      );
      expect(status).toBe(201);
    }
  });

  it('need no body where none is asked for, whatever the content type says', async () => {
    const answer = await admin.request('DELETE', '/v1/warehouses/BER/inventory/TABLE-OAK-160', {
      body: '',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.body.code).toBe('STOCK_NOT_EMPTY');
  });
});
