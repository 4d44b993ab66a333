/**
 * What was stored once is read for ever (docs/how-to.md, "Change an event"): one file for each event and version, added
 * once, never edited.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeStored, eventFields, eventVersions } from '../../src/domain/events.ts';
import type { EventEnvelope, RecordedEvent } from '../../src/eventsourcing/message.ts';

interface Golden {
  readonly stored: EventEnvelope;
  /** The same event as the domain reads it today. */
  readonly current: Pick<EventEnvelope, 'type' | 'schemaVersion' | 'data'>;
}

const folder = join(import.meta.dirname, 'golden');
const files = readdirSync(folder);
const goldens = files.map((file) => ({
  name: file.replace(/\.json$/, ''),
  golden: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden,
}));
const classesByType: Readonly<Record<string, Readonly<Record<string, 'public' | 'pii'>>>> = eventFields;

const asRecorded = (stored: EventEnvelope): RecordedEvent => ({
  ...stored,
  stream: 'stock-BER.TABLE-OAK',
  revision: 0,
  position: { commit: 1n, prepare: 1n },
});
/** Scheme, key and parts in base64url, joined by dots: no space, no `@`, nothing that a person could read. */
const sealedText = /^v1(?:\.[A-Za-z0-9_-]{8,})+$/;
const versionsOf = ([type, today]: readonly [string, number]): string[] =>
  Array.from({ length: today }, (_, index) => `${type}@${index + 1}`);

describe('the golden files', () => {
  it('are one for each version that was ever written, and no other', () => {
    expect(files.toSorted()).toEqual(
      Object.entries(eventVersions)
        .flatMap(versionsOf)
        .map((name) => `${name}.json`)
        .sort(),
    );
  });
  it('are of the types whose fields are declared, and all of them', () => {
    expect(Object.keys(eventFields).sort()).toEqual(Object.keys(eventVersions).sort());
  });
  it('have an event id each', () => {
    expect(new Set(goldens.map(({ golden }) => golden.stored.id)).size).toBe(files.length);
  });
});

describe.each(goldens)('$name', ({ name, golden: { stored, current } }) => {
  it('is what its name says', () => {
    expect(`${stored.type}@${stored.schemaVersion}`).toBe(name);
  });
  it('is still read', () => {
    const { type, schemaVersion, data } = decodeStored(asRecorded(stored));
    expect({ type, schemaVersion, data }).toEqual(current);
    expect(schemaVersion).toBe(eventVersions[type as keyof typeof eventVersions]);
  });
  it('shows every declared field, and no other (docs/architecture.md, "Personal data")', () => {
    const [shown, declared] = [Object.keys(current.data).sort(), Object.keys(classesByType[stored.type] ?? {}).sort()];
    // What came later as an optional field is absent from an earlier version.
    if (stored.schemaVersion < current.schemaVersion) expect(declared).toEqual(expect.arrayContaining(shown));
    else expect(shown).toEqual(declared);
  });
  it('holds personal data only as sealed text', () => {
    const classes = Object.entries(classesByType[stored.type] ?? {});
    const data: Readonly<Record<string, unknown>> = { ...current.data };
    for (const [field, fieldClass] of classes) {
      if (fieldClass === 'pii') expect(data[field], field).toMatch(sealedText);
      else expect(JSON.stringify(data[field] ?? null), field).not.toMatch(/"v1\.|@/);
    }
  });
  it('carries metadata of these names only, none of them personal', () => {
    const { $correlationId, $causationId, commandId, actor, authentication, ...others } = stored.metadata;
    expect(others).toEqual({});
    expect([$correlationId, $causationId, commandId].every((id) => /^[0-9a-f-]{36}$/.test(id))).toBe(true);
    expect(Object.keys(actor).sort()).toEqual(['client', 'kind', 'subject']);
    expect(Object.keys(authentication).every((key) => ['acr', 'amr'].includes(key))).toBe(true);
  });
});
