/** Events of orders, shipments and webhook endpoints as they stand in a log, and stories about what they make of a document. */
import { describe, expect, it } from 'vitest';
import { categoryOf, idOf, type RecordedEvent } from '../../src/domain/message.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import type { ShipmentEvent } from '../../src/domain/shipment/events.ts';
import { orderStream, shipmentStream, webhookStream } from '../../src/domain/values.ts';
import type { WebhookEvent } from '../../src/domain/webhook/events.ts';
import { projectBatch } from '../../src/projections/project.ts';
import { erase, type Projection, type Recorded } from '../../src/projections/projection.ts';
import { openDocuments, projected, timeAt, uuidAt } from './stockLog.ts';

type StreamEvent = OrderEvent | ShipmentEvent | WebhookEvent;

const isOfShipment = (event: StreamEvent): event is ShipmentEvent =>
  'warehouseId' in event.data && event.type !== 'OrderShipmentDispatched';

const streamOf = (event: StreamEvent): string => {
  if (isOfShipment(event)) return shipmentStream(event.data.shipmentId);
  return 'orderId' in event.data ? orderStream(event.data.orderId) : webhookStream(event.data.endpointId);
};

/** A log that begins with these, each recorded at the second of its place. */
export const ledgerLog = <E extends StreamEvent>(...events: readonly E[]): readonly Recorded<E>[] => {
  const revisions = new Map<string, number>();
  return events.map((event, index) => {
    const stream = streamOf(event);
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const commandId = `command-${index + 1}`;
    const recorded: RecordedEvent = {
      ...event,
      id: uuidAt(index + 1),
      schemaVersion: 1,
      occurredAt: timeAt(index),
      recordedAt: timeAt(index),
      metadata: {
        $correlationId: `correlation-of-${idOf(stream)}`,
        $causationId: commandId,
        commandId,
        actor: { subject: `${categoryOf(stream)}-clerk`, kind: 'person', client: 'desk' },
        authentication: {},
      },
      stream,
      revision,
      position: { commit: BigInt(index + 1), prepare: BigInt(index + 1) },
    };
    return recorded as Recorded<E>;
  });
};

interface Story<D extends object, E> {
  readonly title: string;
  /** The last one is the event that is told of. */
  readonly events: readonly E[];
  /** What the document then looks like, in part; `null`: there is none. */
  readonly becomes: Partial<D> | null;
}

/** At least one story for each type that the projection handles, and each of them also with the last event twice. */
export const tellStories = <D extends object, E extends StreamEvent>(
  projection: Projection<D, E>,
  stories: Readonly<Record<E['type'], readonly [Story<D, E>, ...Story<D, E>[]]>>,
): void => {
  const { name } = projection;
  const erased = erase(projection);
  const all = Object.entries<readonly Story<D, E>[]>(stories).flatMap(([type, list]) =>
    list.map((story) => ({ type, ...story })),
  );

  describe(name, () => {
    it('has a test for every type it handles', () => {
      expect(Object.keys(stories).sort()).toEqual(projection.handles.toSorted());
      expect(all.filter(({ type, events }) => events.at(-1)?.type !== type)).toEqual([]);
    });

    it.each(all)('$type: $title', async ({ events, becomes }) => {
      const log = ledgerLog(...events);
      const last = log.slice(-1);
      const [id = ''] = last.flatMap(projection.idsOf);
      const documents = await projected(projection, log.slice(0, -1));
      await projectBatch(erased, name, documents, last);
      const stored = await documents.get<D>(name, id);
      if (becomes === null) expect(stored).toBeNull();
      else expect(stored?.document).toMatchObject(becomes);

      const written = documents.written();
      await projectBatch(erased, name, documents, last);
      expect(documents.written(), 'written when the event comes again').toBe(written);
      expect(await documents.get<D>(name, id)).toEqual(stored);
    });
  });
};

/** An empty collection, and what the events that are added make of it. */
export const growing = async <D extends object, E extends StreamEvent>(projection: Projection<D, E>) => {
  const documents = openDocuments();
  const { name, indexes, lists } = erase(projection);
  await documents.ensure({ name, indexes, lists });
  return {
    documents,
    project: (events: readonly RecordedEvent[]) => projectBatch(erase(projection), name, documents, events),
  };
};
