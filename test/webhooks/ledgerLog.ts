/** Events of orders, shipments and webhook endpoints as they stand in a log. */
import type { OrderEvent } from '../../src/domain/order/events.ts';
import type { ShipmentEvent } from '../../src/domain/shipment/events.ts';
import type { TransferEvent } from '../../src/domain/transfer/events.ts';
import { orderStream, shipmentStream, transferStream, webhookStream } from '../../src/domain/values.ts';
import type { WebhookEvent } from '../../src/domain/webhook/events.ts';
import { categoryOf, idOf, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import {
  type Projection,
  projectBatch,
  type Recorded,
  untyped,
} from '../../src/eventsourcing/projecting/projection.ts';
import { openDocuments, timeAt, uuidAt } from '../projections/stockLog.ts';

type StreamEvent = OrderEvent | ShipmentEvent | WebhookEvent | TransferEvent;

const isOfShipment = (event: StreamEvent): event is ShipmentEvent =>
  'warehouseId' in event.data && !event.type.startsWith('Order');

const streamOf = (event: StreamEvent): string => {
  if ('transferId' in event.data) return transferStream(event.data.transferId);
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

/** An empty collection, and what the events that are added make of it. */
export const growing = async <D extends object, E extends StreamEvent>(projection: Projection<D, E>) => {
  const documents = openDocuments();
  const { name, indexes, lists } = untyped(projection);
  await documents.ensure({ name, indexes, lists });
  return {
    documents,
    project: (events: readonly RecordedEvent[]) =>
      projectBatch(untyped(projection), { documents, collection: name }, events),
  };
};
