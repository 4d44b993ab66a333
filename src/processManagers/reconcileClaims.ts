/**
 * The second lock on the door (B4, docs/architecture.md, "The way of an event"): compares what orders count on with
 * what stocks hold for them, both ways, tells where they drift apart, and mends it by what the policies would have
 * done. It finds nothing while they do theirs.
 *
 * A page of each list at a time, so that it goes round slowly, and first what the policies have handled since the last
 * look. Runs beside the policies in the same process, where plans for one order wait for each other.
 */
import type { Handlers } from '../commands/handlers.ts';
import { eachLimited, mapLimited, type TakeTurn } from '../eventsourcing/concurrency.ts';
import { laterOf, type Position, type RecordedEvent } from '../eventsourcing/message.ts';
import type { EventStore } from '../eventsourcing/ports.ts';
import type { AllocationFacts } from './allocationIndex.ts';
import { createClaimOrigins } from './cause.ts';
import { createClaimLooks } from './claimLooks.ts';
import { type ClaimDrift, type ClaimSubject, createAgreement, createRecentClaims, type LookMode } from './claims.ts';
import { type ClaimLists, type ClaimPage, type DriftKind, type DriftWatch, driftKinds } from './ports.ts';
import type { Reactions } from './reactions.ts';

/** Subjects that are looked at side by side. */
const looksAtOnce = 50;
/** Mended at once; a look that finds more mends the others at the next one. */
const mendsMax = 500;
const concurrency = 8;

export interface ReconcilerPorts {
  readonly handlers: Handlers;
  readonly store: Pick<EventStore, 'readStream' | 'head'>;
  readonly facts: AllocationFacts;
  readonly claimLists: ClaimLists;
  readonly driftWatch: DriftWatch;
  readonly takeTurn: TakeTurn;
}

/** How many were found of each kind. */
export type DriftCounts = Readonly<Record<DriftKind, number>>;

export interface Reconciler {
  /** The policies have handled these. */
  note(events: readonly RecordedEvent[]): void;
  /** One look. @returns what had drifted, mended by now. @throws StoreUnavailable */
  look(signal?: AbortSignal): Promise<DriftCounts>;
}

/** A page at each call; after the last comes the first again. */
const goRound = <T>(pageAt: (cursor: string | null) => Promise<ClaimPage<T>>) => {
  let cursor: string | null = null;
  return async (): Promise<readonly T[]> => {
    const { items, nextCursor }: ClaimPage<T> = await pageAt(cursor);
    cursor = nextCursor;
    return items;
  };
};

export const createReconciler = (
  { handlers, store, facts, claimLists, driftWatch, takeTurn }: ReconcilerPorts,
  { perform }: Pick<Reactions, 'perform'>,
): Reconciler => {
  const recent = createRecentClaims();
  const nextOrders = goRound(claimLists.orders);
  const nextWaiting = goRound((cursor) => claimLists.waiting(null, cursor));
  const nextClaims = goRound(claimLists.reservations);
  const looks = createClaimLooks({ handlers, facts, handledUpTo: recent.handledUpTo });
  const agrees = createAgreement(handlers, recent.handledUpTo);
  const { isByPeople, causeFor } = createClaimOrigins(store);

  const subjects = async (): Promise<readonly ClaimSubject[]> => {
    const { skus, ...handled } = recent.take();
    const orderIds = new Set([...handled.orderIds, ...(await nextOrders()), ...(await nextWaiting())]);
    const waitedFor = (await claimLists.isAnyWaiting([...skus])) ? skus : [];
    for (const sku of waitedFor)
      for (const orderId of (await claimLists.waiting(sku, null)).items) orderIds.add(orderId);
    return [
      ...[...orderIds].map((orderId): ClaimSubject => ({ orderId })),
      ...handled.claims.map((claim) => ({ claim })),
      ...(await nextClaims()).map((claim) => ({ claim, isSure: true })),
    ];
  };

  /** Mostly both sides agree, and what is known here tells: no need for a look at each of thousands. */
  const doubtful = async (all: readonly ClaimSubject[], signal?: AbortSignal): Promise<readonly ClaimSubject[]> => {
    const left: ClaimSubject[] = [];
    for (const each of all) {
      if (signal?.aborted === true) break;
      const turn = takeTurn();
      if (turn !== null) await turn;
      if (!agrees(each)) left.push(each);
    }
    return left;
  };

  const driftsOf = async (
    all: readonly ClaimSubject[],
    view: LookMode,
    signal?: AbortSignal,
  ): Promise<readonly (readonly [ClaimSubject, readonly ClaimDrift[]])[]> => {
    const found = await mapLimited(all, looksAtOnce, async (each) => {
      if (signal?.aborted === true) return [];
      await takeTurn();
      const drifts = await looks.at(each, view);
      return drifts.length === 0 ? [] : [[each, drifts] as const];
    });
    return found.flat();
  };

  /**
   * What is on its way is no drift: it must still be so once the policies have passed all that the look was made on, and
   * nothing may have happened to it since, as they need not have come to that.
   */
  const confirmed = async (since: Position, signal?: AbortSignal): Promise<readonly ClaimDrift[]> => {
    const doubted = await doubtful(await subjects(), signal);
    const suspects = await driftsOf(doubted, { isSure: false, since }, signal);
    const sure: LookMode = { isSure: true, since };
    const first = await driftsOf(
      suspects.map(([subject]) => subject),
      sure,
    );
    const drifts = first.flatMap(([, seen]) => seen);
    if (drifts.length === 0) return [];
    const positions = drifts.map(({ at }) => at).reduce(laterOf);
    if (!(await claimLists.hasReacted(laterOf(positions, since)))) return [];
    const bases = new Map(drifts.map(({ name, basis }) => [name, basis]));
    const second = await driftsOf(
      first.map(([subject]) => subject),
      sure,
    );
    const still = new Map(second.flatMap(([, seen]) => seen).map((drift) => [drift.name, drift]));
    return [...still.values()].filter(({ name, basis }) => bases.get(name) === basis);
  };

  /** @returns whether it had drifted. Goods may be free and not enough for an order: only the plan tells. */
  const mend = async (drift: ClaimDrift): Promise<boolean> => {
    await perform(drift.reaction, await causeFor(drift));
    return drift.kind !== 'waiting_beside_stock' || (await looks.hasMoved(drift));
  };

  return {
    note: recent.note,
    look: async (signal) => {
      const counts: Record<DriftKind, number> = {
        uncounted_reservation: 0,
        lost_reservation: 0,
        waiting_beside_stock: 0,
        unbooked_departure: 0,
      };
      looks.nextTurn();
      const since = await store.head();
      if (since === null) return counts;
      const drifts: ClaimDrift[] = [];
      for (const drift of await confirmed(since, signal)) {
        const isTheirs = drift.reaction.type === 'ReleaseUncounted' && (await isByPeople(drift.reaction));
        if (!isTheirs && drifts.length < mendsMax) drifts.push(drift);
      }
      await eachLimited(drifts, concurrency, async (drift) => {
        if (await mend(drift)) counts[drift.kind] += 1;
      }).finally(() => {
        for (const kind of driftKinds) driftWatch.found(kind, counts[kind]);
      });
      return counts;
    },
  };
};
