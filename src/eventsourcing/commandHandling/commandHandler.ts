/**
 * The one load-decide-append loop of the write side (docs/architecture.md, "Facts and promises").
 *
 * Commands for one stream queue up, are decided one after another on the cached state, and go out as one append at one
 * exact expected revision; each caller gets its own outcome. A conflict reads the events since and decides again.
 */
import type { Decider, DomainEvent, RecordedEvent } from '../message.ts';
import { type Clock, CommandIdTaken, type EventStore, StoreUnavailable } from '../ports.ts';
import { type BatchedCommand, type BatchPlan, type CommandContext, type Outcome, planBatch } from './outcome.ts';
import { learnCommands } from './recentCommands.ts';
import { createRecordedCommands } from './recordedCommands.ts';
import type { SnapshotWriter } from './snapshotWriter.ts';
import type { Loaded, StateCache } from './stateCache.ts';
import { createStreams, type Streams } from './streams.ts';

export interface HandlerOptions {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly cache: StateCache;
  /** Absent: a stream whose state is not in the cache is read from its beginning. */
  readonly snapshots?: SnapshotWriter;
}

/** Commands that go out in one append. More would make one slow commit of many quick ones. */
const batchMax = 128;
/** With one writer a stream conflicts only with another process; this many in a row means something is broken. */
const attemptsMax = 16;

interface WaitingCommand<State, Command, E extends DomainEvent, Code extends string> extends BatchedCommand<Command> {
  readonly resolve: (outcome: Outcome<State, E, Code> | Promise<Outcome<State, E, Code>>) => void;
  readonly reject: (error: unknown) => void;
}

const idsOf = (batch: readonly { readonly context: CommandContext }[]): readonly string[] =>
  batch.map(({ context }) => context.commandId);

const isOurs = ({ context }: { readonly context: CommandContext }): boolean => context.actor.kind === 'system';

export interface CommandHandler<State, Command, E extends DomainEvent, Code extends string> {
  /** @throws StoreUnavailable */
  (stream: string, command: Command, context: CommandContext): Promise<Outcome<State, E, Code>>;
  /** The state as the write side knows it now, for facts of a decision elsewhere: see `Streams`. */
  readonly load: (stream: string) => Promise<Loaded<State>>;
  readonly known: (stream: string) => Loaded<State> | undefined;
  /** The same with all that lies before an event, for a reaction to it: see `Streams`. */
  readonly loadSince: Streams<State>['loadSince'];
  /** Whether a command wrote to the stream, however long ago. Reads all of it. */
  readonly hasRecorded: (stream: string, commandId: string) => Promise<boolean>;
}

export const createCommandHandler = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  { store, clock, cache, snapshots }: HandlerOptions,
): CommandHandler<State, Command, E, Code> => {
  type Waiter = WaitingCommand<State, Command, E, Code>;
  const streams = createStreams(decider, { store, cache, snapshots });
  const recorded = createRecordedCommands<State, E>(store, streams);
  const streamQueues = new Map<string, Waiter[]>();

  const answer = (
    stream: string,
    batch: readonly Waiter[],
    { verdicts }: BatchPlan<State, E, Code>,
    written: readonly RecordedEvent<E>[],
  ): void => {
    for (const [index, { resolve, context }] of batch.entries()) {
      const verdict = verdicts[index];
      if (verdict?.kind === 'decided') resolve(verdict.outcome(written));
      if (verdict?.kind === 'done_before') resolve(recorded.replay(stream, verdict.command, context.request));
      if (verdict?.kind === 'stale') {
        const { seen, currentRevision } = verdict;
        resolve(recorded.since(stream, seen).then((events) => ({ kind: 'stale', currentRevision, events })));
      }
    }
  };

  /** A stream that all of the batch expect to be new is not read first; the append at `no_stream` is the proof. */
  const begin = async (stream: string, batch: readonly Waiter[]): Promise<Loaded<State>> =>
    batch.every(({ context }) => context.expectsNew === true) && cache.get(stream) === undefined
      ? streams.createAbsent()
      : streams.load(stream);

  const keepWritten = (
    stream: string,
    { after }: BatchPlan<State, E, Code>,
    { recent, snapshot }: Loaded<State>,
    written: readonly RecordedEvent<E>[],
  ): void => {
    const last = written.at(-1);
    const [position, updatedAt] = [last?.position ?? null, last?.recordedAt ?? null];
    streams.keep(stream, { ...after, position, updatedAt, recent: learnCommands(recent, written), snapshot });
  };

  /** Tells those whose id another stream has, and goes on without them. */
  const withoutTaken = (stream: string, batch: readonly Waiter[], taken: readonly string[]): readonly Waiter[] =>
    batch.filter(({ context, reject }) => {
      const isTaken = taken.includes(context.commandId);
      if (isTaken) reject(new CommandIdTaken(`${stream}: event ids are taken by another stream`));
      return !isTaken;
    });

  const settle = async (stream: string, all: readonly Waiter[]): Promise<void> => {
    let batch = all;
    let loaded = await begin(stream, batch);
    const retries = batch.filter(({ context }) => context.isRetry === true);
    if (retries.length > 0) await recorded.findRecorded(stream, loaded, idsOf(retries));
    for (let attempt = 1; attempt <= attemptsMax && batch.length > 0; attempt += 1) {
      await recorded.findForgottenCommands(stream, loaded, idsOf(batch));
      const plan = planBatch(decider, batch, loaded, clock.now());
      if (plan.envelopes.length === 0) {
        // No append at an exact revision confirms what was decided, so the store is asked.
        const current = await streams.catchUp(stream, loaded);
        if (current.revision === loaded.revision) {
          answer(stream, batch, plan, []);
          return;
        }
        loaded = current;
        continue;
      }
      const expected = loaded.revision < 0 ? 'no_stream' : loaded.revision;
      const result = await store.append(stream, expected, plan.envelopes);
      if (result.kind === 'appended') {
        const written = result.events as readonly RecordedEvent<E>[];
        keepWritten(stream, plan, loaded, written);
        answer(stream, batch, plan, written);
        return;
      }
      if (result.kind === 'duplicate') {
        const { elsewhere } = await recorded.findRecorded(stream, loaded, idsOf(batch));
        batch = withoutTaken(stream, batch, elsewhere);
      }
      loaded = await streams.catchUp(stream, loaded);
    }
    if (batch.length === 0) return;
    throw new StoreUnavailable(`${stream}: still in conflict after ${attemptsMax} attempts`, 'not_written');
  };

  const drain = async (stream: string, queue: Waiter[]): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, batchMax);
      try {
        await settle(stream, batch);
      } catch (error) {
        // The outcome may be unknown, so what the cache holds may be behind: read again next time.
        cache.forget(stream);
        for (const { reject } of batch) reject(error);
      }
    }
    streamQueues.delete(stream);
  };

  /**
   * What policies and sweeps ask for goes before what clients do, in the order it was asked: it is bounded by what was
   * recorded, and behind a client that sends without end it would never come.
   */
  const enter = (queue: Waiter[], waiting: Waiter): void => {
    if (!isOurs(waiting)) {
      queue.push(waiting);
      return;
    }
    const at = queue.findIndex((other) => !isOurs(other));
    queue.splice(at < 0 ? queue.length : at, 0, waiting);
  };

  const handle = (stream: string, command: Command, context: CommandContext): Promise<Outcome<State, E, Code>> =>
    new Promise((resolve, reject) => {
      const waiting = { command, context, resolve, reject };
      const queue = streamQueues.get(stream);
      if (queue !== undefined) {
        enter(queue, waiting);
        return;
      }
      const fresh = [waiting];
      streamQueues.set(stream, fresh);
      void drain(stream, fresh);
    });
  const { load, known, loadSince } = streams;
  return Object.assign(handle, { load, known, loadSince, hasRecorded: recorded.hasRecorded });
};
