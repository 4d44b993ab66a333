/**
 * The second lock on the door (B4, DESIGN §6): compares what orders count on with what stocks hold for them, both ways,
 * tells where they drift apart, and mends it by what the policies would have done. It finds nothing while they do theirs.
 *
 * A page of each list at a time, so that it goes round slowly, and first what the policies have handled since the last
 * look. Runs beside the policies in the same process, where plans for one order wait for each other.
 */
import type { Handlers } from '../commands/handlers.ts';
import type { TakeTurn } from '../eventsourcing/concurrency.ts';
import { eachLimited, mapLimited } from '../eventsourcing/concurrency.ts';
import type { Position, RecordedEvent } from '../eventsourcing/message.ts';
import { laterOf } from '../eventsourcing/message.ts';
import type { EventStore } from '../eventsourcing/ports.ts';
import { createClaimOrigins } from './cause.ts';
import { createLooks } from './claimLooks.ts';
import type { Sight, Subject, View } from './claims.ts';
import { createAgreement, createRecentClaims } from './claims.ts';
import type { AllocationFacts } from './ports.ts';
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
export type Drift = Readonly<Record<DriftKind, number>>;

export interface Reconciler {
  /** The policies have handled these. */
  note(events: readonly RecordedEvent[]): void;
  /** One look. @returns what had drifted, mended by now. @throws StoreUnavailable */
  look(signal?: AbortSignal): Promise<Drift>;
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
  const looks = createLooks({ handlers, facts, handledUpTo: recent.handledUpTo });
  const agrees = createAgreement(handlers, recent.handledUpTo);
  const { isByPeople, causeFor } = createClaimOrigins(store);

  const subjects = async (): Promise<readonly Subject[]> => {
    const { skus, ...handled } = recent.take();
    const orderIds = new Set([...handled.orderIds, ...(await nextOrders()), ...(await nextWaiting())]);
    const waitedFor = (await claimLists.isAnyWaiting([...skus])) ? skus : [];
    for (const sku of waitedFor)
      for (const orderId of (await claimLists.waiting(sku, null)).items) orderIds.add(orderId);
    return [
      ...[...orderIds].map((orderId): Subject => ({ orderId })),
      ...handled.claims.map((claim) => ({ claim })),
      ...(await nextClaims()).map((claim) => ({ claim, isSure: true })),
    ];
  };

  /** Mostly both sides agree, and what is known here tells: no need for a look at each of thousands. */
  const doubtful = async (all: readonly Subject[], signal?: AbortSignal): Promise<readonly Subject[]> => {
    const left: Subject[] = [];
    for (const each of all) {
      if (signal?.aborted === true) break;
      const turn = takeTurn();
      if (turn !== null) await turn;
      if (!agrees(each)) left.push(each);
    }
    return left;
  };

  const sightsOf = async (
    all: readonly Subject[],
    view: View,
    signal?: AbortSignal,
  ): Promise<readonly (readonly [Subject, readonly Sight[]])[]> => {
    const found = await mapLimited(all, looksAtOnce, async (each) => {
      if (signal?.aborted === true) return [];
      await takeTurn();
      const sights = await looks.at(each, view);
      return sights.length === 0 ? [] : [[each, sights] as const];
    });
    return found.flat();
  };

  /**
   * What is on its way is no drift: it must still be so once the policies have passed all that the look was made on, and
   * nothing may have happened to it since, as they need not have come to that.
   */
  const confirmed = async (since: Position, signal?: AbortSignal): Promise<readonly Sight[]> => {
    const doubted = await doubtful(await subjects(), signal);
    const suspects = await sightsOf(doubted, { isSure: false, since }, signal);
    const sure: View = { isSure: true, since };
    const first = await sightsOf(
      suspects.map(([subject]) => subject),
      sure,
    );
    const sights = first.flatMap(([, seen]) => seen);
    if (sights.length === 0) return [];
    const positions = sights.map(({ at }) => at).reduce(laterOf);
    if (!(await claimLists.hasReacted(laterOf(positions, since)))) return [];
    const bases = new Map(sights.map(({ name, basis }) => [name, basis]));
    const second = await sightsOf(
      first.map(([subject]) => subject),
      sure,
    );
    const still = new Map(second.flatMap(([, seen]) => seen).map((sight) => [sight.name, sight]));
    return [...still.values()].filter(({ name, basis }) => bases.get(name) === basis);
  };

  /** @returns whether it had drifted. Goods may be free and not enough for an order: only the plan tells. */
  const mend = async (sight: Sight, since: Position): Promise<boolean> => {
    await perform(sight.ask, await causeFor(sight, laterOf(sight.at, since)));
    return sight.kind !== 'waiting_beside_stock' || (await looks.hasMoved(sight));
  };

  return {
    note: recent.note,
    look: async (signal) => {
      const drift: Record<DriftKind, number> = {
        uncounted_reservation: 0,
        lost_reservation: 0,
        waiting_beside_stock: 0,
        unbooked_departure: 0,
      };
      looks.nextTurn();
      const since = await store.head();
      if (since === null) return drift;
      const sights: Sight[] = [];
      for (const sight of await confirmed(since, signal)) {
        const isTheirs = sight.ask.ask === 'ReleaseUncounted' && (await isByPeople(sight.ask));
        if (!isTheirs && sights.length < mendsMax) sights.push(sight);
      }
      await eachLimited(sights, concurrency, async (sight) => {
        if (await mend(sight, since)) drift[sight.kind] += 1;
      }).finally(() => {
        for (const kind of driftKinds) driftWatch.found(kind, drift[kind]);
      });
      return drift;
    },
  };
};
