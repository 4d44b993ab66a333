/** Requests from the OpenAPI document and a seed: for every operation, by every role, with good values and hostile ones. */
import type { Dice } from '../model/dice.ts';
import { type ApiDocument, type Documented, operationsOf } from '../support/documented.ts';
import { hostileTexts, hostileValue, valueFor, type Wild } from './values.ts';

export interface FuzzRequest {
  /** A client of the sandbox, `person`, or nobody. */
  readonly who: string | null;
  readonly method: string;
  readonly url: string;
  /** As it goes out; absent: none. */
  readonly body?: string;
  readonly headers: { readonly [name: string]: string };
  /** The operation reads it. */
  readonly takesBody: boolean;
}

const callers: readonly (string | null)[] = [
  'sandbox-admin',
  'sandbox-admin',
  'sandbox-shop',
  'sandbox-staff',
  'sandbox-support',
  'sandbox-auditor',
  'sandbox-partner',
  'sandbox-customer',
  'person',
  null,
];

const textOf = (value: Wild): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** No lone surrogate can be encoded; a client's library would send what stands here. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/** A client's library would go up a folder. */
const segmentOf = (text: string): string => (['', '.', '..'].includes(encode(text)) ? 'x' : encode(text));

/** Ids of things that are there, so that not every request ends at "not found". */
export interface KnownIds {
  readonly [parameter: string]: readonly string[];
}

const pathOf = ({ path, operation }: Documented, known: KnownIds, document: ApiDocument, dice: Dice): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const ids = known[name] ?? [];
    if (ids.length > 0 && dice.chance(0.75)) return encode(dice.pick(ids));
    const parameter = operation.parameters?.find((each) => each.in === 'path' && each.name === name);
    if (parameter === undefined || dice.chance(0.1)) return segmentOf(dice.pick(hostileTexts));
    const { example = null } = parameter as { readonly example?: Wild };
    return segmentOf(textOf(valueFor(parameter.schema, document, dice, example)));
  });

const queryOf = ({ operation }: Documented, document: ApiDocument, dice: Dice): string => {
  const parameters = operation.parameters?.filter((each) => each.in === 'query' && dice.chance(0.35)) ?? [];
  const pairs = parameters.map(({ name, schema, ...rest }) => {
    const { example = null } = rest as { readonly example?: Wild };
    return `${encode(name)}=${encode(textOf(valueFor(schema, document, dice, example)))}`;
  });
  if (dice.chance(0.05))
    pairs.push(dice.pick(['sku[$gt]=', '__proto__[role]=admin', 'limit=1&limit=2', '%ff=1', 'x', '&=&']));
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

/** What stands in a header of ours; waits are short, as so many requests are made. */
const headerValues: { readonly [name: string]: readonly string[] } = {
  'if-match': ['*', '"0"', '"1"', 'W/"1"', '"-1"', '"1", "2"', '"99999999999999999999"', 'x'],
  'if-none-match': ['*', '"0"', 'W/"1"', 'x'],
  'stockledger-min-position': ['0', '-1', 'x', '1e9', '0_0', "'"],
  prefer: ['wait=0', 'wait=-1', 'wait=99999999999', 'respond-async', 'x'],
  'last-event-id': ['x', '0'],
  'stockledger-cache': ['bypass', 'x'],
  'x-correlation-id': ['x', 'a'.repeat(300), "'"],
};

const headersOf = ({ method, operation }: Documented, dice: Dice): FuzzRequest['headers'] => {
  const headers: Record<string, string> = {};
  if (method === 'POST' || dice.chance(0.1)) {
    headers['idempotency-key'] = dice.chance(0.95) ? dice.uuid() : dice.pick(['', 'x', 'a'.repeat(300), 'k']);
  }
  for (const { name, in: place } of operation.parameters ?? []) {
    const values = headerValues[name.toLowerCase()];
    if (place === 'header' && values !== undefined && dice.chance(0.3)) headers[name.toLowerCase()] = dice.pick(values);
  }
  return headers;
};

/** Most are JSON; some are cut off, of another kind, or too deep. */
const bodyTextOf = (value: Wild, dice: Dice): string => {
  const text = JSON.stringify(value);
  return dice.weighted<() => string>([
    [40, () => text],
    [1, () => text.slice(0, dice.between(0, text.length))],
    [1, () => '['.repeat(dice.between(1, 3_000))],
    [1, () => text.replace('{', '{"__proto__":{"role":"admin"},')],
    [1, () => text.replace(/"(\w+)":/, '"$1":1,"$1":')],
    [1, () => dice.pick(['', 'null', '0', '"text"', '[]', '\ufeff{}', 'a=b'])],
  ])();
};

export const createRequests = (document: ApiDocument, known: () => KnownIds, dice: Dice): (() => FuzzRequest) => {
  // A stream does not end.
  const operations = operationsOf(document).filter(
    ({ operation }) => !('text/event-stream' in (operation.responses[200]?.content ?? {})),
  );
  return () => {
    const documented = dice.pick(operations);
    const { method, operation } = documented;
    const url = pathOf(documented, known(), document, dice) + queryOf(documented, document, dice);
    const schema = operation.requestBody?.content['application/json']?.schema;
    const given = schema === undefined && dice.chance(0.95) ? undefined : schema;
    const value = given === undefined ? undefined : valueFor(given, document, dice);
    const body = schema === undefined && dice.chance(0.97) ? undefined : (value ?? hostileValue(dice));
    return {
      who: dice.pick(callers),
      method,
      url,
      headers: {
        ...headersOf(documented, dice),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      takesBody: schema !== undefined,
      ...(body === undefined ? {} : { body: bodyTextOf(body, dice) }),
    };
  };
};
