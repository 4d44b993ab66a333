/** A projection into MongoDB, beside a plain `bulkWrite` of the documents that it comes to, batch by batch. */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { projectBatch, untyped } from '../../src/eventsourcing/projecting/projection.ts';
import { openMongo } from '../../src/infra/mongodb/connect.ts';
import { createFoldedDocuments, createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { stockLevels } from '../../src/projections/stockLevels/projection.ts';

const skusMax = 2_000;
/** As a consumer that follows the log takes them. */
const batchMax = 256;

const metadata = {
  $correlationId: randomUUID(),
  $causationId: randomUUID(),
  commandId: randomUUID(),
  actor: { subject: 'bench', kind: 'client', client: 'bench' },
  authentication: {},
} as const;

/** Registrations, then receipts of any of them. */
const createLog = (events: number): readonly RecordedEvent[] =>
  Array.from({ length: events }, (_, index) => {
    const sku = `SKU-${index < skusMax ? index : (index * 7_919) % skusMax}`;
    const at = new Date(1_767_225_600_000 + index).toISOString();
    const revision = Math.floor(index / skusMax);
    const after = { onHand: revision, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };
    const data = { warehouseId: 'BER', sku, after, ...(revision === 0 ? { registeredAt: at } : { quantity: 1 }) };
    return {
      id: randomUUID(),
      type: revision === 0 ? 'StockRegistered' : 'StockReceived',
      schemaVersion: 1,
      occurredAt: at,
      recordedAt: at,
      data,
      metadata,
      stream: `stock-BER.${sku}`,
      revision,
      position: { commit: BigInt(index + 1), prepare: BigInt(index + 1) },
    };
  });

const batchesOf = (log: readonly RecordedEvent[]): readonly (readonly RecordedEvent[])[] =>
  Array.from({ length: Math.ceil(log.length / batchMax) }, (_, index) =>
    log.slice(index * batchMax, (index + 1) * batchMax),
  );

const projection = untyped(stockLevels);

/** The documents that each batch writes. */
const foldEach = (batches: ReturnType<typeof batchesOf>): readonly ReadonlyMap<string, object>[] => {
  const all = new Map<string, object>();
  return batches.map((events) => {
    const touched = new Map<string, object>();
    for (const event of events) {
      for (const id of projection.idsOf(event)) {
        const document = projection.applyAll(all.get(id) ?? null, [event], id);
        if (document === null) continue;
        all.set(id, document);
        touched.set(id, document);
      }
    }
    return touched;
  });
};

/** Events per second of each side. */
export const compareProjection = async (
  url: string,
  events: number,
): Promise<{ readonly ours: number; readonly plain: number }> => {
  const batches = batchesOf(createLog(events));
  const folded = foldEach(batches);
  const [mongo, client] = [
    openMongo({ url }),
    new MongoClient(url, { writeConcern: { w: 'majority', journal: true } }),
  ];
  const [collection, plainName] = [`bench_${randomUUID()}`, `bench_plain_${randomUUID()}`].map((name) =>
    name.replaceAll('-', '_'),
  ) as [string, string];
  try {
    const documents = createFoldedDocuments(createMongoDocuments(mongo));
    await documents.ensure({ name: collection, indexes: stockLevels.indexes });
    const plain = client.db(mongo.db.databaseName).collection<{ _id: string }>(plainName);
    // The indexes that queries need: both sides keep them.
    for (const fields of stockLevels.indexes) {
      await plain.createIndex(Object.fromEntries(fields.map((field) => [`document.${field}`, 1 as const])));
    }
    let [oursMs, plainMs] = [0, 0];
    for (const [index, batch] of batches.entries()) {
      const beganAt = performance.now();
      await projectBatch(projection, { documents, collection }, batch);
      const betweenAt = performance.now();
      const operations = [...(folded[index] ?? [])].map(([_id, document]) => ({
        replaceOne: { filter: { _id }, replacement: { position: BigInt(index), document }, upsert: true },
      }));
      await plain.bulkWrite(operations, { ordered: false });
      oursMs += betweenAt - beganAt;
      plainMs += performance.now() - betweenAt;
    }
    await plain.drop();
    await documents.drop(collection);
    return { ours: (events * 1_000) / oursMs, plain: (events * 1_000) / plainMs };
  } finally {
    await mongo.close();
    await client.close();
  }
};
