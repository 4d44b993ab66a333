import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeStored, eventFields, eventVersions, type LedgerEventType } from '../../src/domain/events.ts';
import type { EventEnvelope, RecordedEvent } from '../../src/eventsourcing/message.ts';
import { UnknownEvent } from '../../src/eventsourcing/message.ts';
import { publicData, publicEvent } from '../../src/projections/publicEvent.ts';
import { balanceOf, sealed } from '../support/samples.ts';

const fieldsByType: Readonly<Record<string, Readonly<Record<string, 'public' | 'pii'>>>> = eventFields;

/** Each shows every field of its type. */
const folder = join(import.meta.dirname, '../events/golden');
const goldens = readdirSync(folder).map((file) => {
  const { stored } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly stored: EventEnvelope };
  return stored;
});

const recorded = (stored: EventEnvelope): RecordedEvent => ({
  ...stored,
  stream: 'stock-BER.CHAIR',
  revision: 3,
  position: { commit: 36n, prepare: 35n },
});

const adjusted: RecordedEvent = recorded({
  id: '00000000-0000-4000-8000-000000000001',
  type: 'StockAdjusted',
  schemaVersion: 1,
  occurredAt: '2026-03-01T09:00:00.000Z',
  recordedAt: '2026-03-01T09:00:01.000Z',
  data: {
    warehouseId: 'BER',
    sku: 'CHAIR',
    delta: -2,
    reason: 'damaged',
    note: sealed('v1.key.text'),
    after: balanceOf({ onHand: 8 }),
  },
  metadata: {
    $correlationId: 'correlation',
    $causationId: 'causation',
    commandId: 'command',
    actor: { subject: 'anna', kind: 'person', client: 'scanner' },
    authentication: { acr: 'gold', amr: ['pwd', 'otp'] },
  },
});

describe('an event as it leaves the service', () => {
  it('tells what happened, when, where in the log, and who did it, and nothing else', () => {
    expect(publicEvent(adjusted)).toStrictEqual({
      id: '00000000-0000-4000-8000-000000000001',
      type: 'StockAdjusted',
      schemaVersion: 1,
      stream: 'stock-BER.CHAIR',
      revision: 3,
      position: '10-z',
      occurredAt: '2026-03-01T09:00:00.000Z',
      recordedAt: '2026-03-01T09:00:01.000Z',
      data: {
        warehouseId: 'BER',
        sku: 'CHAIR',
        delta: -2,
        reason: 'damaged',
        after: balanceOf({ onHand: 8 }),
      },
      correlationId: 'correlation',
      causationId: 'causation',
      actor: { subject: 'anna', kind: 'person', client: 'scanner' },
    });
  });

  // A version before the latest may lack a field that came later.
  const latest = goldens.filter(({ type, schemaVersion }) => eventVersions[type as LedgerEventType] === schemaVersion);

  it.each(latest.map((stored) => [`${stored.type}@${stored.schemaVersion}`, stored] as const))(
    'shows all that is public of %s, and nothing that is sealed (docs/architecture.md, "Personal data")',
    (_name, stored) => {
      // As it is read today, whatever version it was written in.
      const { data } = publicEvent(decodeStored(recorded(stored)));
      const fields = Object.entries(fieldsByType[stored.type] ?? {});
      const open = fields.filter(([, fieldClass]) => fieldClass === 'public').map(([field]) => field);
      expect(Object.keys(data).sort()).toEqual(open.sort());
      expect(JSON.stringify(data)).not.toContain('"v1.');
    },
  );

  it('keeps back a field that nobody declared', () => {
    expect(publicData({ type: 'StockRetired', data: { sku: 'CHAIR', email: 'a', toString: 'b' } })).toEqual({
      sku: 'CHAIR',
    });
  });

  it.each(['StockMelted', 'toString', '__proto__', ''])('fails for an event of the unknown type "%s"', (type) => {
    expect(() => publicEvent({ ...adjusted, type })).toThrow(UnknownEvent);
  });
});
