/** The index over the log that auditors search in (S7, R13.3). */
import { describe, expect, it } from 'vitest';
import { eventVersions } from '../../src/domain/events.ts';
import type { RecordedEvent } from '../../src/domain/message.ts';
import { type EventHistoryDocument, eventHistory } from '../../src/projections/eventHistory/projection.ts';
import { projectBatch } from '../../src/projections/project.ts';
import { erase } from '../../src/projections/projection.ts';
import { golden } from './golden.ts';
import { projected } from './stockLog.ts';

describe('event_history_v1', () => {
  it('has a document for every type of event', () => {
    expect(eventHistory.handles.toSorted()).toEqual(Object.keys(eventVersions).sort());
  });

  it.each(Object.entries(eventVersions))('finds a %s again, and writes it once', async (type, version) => {
    const envelope = golden(type, version);
    const position = { commit: 1_234_567n, prepare: 1_234_567n };
    const event: RecordedEvent = { ...envelope, stream: 'stock-BER.CHAIR', revision: 3, position };
    const documents = await projected(eventHistory, [event]);
    const id = '0000000000001234567';
    const stored = await documents.get<EventHistoryDocument>(eventHistory.name, id);
    expect(stored?.document).toEqual({
      stream: 'stock-BER.CHAIR',
      revision: 3,
      type,
      actor: envelope.metadata.actor.subject,
      correlationId: envelope.metadata.$correlationId,
      recordedAt: envelope.recordedAt,
    });
    await projectBatch(erase(eventHistory), eventHistory.name, documents, [event]);
    expect(documents.written()).toBe(1);
    expect(await documents.get(eventHistory.name, id)).toEqual(stored);
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
    expect(Object.keys(stored?.document ?? {}).sort()).toEqual([
      'actor',
      'correlationId',
      'recordedAt',
      'revision',
      'stream',
      'type',
    ]);
  });
});
