/**
 * The one load-decide-append loop of the write side (DESIGN §5).
 *
 * Commands for one stream queue up, are decided one after another on the cached state, and go out as one append at one
 * exact expected revision; each caller gets its own outcome. A conflict reads the events since and decides again.
 */
import type {
  Actor,
  Decider,
  DomainEvent,
  EventEnvelope,
  EventMetadata,
  Position,
  RecordedEvent,
  Refusal,
} from '../domain/message.ts';
import { eventIdOf } from './ids.ts';
import { type Clock, type EventStore, StoreUnavailable } from './ports.ts';
import type { Loaded, RecentCommand, StateCache } from './stateCache.ts';

export interface CommandContext {
  /** UUID; the ids of the events are derived from it. */
  readonly commandId: string;
  readonly actor: Actor;
  readonly authentication: EventMetadata['authentication'];
  readonly correlationId: string;
  readonly causationId: string;
  /** Business time, ISO 8601 UTC; absent: now. */
  readonly occurredAt?: string;
  /** The revision the caller saw. Its conflict is never retried for them (DESIGN §4.3). */
  readonly ifMatch?: number;
  /** Decide, but record nothing (B12). */
  readonly dryRun?: boolean;
}

export type Outcome<State, E extends DomainEvent, Code extends string> =
  | {
      readonly kind: 'recorded';
      readonly events: readonly RecordedEvent<E>[];
      readonly state: State;
      readonly revision: number;
      readonly position: Position;
    }
  /** Accepted, and there was nothing to record. `revision` -1: the stream does not exist. */
  | { readonly kind: 'unchanged'; readonly state: State; readonly revision: number; readonly position: Position | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal<Code> }
  /** The caller's `ifMatch` is not the current revision; `events` are those since (B1). */
  | { readonly kind: 'stale'; readonly currentRevision: number; readonly events: readonly RecordedEvent<E>[] }
  | { readonly kind: 'dry_run'; readonly events: readonly E[] };

export interface HandlerOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly cache: StateCache;
}

/** Commands that go out in one append. More would make one slow commit of many quick ones. */
const batchMax = 128;
/** With one writer a stream conflicts only with another process; this many in a row means something is broken. */
const attemptsMax = 16;
const pageEvents = 500;
/** Enough for every command that can be in flight on one stream when a process dies. */
const recentMax = 256;
/** Events a 412 answer carries at most; a caller further behind reads the history. */
const staleEventsMax = 100;

interface Pending<Command, State, E extends DomainEvent, Code extends string> {
  readonly command: Command;
  readonly context: CommandContext;
  readonly resolve: (outcome: Outcome<State, E, Code>) => void;
  readonly reject: (error: unknown) => void;
}

export type Handle<State, Command, E extends DomainEvent, Code extends string> = {
  /** @throws StoreUnavailable */
  (stream: string, command: Command, context: CommandContext): Promise<Outcome<State, E, Code>>;
  /** The state as the write side knows it now, for facts of a decision elsewhere. */
  load(stream: string): Promise<Loaded<State>>;
};

const remember = (
  recent: readonly RecentCommand[],
  events: readonly { commandId: string; revision: number }[],
): readonly RecentCommand[] => {
  const next = [...recent];
  for (const { commandId, revision } of events) {
    const last = next.at(-1);
    if (last?.commandId === commandId) next[next.length - 1] = { ...last, lastRevision: revision };
    else next.push({ commandId, firstRevision: revision, lastRevision: revision });
  }
  return next.length > recentMax ? next.slice(-recentMax) : next;
};

export const createHandle = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  { store, clock, cache }: HandlerOptions,
): Handle<State, Command, E, Code> => {
  type Waiting = Pending<Command, State, E, Code>;
  const lanes = new Map<string, Waiting[]>();
  const absent: Loaded<State> = { state: decider.initialState, revision: -1, position: null, recent: [] };

  const foldOn = (loaded: Loaded<State>, events: readonly RecordedEvent<E>[]): Loaded<State> => {
    const last = events.at(-1);
    if (last === undefined) return loaded;
    return {
      state: events.reduce(
        (state, { type, data }) => decider.evolve(state, { type, data } as DomainEvent as E),
        loaded.state,
      ),
      revision: last.revision,
      position: last.position,
      recent: remember(
        loaded.recent,
        events.map(({ metadata, revision }) => ({ commandId: metadata.commandId, revision })),
      ),
    };
  };

  const readOn = async (
    stream: string,
    from: Loaded<State>,
    upTo = Number.POSITIVE_INFINITY,
  ): Promise<Loaded<State>> => {
    let loaded = from;
    for (;;) {
      const limit = Math.min(pageEvents, upTo - loaded.revision);
      const events = (await store.readStream(stream, loaded.revision + 1, limit)) as readonly RecordedEvent<E>[];
      loaded = foldOn(loaded, events);
      if (events.length < pageEvents || loaded.revision >= upTo) return loaded;
    }
  };

  const keep = (stream: string, loaded: Loaded<State>): Loaded<State> => {
    cache.put(stream, loaded, decider.weigh(loaded.state));
    return loaded;
  };

  const load = async (stream: string): Promise<Loaded<State>> => {
    const cached = cache.get(stream) as Loaded<State> | undefined;
    if (cached !== undefined) return cached;
    const loaded = await readOn(stream, absent);
    // An absent stream is not kept: reading it again is cheap, and made-up ids would push out real ones.
    return loaded.revision < 0 ? loaded : keep(stream, loaded);
  };

  /** What an earlier attempt of the same command recorded, as it was answered then. */
  const replay = async (
    stream: string,
    { firstRevision, lastRevision }: RecentCommand,
  ): Promise<Outcome<State, E, Code>> => {
    const then = await readOn(stream, absent, lastRevision);
    const events = await store.readStream(stream, firstRevision, lastRevision - firstRevision + 1);
    const last = events.at(-1);
    if (last === undefined) throw new Error(`${stream}: events ${firstRevision} to ${lastRevision} are missing`);
    const recorded = events as readonly RecordedEvent<E>[];
    return { kind: 'recorded', events: recorded, state: then.state, revision: lastRevision, position: last.position };
  };

  const stale = async (stream: string, ifMatch: number, currentRevision: number): Promise<Outcome<State, E, Code>> => {
    const events = await store.readStream(stream, Math.max(0, ifMatch + 1), staleEventsMax);
    return { kind: 'stale', currentRevision, events: events as readonly RecordedEvent<E>[] };
  };

  const envelopeOf = (
    event: E,
    index: number,
    { commandId, ...context }: CommandContext,
    recordedAt: string,
  ): EventEnvelope<E> => ({
    id: eventIdOf(commandId, index),
    type: event.type,
    schemaVersion: decider.schemaVersions[event.type as E['type']],
    occurredAt: context.occurredAt ?? recordedAt,
    recordedAt,
    data: event.data,
    metadata: {
      $correlationId: context.correlationId,
      $causationId: context.causationId,
      commandId,
      actor: context.actor,
      authentication: context.authentication,
    },
  });

  interface Planned {
    readonly envelopes: EventEnvelope<E>[];
    /** Called with what was written once it is durable. */
    readonly answers: ((written: readonly RecordedEvent<E>[]) => void)[];
    readonly loaded: Loaded<State>;
  }

  /** Decides the batch one by one on the moving state. Nothing is answered that depends on the append. */
  const plan = (stream: string, batch: readonly Waiting[], loaded: Loaded<State>): Planned => {
    const envelopes: EventEnvelope<E>[] = [];
    const answers: Planned['answers'] = [];
    const recordedAt = clock.now();
    let { state, revision } = loaded;
    const answer = (
      waiting: Waiting,
      of: (written: readonly RecordedEvent<E>[]) => Outcome<State, E, Code> | Promise<Outcome<State, E, Code>>,
    ): void => {
      answers.push((written) => {
        try {
          Promise.resolve(of(written)).then(waiting.resolve, waiting.reject);
        } catch (error) {
          waiting.reject(error);
        }
      });
    };
    for (const waiting of batch) {
      const { command, context } = waiting;
      const done = loaded.recent.find(({ commandId }) => commandId === context.commandId);
      if (done !== undefined) {
        answer(waiting, () => replay(stream, done));
        continue;
      }
      if (context.ifMatch !== undefined && context.ifMatch !== revision) {
        const [seen, current] = [context.ifMatch, revision];
        answer(waiting, () => stale(stream, seen, current));
        continue;
      }
      const decision = decider.decide(command, state);
      if ('refused' in decision) {
        answer(waiting, () => ({ kind: 'refused', refusal: decision.refused }));
        continue;
      }
      if (context.dryRun === true) {
        answer(waiting, () => ({ kind: 'dry_run', events: decision.accepted }));
        continue;
      }
      const from = envelopes.length;
      for (const [index, event] of decision.accepted.entries()) {
        envelopes.push(envelopeOf(event, index, context, recordedAt));
        state = decider.evolve(state, event);
        revision += 1;
      }
      const [stateThen, revisionThen, to] = [state, revision, envelopes.length];
      answer(waiting, (written) => {
        const events = written.slice(from, to);
        const last = written[to - 1];
        return last === undefined || events.length === 0
          ? { kind: 'unchanged', state: stateThen, revision: revisionThen, position: last?.position ?? loaded.position }
          : { kind: 'recorded', events, state: stateThen, revision: revisionThen, position: last.position };
      });
    }
    return { envelopes, answers, loaded: { ...loaded, state, revision } };
  };

  /** Ids that the store holds already, though not among the recent commands: finds which commands they were. */
  const recall = async (stream: string, eventIds: readonly string[]): Promise<Loaded<State>> => {
    const wanted = new Set(eventIds);
    const found: { commandId: string; revision: number }[] = [];
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      for (const { id, metadata, revision } of events) {
        if (wanted.has(id)) found.push({ commandId: metadata.commandId, revision });
      }
      if (events.length < pageEvents) break;
    }
    if (found.length === 0) throw new Error(`${stream}: event ids are taken by another stream`);
    const loaded = await readOn(stream, absent);
    return keep(stream, { ...loaded, recent: [...remember([], found), ...loaded.recent] });
  };

  const settle = async (stream: string, batch: readonly Waiting[]): Promise<void> => {
    let loaded = await load(stream);
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const planned = plan(stream, batch, loaded);
      if (planned.envelopes.length === 0) {
        for (const answer of planned.answers) answer([]);
        return;
      }
      const expected = loaded.revision < 0 ? 'no_stream' : loaded.revision;
      const result = await store.append(stream, expected, planned.envelopes);
      if (result.kind === 'appended') {
        const written = result.events as readonly RecordedEvent<E>[];
        const recent = remember(
          loaded.recent,
          written.map(({ metadata, revision }) => ({ commandId: metadata.commandId, revision })),
        );
        keep(stream, { ...planned.loaded, position: written.at(-1)?.position ?? loaded.position, recent });
        for (const answer of planned.answers) answer(written);
        return;
      }
      loaded =
        result.kind === 'conflict' ? keep(stream, await readOn(stream, loaded)) : await recall(stream, result.eventIds);
    }
    throw new StoreUnavailable(`${stream}: still in conflict after ${attemptsMax} attempts`, 'not_written');
  };

  const drain = async (stream: string, lane: Waiting[]): Promise<void> => {
    while (lane.length > 0) {
      const batch = lane.splice(0, batchMax);
      try {
        await settle(stream, batch);
      } catch (error) {
        // The outcome may be unknown, so what the cache holds may be behind: read again next time.
        cache.forget(stream);
        for (const { reject } of batch) reject(error);
      }
    }
    lanes.delete(stream);
  };

  const handle = (stream: string, command: Command, context: CommandContext): Promise<Outcome<State, E, Code>> =>
    new Promise((resolve, reject) => {
      const waiting = { command, context, resolve, reject };
      const lane = lanes.get(stream);
      if (lane !== undefined) {
        lane.push(waiting);
        return;
      }
      const fresh = [waiting];
      lanes.set(stream, fresh);
      void drain(stream, fresh);
    });
  return Object.assign(handle, { load });
};
