/**
 * When each thing that a cached answer is made of was last changed, as this process learns it from the log itself. No
 * message between processes is needed to make an entry useless, so none can be lost.
 */
import { escapeName, unescapeName } from '../../domain/values.ts';
import type { LiveEvents } from '../../eventsourcing/consumers/liveEvents.ts';
import {
  categoryOf,
  comparePositions,
  idOf,
  laterOf,
  type Position,
  type RecordedEvent,
} from '../../eventsourcing/message.ts';

export interface LastChanges {
  /**
   * What an answer made of these subjects must have seen to be good, and up to where that is known. `null` while this
   * process does not follow the log: it can't judge any entry.
   */
  of(subjects: readonly string[]): { readonly notBefore: Position; readonly knownUpTo: Position } | null;
  close(): void;
}

/** The stocks of a SKU in all warehouses. */
export const stocksOfSku = (sku: string): string => `stocks-of-${escapeName(sku)}`;
export const allWarehouses = 'all-warehouses';

/** What an event changes: its stream, and what many streams make together. Nothing of it may be forgotten. */
export const subjectsOf = ({ stream }: Pick<RecordedEvent, 'stream'>): readonly string[] => {
  switch (categoryOf(stream)) {
    case 'stock': {
      const id = idOf(stream);
      return [stream, stocksOfSku(unescapeName(id.slice(id.indexOf('.') + 1)))];
    }
    case 'item':
      return [stream];
    case 'warehouse':
      return [stream, allWarehouses];
    default:
      return [];
  }
};

/**
 * Two for each change of a stock, so this holds the life of an entry (5 s) at 3,000 changes a second, in less than
 * 10 MB. Beyond that, answers are read again sooner; none is wrong.
 */
const subjectsMax = 32_768;

export const createLastChanges = (
  live: Pick<LiveEvents, 'subscribe' | 'position'>,
  heldMax: number = subjectsMax,
): LastChanges => {
  /** In the order of their positions, the oldest first. */
  const changes = new Map<string, Position>();
  /** Before this, anything may have changed unheard. */
  let heardSince: Position | null = null;

  const forgetOldest = (): void => {
    const [oldest] = changes;
    if (oldest === undefined) return;
    const [subject, position] = oldest;
    changes.delete(subject);
    heardSince = heardSince === null ? position : laterOf(heardSince, position);
  };

  const close = live.subscribe((event) => {
    for (const subject of subjectsOf(event)) {
      const known = changes.get(subject);
      // The log may be handed over twice.
      if (known !== undefined && comparePositions(known, event.position) >= 0) continue;
      changes.delete(subject);
      changes.set(subject, event.position);
      if (changes.size > heldMax) forgetOldest();
    }
  });

  return {
    of: (subjects) => {
      const knownUpTo = live.position();
      if (knownUpTo === null) return null;
      heardSince ??= knownUpTo;
      const positions = subjects.flatMap((subject) => changes.get(subject) ?? []);
      const notBefore = positions.reduce(laterOf, heardSince);
      return { notBefore, knownUpTo };
    },
    close,
  };
};
