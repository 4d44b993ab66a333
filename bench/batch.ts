/** A bulk request of 500 rows, beside one append of as many events to the same kind of file. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeStored } from '../src/domain/events.ts';
import { emptyBalance } from '../src/domain/stock/balance.ts';
import { stockStream } from '../src/domain/values.ts';
import type { EventEnvelope } from '../src/eventsourcing/message.ts';
import { createSqliteEvents } from '../src/infra/sqlite/events/events.ts';
import { openThreadedDatabase } from '../src/infra/sqlite/file/threadedDatabase.ts';
import { type Api, ask, settle } from './api.ts';
import { percentile } from './lag.ts';
import { skuOf, skusSpread, warehouseId } from './requests.ts';
import { rounds, say } from './rounds.ts';

const rows = 500;
/** In each round; the middle one counts. */
const repeated = 11;

const sku = 'SKU-BATCH';
const stream = stockStream(warehouseId, sku);

/** As large as those that the rows of the bulk request make. */
const eventsFrom = (revision: number): readonly EventEnvelope[] =>
  Array.from({ length: rows }, (_, index): EventEnvelope => {
    const now = new Date().toISOString();
    const after = { ...emptyBalance, onHand: revision + index };
    return {
      id: randomUUID(),
      type: 'StockReceived',
      schemaVersion: 1,
      occurredAt: now,
      recordedAt: now,
      data: { warehouseId, sku, quantity: 1, after },
      metadata: {
        $correlationId: randomUUID(),
        $causationId: randomUUID(),
        commandId: randomUUID(),
        actor: { subject: 'sandbox-admin', kind: 'client', client: 'sandbox-admin' },
        authentication: {},
      },
    };
  });

const middleOf = async (once: () => Promise<unknown>): Promise<number> => {
  const spentMs: number[] = [];
  for (let time = 0; time < repeated; time += 1) {
    const from = performance.now();
    await once();
    spentMs.push(performance.now() - from);
  }
  return percentile(spentMs, 0.5);
};

/** One client, one request after the other, nothing else. @returns ms of a bulk request ÷ ms of an append. */
export const measureBulkAppend = async (api: Api): Promise<readonly number[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-batch-'));
  const db = await openThreadedDatabase(join(directory, 'bench.db'));
  const events = await createSqliteEvents(db, decodeStored, { isSoleWriter: true });
  const changes = Array.from({ length: rows }, (_, index) => ({
    kind: 'receipt',
    warehouseId,
    sku: skuOf(index % skusSpread),
    quantity: 1,
  }));
  let revision = -1;
  const append = async (): Promise<void> => {
    const appended = await events.append(stream, revision < 0 ? 'no_stream' : revision, eventsFrom(revision + 1));
    if (appended.kind !== 'appended') throw new Error(appended.kind);
    revision += rows;
  };
  const bulk = async (): Promise<void> => {
    const answer = await ask(api, 'POST', '/v1/inventory/changes', { changes });
    const { results } = (await answer.json()) as { readonly results: readonly { readonly status: number }[] };
    const refused = results.find(({ status }) => status !== 200);
    if (refused !== undefined) throw new Error(`A row was refused: ${JSON.stringify(refused)}`);
  };
  const ratios: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    await settle(api);
    const [appendMs, bulkMs] = [await middleOf(append), await middleOf(bulk)];
    say(`${rows} rows in bulk: ${bulkMs.toFixed(1)} ms; one append of ${rows} events: ${appendMs.toFixed(1)} ms`);
    if (round > 0) ratios.push(bulkMs / appendMs);
  }
  await db.close();
  await rm(directory, { recursive: true });
  return ratios;
};
