/** Which commands a stream has seen: the latest with what they recorded, and the fingerprints of all. */
import type { RecordedEvent } from '../message.ts';

/**
 * Every command id that a stream ever saw, eight bytes each: for a store that doesn't look for known ids itself. Tells
 * for certain that an id is new; that it is known is then looked up in the log.
 */
interface Fingerprints {
  add(id: string): void;
  /** `false` is certain. */
  mayHave(id: string): boolean;
  bytes(): number;
}

const slotsMin = 16;
const bytesPerSlot = 8;
/** Hexadecimal digits of a UUID that are random in all the versions that come here (RFC 9562: 4, 5 and 7). */
const highDigits = [24, 32] as const;
const lowDigits = [28, 36] as const;

const parse = (id: string, [from, to]: readonly [number, number]): number => Number.parseInt(id.slice(from, to), 16);

/** Open addressing; two zeros mark a free slot, so an id of zeros is remembered as another one. */
export const createFingerprints = (): Fingerprints => {
  let slots = new Uint32Array(2 * slotsMin);
  let held = 0;

  /** Index of the id, or of the free slot where it belongs. */
  const slotOf = (table: Uint32Array, high: number, low: number): number => {
    const last = table.length - 2;
    for (let at = (2 * low) & last; ; at = (at + 2) & last) {
      if ((table[at] === 0 && table[at + 1] === 0) || (table[at] === high && table[at + 1] === low)) return at;
    }
  };

  const put = (table: Uint32Array, high: number, low: number): boolean => {
    const at = slotOf(table, high, low);
    if (table[at] !== 0 || table[at + 1] !== 0) return false;
    table[at] = high;
    table[at + 1] = low;
    return true;
  };

  const grow = (): void => {
    const larger = new Uint32Array(2 * slots.length);
    for (let at = 0; at < slots.length; at += 2) {
      const [high = 0, low = 0] = [slots[at], slots[at + 1]];
      if (high !== 0 || low !== 0) put(larger, high, low);
    }
    slots = larger;
  };

  const halvesOf = (id: string): readonly [number, number] => [
    Math.max(1, parse(id, highDigits)),
    parse(id, lowDigits),
  ];

  return {
    add: (id) => {
      if (!put(slots, ...halvesOf(id))) return;
      held += 1;
      if (4 * held > slots.length) grow();
    },
    mayHave: (id) => {
      const at = slotOf(slots, ...halvesOf(id));
      return slots[at] !== 0 || slots[at + 1] !== 0;
    },
    bytes: () => (slots.length / 2) * bytesPerSlot,
  };
};

/** A command and what it recorded in one stream. */
export interface RecentCommand {
  readonly commandId: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
}

type Learned = Pick<RecordedEvent, 'revision' | 'metadata' | 'recordedAt'>;

/**
 * The latest commands of a stream, so that one that is sent again is recognised. All states of a stream share it and it
 * only ever learns what is in the log, so an older state knows too much at the most, and that is true as well.
 */
export interface RecentCommands {
  readonly bytes: () => number;
  readonly find: (commandId: string) => RecentCommand | undefined;
  /** Whether the command may have written to the stream though it is not found here: the log can tell. */
  readonly mayHaveForgotten: (commandId: string) => boolean;
  /** The next events of the stream; forgets what is no longer recent. The events of one command stand together. */
  readonly learn: (events: readonly Learned[]) => RecentCommands;
  /** Older ones that are sent again just now: forgets nothing, so that all of them are known together. */
  readonly learnAgain: (events: readonly Learned[]) => RecentCommands;
}

/**
 * What may be sent again after a crash: all that was in flight, and all whose answers were not kept yet (ADR 12). On a
 * busy stream that is what came within the last minute; on a quiet one, a few.
 */
const recentMs = 60_000;
const recentMin = 16;
/** A second of the busiest stream. */
const recentMax = 1_024;

/** A recent command costs two texts, two numbers and its place in a map. */
export const recentBytes = 120;

/** `fingerprints`: of all commands of the stream, for a store that is blind to known ids. */
export const createRecentCommands = (fingerprints?: Fingerprints): RecentCommands => {
  // A Map keeps the order of insertion, so the first key is the oldest one.
  const commands = new Map<string, RecentCommand & { readonly recordedAt: string }>();

  const add = ({ revision, recordedAt, metadata: { commandId } }: Learned): void => {
    const firstRevision = commands.get(commandId)?.firstRevision ?? revision;
    commands.set(commandId, { commandId, firstRevision, lastRevision: revision, recordedAt });
    fingerprints?.add(commandId);
  };

  const forgetOld = (newest: string): void => {
    const recentFrom = new Date(Date.parse(newest) - recentMs).toISOString();
    for (const { commandId, recordedAt } of commands.values()) {
      if (commands.size <= recentMin || (commands.size <= recentMax && recordedAt >= recentFrom)) return;
      commands.delete(commandId);
    }
  };

  const recent: RecentCommands = {
    bytes: () => recentBytes * commands.size + (fingerprints?.bytes() ?? 0),
    find: (commandId) => commands.get(commandId),
    mayHaveForgotten: (commandId) => !commands.has(commandId) && fingerprints?.mayHave(commandId) === true,
    learn: (events) => {
      for (const event of events) add(event);
      const newest = events.at(-1);
      if (newest !== undefined && commands.size > recentMin) forgetOld(newest.recordedAt);
      return recent;
    },
    learnAgain: (events) => {
      for (const event of events) add(event);
      return recent;
    },
  };
  return recent;
};
