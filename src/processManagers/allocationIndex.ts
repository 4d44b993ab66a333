/**
 * Where an allocation has to look: warehouses, which of them hold a SKU, and orders that wait. It is what the read models
 * have, and on top of it what events have changed that they may not have folded yet. So no reaction waits for a read model,
 * and each sees at least all that lies before its event (docs/architecture.md, "The way of an event"). Memory holds
 * only those changes.
 */
import type { Candidate } from '../domain/policies/ranking.ts';
import { comparePositions, type Position, type RecordedEvent } from '../eventsourcing/message.ts';
import { type EventSource, StoreUnavailable } from '../eventsourcing/ports.ts';
import { type ChangePorts, createAllocationChanges, indexedTypes, isBefore } from './allocationChanges.ts';
import type { AllocationReadModels, WaitingOrder } from './ports.ts';

/** Documents of orders are large: so many are read together, however many wait. */
const waitingPage = 100;
/** Some 50 MB. Read models that are further behind stand still, and the policies with them. */
const changesMax = 100_000;

export interface AllocationFacts {
  /** Those that are open to sourcing. */
  warehouses(): Promise<readonly Candidate[]>;
  /** Ids of the warehouses where this SKU was ever registered, sorted. */
  warehousesHolding(sku: string): Promise<readonly string[]>;
  /** Whether any order lacks a source for any of these: asked before the next two, which read orders. */
  isAnyWaitingFor(skus: readonly string[]): Promise<boolean>;
  /** Those for this SKU (`null`: for any), by `placedAt` and id; page by page, as those that are served wait no more. */
  ordersWaitingFor(sku: string | null): AsyncGenerator<WaitingOrder, void>;
  oldestWaitingFor(sku: string): Promise<WaitingOrder | null>;
}

export interface AllocationIndex {
  readonly facts: AllocationFacts;
  /** This process is the one that runs the policies from now on. Others may have handled what was never noted here. */
  takeOver(): void;
  /** Before these events are reacted to. @throws StoreUnavailable where it can't be sure of what they change. */
  note(events: readonly RecordedEvent[]): Promise<void>;
}

export interface AllocationIndexPorts extends ChangePorts {
  readonly source: Pick<EventSource, 'scan' | 'head'>;
  readonly readModels: AllocationReadModels;
}

export const createAllocationIndex = (ports: AllocationIndexPorts): AllocationIndex => {
  const { source, readModels, takeTurn } = ports;
  const changes = createAllocationChanges(ports);
  /** What the read models said since the latest events were noted: orders of one batch ask the same again and again. */
  const answers = new Map<string, Promise<unknown>>();
  /** Builds of the read models that the changes begin at; `null`: none yet. */
  let base: string | null = null;
  let beginning: Promise<void> | null = null;
  let tenure = 0;

  /** What the read models have folded is theirs to tell, and what they said before they had is said anew. */
  const forgetUpTo = (position: Position | null): void => {
    if (position !== null) changes.forgetUpTo(position);
    answers.clear();
  };

  /** News of what others have folded may be lost; the checkpoints tell. */
  const makeRoom = async (builds: string): Promise<void> => {
    if (changes.size() <= changesMax) return;
    const stored = await readModels.storedPosition();
    if (builds === readModels.builds()) forgetUpTo(stored);
    if (changes.size() > changesMax)
      throw new StoreUnavailable('the read models are too far behind for the policies to go on', 'not_written');
  };

  /** From the checkpoints of the read models to the head of this moment, which lies behind all that was handed over. */
  const begin = async (): Promise<void> => {
    const [begunIn, builds] = [tenure, readModels.builds()];
    changes.clear();
    let from = await readModels.storedPosition();
    const head = await source.head();
    while (head !== null && (from === null || comparePositions(from, head) < 0)) {
      await takeTurn();
      const { events, upTo, isCaughtUp } = await source.scan(from, { types: indexedTypes });
      await makeRoom(builds);
      await changes.learn(events);
      if (upTo === null || isCaughtUp) break;
      from = upTo;
    }
    answers.clear();
    if (begunIn === tenure) base = builds;
  };

  /** Another build may answer after a rebuild, and may have folded less. */
  const isBegun = (): boolean => base === readModels.builds();
  const begun = async (): Promise<void> => {
    while (!isBegun()) {
      beginning ??= begin().finally(() => {
        beginning = null;
      });
      await beginning;
    }
  };

  /** A failure is told to those who wait for it, and to nobody after them. */
  const askOnce = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const known = answers.get(key);
    if (known !== undefined) return known as Promise<T>;
    const answer = ask();
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  };

  async function* ordersWaitingFor(sku: string | null, firstPage = waitingPage): AsyncGenerator<WaitingOrder, void> {
    if (!isBegun()) await begun();
    const builds = base;
    const changed = changes.waiting.for(sku);
    const ids = new Set(changed.map(({ orderId }) => orderId));
    let next = 0;
    let page = { limit: firstPage, cursor: null as string | null };
    do {
      const { orders, nextCursor } = await readModels.ordersWaitingFor(sku, page);
      if (builds !== readModels.builds())
        throw new StoreUnavailable('another build answers from now on', 'not_written');
      for (const stored of orders) {
        for (let first = changed[next]; first !== undefined && isBefore(first, stored); first = changed[next]) {
          next += 1;
          yield first;
        }
        const now = ids.has(stored.orderId) ? null : changes.waiting.latest(stored, sku);
        if (now !== null) yield now;
      }
      page = { limit: waitingPage, cursor: nextCursor };
    } while (page.cursor !== null);
    yield* changed.slice(next);
  }

  /** In each, what has changed is looked at before a read model is asked: meanwhile it may have been folded, and forgotten. */
  const facts: AllocationFacts = {
    warehouses: async () => {
      if (!isBegun()) await begun();
      const changed = changes.warehouses.values().flat();
      const stored = await askOnce('warehouses', readModels.warehouses);
      const known = new Map([...stored, ...changed].map((each) => [each.warehouseId, each]));
      return [...known.values()].filter(({ sourcing }) => sourcing === 'open');
    },
    warehousesHolding: async (sku) => {
      if (!isBegun()) await begun();
      const changed = changes.holders.get(sku);
      const stored = await askOnce(`holding ${sku}`, () => readModels.warehousesHolding(sku));
      return changed === undefined ? stored : [...new Set([...stored, ...changed])].sort();
    },
    isAnyWaitingFor: async (skus) => {
      if (!isBegun()) await begun();
      if (skus.length === 0 || changes.waiting.isAnyFor(skus)) return skus.length > 0;
      // Goods of many SKUs arrive together, and mostly nobody waits for any.
      return (await askOnce('any', () => readModels.isAnyWaitingFor(null))) && readModels.isAnyWaitingFor(skus);
    },
    ordersWaitingFor: (sku) => ordersWaitingFor(sku),
    oldestWaitingFor: async (sku) =>
      askOnce(`oldest ${sku}`, async () => (await ordersWaitingFor(sku, 1).next()).value ?? null),
  };

  return {
    facts,
    takeOver: () => {
      tenure += 1;
      base = null;
    },
    note: async (events) => {
      if (!isBegun()) await begun();
      const builds = base ?? '';
      await makeRoom(builds);
      await changes.learn(events);
      if (builds === readModels.builds()) forgetUpTo(readModels.position());
    },
  };
};
