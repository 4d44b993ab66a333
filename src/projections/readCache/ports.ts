import type { Position } from '../../eventsourcing/message.ts';

/** What a read model answered, kept for a moment. Shared by reference where it is kept in memory: nobody changes it. */
export interface CacheEntry<T = unknown> {
  /** Everything up to here was folded in before the value was read. Something newer may be in it too. */
  readonly seen: Position;
  /** JSON-native. */
  readonly value: T;
  /** How much longer it may be given out, in milliseconds. */
  readonly livesMs: number;
}

/**
 * A place for answers that are asked for again and again. May forget anything at any time, and what it can't reach it
 * does not have: it never throws and never holds a caller up for longer than some ten milliseconds.
 */
export interface Cache {
  /** `null` when there is none that has seen at least `notBefore`. */
  get(key: string, notBefore: Position): Promise<CacheEntry | null>;
  /** An entry that has seen less never takes the place of one that has seen more: a slow reader may come late. */
  put(key: string, entry: CacheEntry): Promise<void>;
}
