/** Events as they stand in a log, and the documents they are projected into. */
import { expect, onTestFinished } from 'vitest';
import { decodeStored, type LedgerEvent } from '../../src/domain/events.ts';
import { emptyBalance, moveBalance, type StockMovement } from '../../src/domain/stock/balance.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { Balance } from '../../src/domain/stock/shapes.ts';
import {
  apiClientStream,
  inboundStream,
  itemStream,
  returnStream,
  stockStream,
  warehouseStream,
} from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { EventSource, EventStore } from '../../src/eventsourcing/ports.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import {
  type Projection,
  projectBatch,
  type Recorded,
  untyped,
} from '../../src/eventsourcing/projecting/projection.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { createSqliteEvents } from '../../src/infra/sqlite/events/events.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';

export const chairs = { warehouseId: 'BER', sku: 'CHAIR' };

type MovementOf<Type extends StockMovement['type']> = Extract<StockMovement, { type: Type }>;

/** A movement of Berlin's chairs, unless the data says otherwise. */
export const move = <Type extends StockMovement['type']>(
  type: Type,
  data: Omit<MovementOf<Type>['data'], 'warehouseId' | 'sku'> & { warehouseId?: string; sku?: string },
): MovementOf<Type> => {
  const movement: object = { type, data: { ...chairs, ...data } };
  return movement as MovementOf<Type>;
};

export const registered = (onHand: number, safetyStock = 0): MovementOf<'StockRegistered'> =>
  move('StockRegistered', { onHand, safetyStock, registeredAt: '2026-03-01T08:00:00.000Z' });

/** The movements as events, each with the figures after it, as the decider adds them. */
export const stockEvents = (...movements: readonly StockMovement[]): readonly StockEvent[] => {
  const balances = new Map<string, Balance>();
  return movements.map((movement) => {
    const stream = stockStream(movement.data.warehouseId, movement.data.sku);
    const after = moveBalance(balances.get(stream) ?? emptyBalance, movement);
    balances.set(stream, after);
    return { ...movement, data: { ...movement.data, after } } as StockEvent;
  });
};

const streamOf = ({ data }: LedgerEvent): string => {
  if ('sku' in data) return 'warehouseId' in data ? stockStream(data.warehouseId, data.sku) : itemStream(data.sku);
  if ('inboundId' in data) return inboundStream(data.inboundId);
  if ('returnId' in data) return returnStream(data.returnId);
  if ('warehouseId' in data && !('shipmentId' in data)) return warehouseStream(data.warehouseId);
  if ('keyId' in data) return apiClientStream(data.clientId);
  throw new Error('neither a stock, an item, a return, a warehouse nor a key');
};

/** One second after another, on 1 March 2026 from nine o'clock. */
export const timeAt = (second: number): string => new Date(Date.UTC(2026, 2, 1, 9, 0, second)).toISOString();

export const uuidAt = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** A log that begins with these; each is recorded at the second of its place, and occurred then. */
export const logOf = <E extends LedgerEvent>(...events: readonly E[]): readonly Recorded<E>[] => {
  const revisions = new Map<string, number>();
  return events.map((event, index) => {
    const stream = streamOf(event);
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const recorded: RecordedEvent = {
      ...event,
      id: uuidAt(index + 1),
      schemaVersion: 1,
      occurredAt: timeAt(index),
      recordedAt: timeAt(index),
      metadata: {
        $correlationId: 'correlation',
        $causationId: 'causation',
        commandId: `command-${index + 1}`,
        actor: { subject: 'anna', kind: 'person', client: 'scanner' },
        authentication: { acr: 'silver' },
      },
      stream,
      revision,
      position: { commit: BigInt(index + 1), prepare: BigInt(index + 1) },
    };
    return recorded as Recorded<E>;
  });
};

export interface CountedDocuments extends Documents {
  /** How many documents were written. */
  written(): number;
}

export const openDocuments = (): CountedDocuments => {
  const db = openDatabase(':memory:');
  onTestFinished(() => db.close());
  const documents = createSqliteDocuments(db);
  let written = 0;
  return {
    ...documents,
    write: (collection, writes) => {
      written += writes.length;
      return documents.write(collection, writes);
    },
    written: () => written,
  };
};

/** Documents in which these events are projected; the name is the collection's. */
export const projected = async <D extends object, E extends LedgerEvent>(
  projection: Projection<D, E>,
  events: readonly RecordedEvent[],
): Promise<CountedDocuments> => {
  const documents = openDocuments();
  const { name, indexes, lists } = untyped(projection);
  await documents.ensure({ name, indexes, lists });
  await projectBatch(untyped(projection), { documents, collection: name }, events);
  return documents;
};

/** The streams of these events on the embedded engine. */
export const openSource = async (log: readonly RecordedEvent[]): Promise<EventStore & EventSource> => {
  const db = openDatabase(':memory:');
  onTestFinished(() => db.close());
  const source = await createSqliteEvents(db, decodeStored);
  for (const [stream, events] of Map.groupBy(log, (event) => event.stream)) {
    expect(await source.append(stream, 'no_stream', events)).toMatchObject({ kind: 'appended' });
  }
  return source;
};

/** The stream that these events are, for thousands of small histories: the engine itself is read in the other tests. */
export const arrayReader = (log: readonly RecordedEvent[]): Pick<EventSource, 'readStream'> => ({
  readStream: async (_, fromRevision, limit) => log.slice(fromRevision, fromRevision + limit),
});
