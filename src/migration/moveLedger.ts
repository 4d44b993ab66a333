/**
 * The ledger of webhook deliveries into another place, after its log: which deliveries were made is not told by the log,
 * and a planner that began anew would have every partner sent the whole history again.
 *
 * Order of the writes: rows, counters, and the planner's checkpoint last, each only where nothing is. A planner that begins
 * after a break at any point finds rows that are there and numbers what is missing as before: sequences follow from the log.
 * The version of a document, by which its writers compare and set, goes along as it is.
 */
import { eachLimited } from '../eventsourcing/concurrency.ts';
import { comparePositions, formatPosition, type Position, type RecordedEvent } from '../eventsourcing/message.ts';
import type { Checkpoints, EventStore } from '../eventsourcing/ports.ts';
import type {
  CollectionSpec,
  Documents,
  DocumentWrite,
  StoredDocument,
} from '../eventsourcing/projecting/documents.ts';
import { type Counter, counters, type Delivery, deliveries, positionIn, rowsPerCallMax } from '../webhooks/ledger.ts';
import { plannerName } from '../webhooks/planner.ts';

/** The ledger names an event that the log does not have, so it belongs to another one. */
export class LedgerDiffers extends Error {
  override readonly name = 'LedgerDiffers';
}

export interface LedgerPlace {
  readonly documents: Documents;
  readonly checkpoints: Pick<Checkpoints, 'get' | 'advance'>;
}

export interface LedgerMove {
  readonly source: LedgerPlace & {
    /** The event at this very position; `null` when none is there. */
    readonly eventAt: (position: Position) => Promise<RecordedEvent | null>;
  };
  /** Must hold the whole log of the source. */
  readonly target: LedgerPlace & Pick<EventStore, 'readStream'>;
  /** Told how many of the deliveries are there. */
  readonly onProgress: (rows: number) => void;
}

interface CollectionMoved {
  /** How many the source has. */
  readonly total: number;
  /** So many of them were written now. */
  readonly moved: number;
  /** So many were there and have changed here since: the source was used again after an earlier move. */
  readonly outdated: number;
}

export interface LedgerMoved {
  readonly rows: CollectionMoved;
  readonly counters: CollectionMoved;
  /** `elsewhere`: it stands at another event there, or a process there has taken it over, and was left alone. */
  readonly planner: 'never ran' | 'moved' | 'there' | 'elsewhere';
}

/** Each asks a server for one event or two. */
const eventsAtOnce = 16;

const mapAtOnce = async <From, To>(all: readonly From[], map: (each: From) => Promise<To>): Promise<readonly To[]> => {
  const mapped: To[] = [];
  await eachLimited([...all.entries()], eventsAtOnce, async ([index, each]) => {
    mapped[index] = await map(each);
  });
  return mapped;
};

/** Positions of the target for what names an event of the source. */
const createTranslation = ({ source, target }: LedgerMove) => {
  const place = async (stream: string, revision: number, id: string): Promise<Position> => {
    const [event] = await target.readStream(stream, revision, 1);
    if (event?.id === id) return event.position;
    throw new LedgerDiffers(`The log there has no event ${id} at revision ${revision} of ${stream}.`);
  };
  const translate = async (position: Position): Promise<Position> => {
    const event = await source.eventAt(position);
    if (event !== null) return place(event.stream, event.revision, event.id);
    throw new LedgerDiffers(
      `The log here has no event at ${formatPosition(position)}: was it restored without its ledger?`,
    );
  };
  return {
    translate,
    row: async (row: Delivery): Promise<Delivery> => ({
      ...row,
      position: formatPosition(await place(row.stream, row.streamRevision, row.eventId)),
    }),
    counter: async (counter: Counter): Promise<Counter> => ({
      ...counter,
      upTo: formatPosition(await translate(positionIn(counter.upTo))),
    }),
  };
};

async function* pagesOf<T>(
  documents: Documents,
  { name }: CollectionSpec,
): AsyncGenerator<readonly StoredDocument<T>[]> {
  for (let after: { value: null; id: string } | undefined; ; ) {
    const keyset = after === undefined ? {} : { after };
    const page: readonly StoredDocument<T>[] = await documents.find<T>(name, {
      where: {},
      ...keyset,
      limit: rowsPerCallMax,
    });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < rowsPerCallMax) return;
    after = { value: null, id: last.id };
  }
}

const moveCollection = async <T extends object>(
  { source, target }: LedgerMove,
  collection: CollectionSpec,
  translated: (document: T) => Promise<T>,
  onProgress: (total: number) => void = () => undefined,
): Promise<CollectionMoved> => {
  await source.documents.ensure(collection);
  await target.documents.ensure(collection);
  let [total, moved, outdated] = [0, 0, 0];
  for await (const page of pagesOf<T>(source.documents, collection)) {
    const ids = page.map(({ id }) => id);
    const there = await target.documents.getMany<T>(collection.name, ids);
    const missing = page.filter(({ id }) => !there.has(id));
    const writes = await mapAtOnce(missing, async ({ id, document, position }): Promise<DocumentWrite> => {
      return { id, document: await translated(document), position, expected: null };
    });
    const outcomes = writes.length === 0 ? [] : await target.documents.write(collection.name, writes);
    total += page.length;
    moved += outcomes.filter((outcome) => outcome === 'applied').length;
    outdated += page.filter(({ id, position }) => (there.get(id)?.position ?? position) < position).length;
    onProgress(total);
  }
  return { total, moved, outdated };
};

const movePlanner = async (
  { source, target }: LedgerMove,
  translate: (position: Position) => Promise<Position>,
): Promise<LedgerMoved['planner']> => {
  const stands = await source.checkpoints.get(plannerName);
  if (stands === null) return 'never ran';
  const to = await translate(stands);
  const there = await target.checkpoints.get(plannerName);
  if (there !== null) return comparePositions(there, to) === 0 ? 'there' : 'elsewhere';
  // Epoch 0: only while no process has ever held it.
  const outcome = await target.checkpoints.advance(plannerName, { from: null, to, epoch: 0 });
  return outcome === 'advanced' ? 'moved' : 'elsewhere';
};

/** May be repeated, and goes on. @throws LedgerDiffers, StoreUnavailable */
export const moveLedger = async (move: LedgerMove): Promise<LedgerMoved> => {
  const { translate, row, counter } = createTranslation(move);
  return {
    rows: await moveCollection(move, deliveries, row, move.onProgress),
    counters: await moveCollection(move, counters, counter),
    planner: await movePlanner(move, translate),
  };
};
