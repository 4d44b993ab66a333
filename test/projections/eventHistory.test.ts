/** The index over the log that auditors search in (S7, R13.3). */
import { describe, expect, it } from 'vitest';
import { eventVersions } from '../../src/domain/events.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { projectBatch, untyped } from '../../src/eventsourcing/projecting/projection.ts';
import { type EventHistoryDocument, eventHistory, sliceBefore } from '../../src/projections/eventHistory/projection.ts';
import { golden } from './golden.ts';
import { projected } from './stockLog.ts';

describe('event_history_v1', () => {
  it('takes in every type of event', () => {
    expect(eventHistory.handles.toSorted()).toEqual(Object.keys(eventVersions).sort());
  });

  it.each(Object.entries(eventVersions))('finds a %s again, and writes it once', async (type, version) => {
    const envelope = golden(type, version);
    const position = { commit: 1_234_567n, prepare: 1_234_567n };
    const event: RecordedEvent = { ...envelope, stream: 'stock-BER.CHAIR', revision: 3, position };
    const documents = await projected(eventHistory, [event]);
    const id = envelope.recordedAt.slice(0, 21);
    const stored = await documents.get<EventHistoryDocument>(eventHistory.name, id);
    expect(stored?.document).toEqual({
      types: [type],
      actors: [envelope.metadata.actor.subject],
      correlationIds: [envelope.metadata.$correlationId],
      entries: [
        {
          stream: 'stock-BER.CHAIR',
          revision: 3,
          type: 0,
          actor: 0,
          correlation: 0,
          recorded: envelope.recordedAt.slice(21, 23),
        },
      ],
    });
    await projectBatch(untyped(eventHistory), { documents, collection: eventHistory.name }, [event]);
    expect(documents.written()).toBe(1);
    expect(await documents.get(eventHistory.name, id)).toEqual(stored);
  });

  it('gathers the events of a tenth of a second, names each thing once, and begins anew with the next', async () => {
    const times = ['08:00:00.100', '08:00:00.199', '08:00:00.200'];
    const log = times.map(
      (time, index): RecordedEvent => ({
        ...golden('ItemDefined', 1),
        recordedAt: `2026-03-01T${time}Z`,
        stream: 'item-CHAIR',
        revision: index,
        position: { commit: BigInt(index + 1), prepare: BigInt(index + 1) },
      }),
    );
    const documents = await projected(eventHistory, log);
    const slices = await documents.find<EventHistoryDocument>(eventHistory.name, { where: {}, limit: 3 });
    expect(
      slices.map(({ id, document: { types, actors, correlationIds, entries } }) => [
        id,
        [types.length, actors.length, correlationIds.length],
        entries.map(({ revision, recorded }) => `${revision} ${recorded}`),
      ]),
    ).toEqual([
      ['2026-03-01T08:00:00.1', [1, 1, 1], ['0 00', '1 99']],
      ['2026-03-01T08:00:00.2', [1, 1, 1], ['2 00']],
    ]);
    expect(sliceBefore('2026-03-01T00:00:00.0')).toBe('2026-02-28T23:59:59.9');
  });

  it('comes to the same whether events come one by one or all at once', () => {
    const log = [
      ['ItemDefined', 'anna', 'a'],
      ['WarehouseDefined', 'bert', 'a'],
      ['ItemDefined', 'anna', 'b'],
      ['ItemDefined', 'anna', 'a'],
    ].map(([type = '', subject = '', $correlationId = ''], index): RecordedEvent => {
      const envelope = golden(type, 1);
      const metadata = { ...envelope.metadata, $correlationId, actor: { ...envelope.metadata.actor, subject } };
      return { ...envelope, metadata, stream: 'item-CHAIR', revision: index, position: { commit: 1n, prepare: 1n } };
    });
    const { applyAll } = untyped(eventHistory);
    const inParts = (size: number): object | null => {
      let document: object | null = null;
      for (let from = 0; from < log.length; from += size) {
        const before: object | null = structuredClone(document);
        const after = applyAll(document, log.slice(from, from + size), 'slice');
        expect(document).toEqual(before);
        document = after;
      }
      return document;
    };
    expect(inParts(log.length)).toMatchObject({
      types: ['ItemDefined', 'WarehouseDefined'],
      actors: ['anna', 'bert'],
      correlationIds: ['a', 'b', 'a'],
    });
    expect(inParts(1)).toEqual(inParts(log.length));
    expect(inParts(3)).toEqual(inParts(log.length));
  });

  it('holds no personal data: neither what was sealed nor any other content of the event', async () => {
    const event: RecordedEvent = {
      ...golden('OrderPlaced', 1),
      stream: 'order-1',
      revision: 0,
      position: { commit: 1n, prepare: 1n },
    };
    const documents = await projected(eventHistory, [event]);
    const [stored] = await documents.find<EventHistoryDocument>(eventHistory.name, { where: {}, limit: 2 });
    expect(Object.keys(stored?.document ?? {}).sort()).toEqual(['actors', 'correlationIds', 'entries', 'types']);
    const [entry] = stored?.document.entries ?? [];
    const kept = ['actor', 'correlation', 'recorded', 'revision', 'stream', 'type'];
    expect(Object.keys(entry ?? {}).sort()).toEqual(kept);
  });
});
