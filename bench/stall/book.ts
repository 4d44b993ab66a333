/** Real events of a made-up business: what deciders say to commands, at times of their own, one append after another. */
import { derivedId, eventIdOf } from '../../src/eventsourcing/commandHandling/ids.ts';
import type { Decider, DomainEvent, EventEnvelope } from '../../src/eventsourcing/message.ts';

export interface Append {
  readonly stream: string;
  readonly expected: number | 'no_stream';
  readonly events: readonly EventEnvelope[];
}

export interface Book {
  /** Business time of the next append, ISO 8601 UTC with milliseconds. */
  now(): string;
  /** Decides one command after another and writes down all of it as one append. @returns the state after it. */
  write<S, C, E extends DomainEvent, Code extends string>(
    stream: string,
    decider: Decider<S, C, E, Code>,
    state: S,
    commands: readonly C[],
  ): S;
  /** What was written since the last call. */
  take(): readonly Append[];
  /** All events so far. */
  count(): number;
}

/** 200 events a second: a busy day. */
const msPerEvent = 5;
const actor = { subject: 'stall', kind: 'client', client: 'stall' } as const;

/** Books with the same seed make the same ids of commands, which two of them on one server must not. */
export const createBook = (startMs: number, seed = ''): Book => {
  const revisions = new Map<string, number>();
  let appends: Append[] = [];
  let count = 0;
  let commands = 0;
  let nowMs = startMs;
  const now = (): string => new Date(nowMs).toISOString();

  const envelopes = (events: readonly DomainEvent[], versions: Readonly<Record<string, number>>): EventEnvelope[] => {
    commands += 1;
    const recordedAt = now();
    const commandId =
      seed === ''
        ? `00000000-0000-5000-8000-${commands.toString(16).padStart(12, '0')}`
        : derivedId(`${seed}${commands}`);
    const metadata = { $correlationId: commandId, $causationId: commandId, commandId, actor, authentication: {} };
    return events.map(({ type, data }, index) => ({
      id: eventIdOf(commandId, index),
      type,
      schemaVersion: versions[type] ?? 1,
      occurredAt: recordedAt,
      recordedAt,
      data,
      metadata,
    }));
  };

  return {
    now,
    write: (stream, decider, state, asked) => {
      let after = state;
      const events: DomainEvent[] = [];
      for (const command of asked) {
        const decision = decider.decide(command, after);
        if ('refused' in decision) throw new Error(`${stream}: ${decision.refused.code} ${decision.refused.detail}`);
        for (const event of decision.accepted) {
          after = decider.evolve(after, event);
          events.push(event);
        }
      }
      if (events.length === 0) return after;
      const revision = revisions.get(stream);
      appends.push({ stream, expected: revision ?? 'no_stream', events: envelopes(events, decider.schemaVersions) });
      revisions.set(stream, (revision ?? -1) + events.length);
      count += events.length;
      nowMs += msPerEvent * events.length;
      return after;
    },
    take: () => {
      const taken = appends;
      appends = [];
      return taken;
    },
    count: () => count,
  };
};

/** How long a log of so many events lasts. */
export const bookMs = (events: number): number => events * msPerEvent;
