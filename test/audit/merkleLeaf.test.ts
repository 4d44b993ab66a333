import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, merkleLeaf } from '../../src/audit/merkleLeaf.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';

const event: RecordedEvent = {
  id: '6f0c1d5a-b1b2-5c0e-9a5d-3f7e2c84a911',
  type: 'StockPolicySet',
  schemaVersion: 1,
  occurredAt: '2026-03-01T09:00:00.000Z',
  recordedAt: '2026-03-01T09:00:01.000Z',
  data: { warehouseId: 'BER', sku: 'CHAIR', safetyStock: 4, after: { onHand: 10, reserved: 0 } },
  metadata: {
    $correlationId: 'correlation1',
    $causationId: 'cause1',
    commandId: 'command1',
    actor: { subject: 'shop1', kind: 'client', client: 'shop1' },
    authentication: { acr: 'mfa', amr: ['pwd', 'otp'] },
  },
  stream: 'stock-BER.CHAIR',
  revision: 3,
  position: { commit: 7n, prepare: 7n },
};

/** Every value inside a JSON value, changed one at a time. */
const variantsOf = (value: unknown): unknown[] => {
  if (typeof value === 'string') return [`${value}!`];
  if (typeof value === 'number') return [value + 1];
  if (Array.isArray(value)) {
    return value.flatMap((each, at) => variantsOf(each).map((variant) => value.with(at, variant)));
  }
  return Object.entries(value ?? {}).flatMap(([name, field]) => [
    ...variantsOf(field).map((variant) => ({ ...(value as object), [name]: variant })),
    { ...(value as object), [name]: undefined },
  ]);
};

const reversed = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, field]) => [name, reversed(field)]),
  );
};

describe('the leaf of an event (B6)', () => {
  it('is what an auditor works out from the export, on any machine, for ever', () => {
    expect(merkleLeaf(event)).toBe('b418496fec73d1773c98b374074ba75e75d1e6e1e8d4703e26e6090a5eb7e94f');
  });
  it('changes with every single field of the envelope, the metadata and the payload', () => {
    const { position, ...rest } = event;
    const leaves = variantsOf(rest)
      .map((variant) => ({ ...(variant as Partial<RecordedEvent>), position }))
      .filter((variant): variant is RecordedEvent => variant.data !== undefined)
      .map(merkleLeaf);
    expect(leaves.length).toBeGreaterThan(40);
    expect(new Set([merkleLeaf(event), ...leaves]).size).toBe(leaves.length + 1);
  });
  it('does not depend on the order of keys, nor on where an engine puts the event in its log', () => {
    const { position: _, ...rest } = event;
    const moved = { ...(reversed(rest) as typeof rest), position: { commit: 99n, prepare: 98n } };
    expect(merkleLeaf(moved)).toBe(merkleLeaf(event));
  });
  it('is not the same when a field moves between envelope and payload', () => {
    const { revision, ...rest } = event;
    const moved = { ...rest, data: { ...event.data, revision } } as RecordedEvent;
    expect(merkleLeaf(moved)).not.toBe(merkleLeaf(event));
  });
  it('is the same after a way through the store', () => {
    const { position, ...rest } = event;
    const back = JSON.parse(JSON.stringify({ ...rest, data: { ...event.data, note: undefined } }));
    expect(merkleLeaf({ ...back, position })).toBe(merkleLeaf(event));
  });
});

describe('canonical JSON (RFC 8785)', () => {
  it('prints the example values of the RFC as the RFC does', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });
  it('sorts keys by UTF-16 code units', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const sorted = ['\\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect([...canonicalJson(value).matchAll(/"([^"]+)":/g)].map(([, name]) => name)).toEqual(sorted);
  });
  it('says the same as the value, whatever it is', () => {
    assert(
      property(jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, Symbol('x'), () => 1])('refuses %s', (value) => {
    expect(() => canonicalJson([value])).toThrow(TypeError);
  });
});
