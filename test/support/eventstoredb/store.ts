/** The state of the server: log, streams and what it remembers. Knows nothing of gRPC. */
import { frameBytesAtMost, frameOf, idIn, type ProposedEvent } from './frames.ts';
import { createLog, type Log } from './log.ts';
import { createNames, type Names } from './names.ts';
import { createRecentIds, type RecentIds } from './recentIds.ts';
import {
  createStream,
  deletedRevision,
  firstVisible,
  headOf,
  isMetastream,
  parseMetadata,
  type Stream,
  streamOfMetastream,
} from './streams.ts';

export interface Recorded {
  readonly frame: Buffer;
  readonly position: number;
}

/** What of an event the state depends on. */
export interface EventFacts {
  readonly stream: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly data: Uint8Array;
}

export interface StoreOptions {
  /** Called with all events of one write before anybody hears of them. */
  readonly persist?: (events: readonly Recorded[]) => void;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

export interface Store {
  readonly log: Log;
  readonly types: Names;
  readonly recentIds: RecentIds;
  /** Makes an empty one where there is none, as those need who subscribe to a stream to come. */
  readonly stream: (name: string) => Stream;
  readonly streamById: (id: number) => Stream;
  readonly firstVisible: (stream: Stream) => number;
  /** Undefined where the stream has no such revision. */
  readonly idAt: (stream: Stream, revision: number) => string | undefined;
  /** All or nothing, whatever the stream's revision is. @returns the position of the last. */
  readonly write: (stream: Stream, events: readonly ProposedEvent[]) => number;
  /** Puts back what a file held. */
  readonly restore: (recorded: Recorded, facts: EventFacts) => void;
  /** Called after each write to any stream. @returns what ends it. */
  readonly listen: (listener: () => void) => () => void;
}

export const metadataType = '$metadata';
export const tombstoneType = '$streamDeleted';

export const createStore = ({ persist, nowMs = Date.now }: StoreOptions = {}): Store => {
  const log = createLog();
  const types = createNames();
  const recentIds = createRecentIds();
  const streams: Stream[] = [];
  const byName = new Map<string, Stream>();
  const listeners = new Set<() => void>();

  const streamOf = (name: string): Stream => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const made = createStream(streams.length, name);
    streams.push(made);
    byName.set(name, made);
    return made;
  };

  const place = (stream: Stream, { frame, position }: Recorded, { type, createdAtMs, data }: EventFacts): void => {
    const index = log.add(position, frame, { stream: stream.id, type: types.idOf(type), createdAtMs });
    if (type === tombstoneType) stream.tombstone = index;
    else stream.events.push(index);
    if (!isMetastream(stream.name) || type !== metadataType) return;
    streamOf(streamOfMetastream(stream.name)).metadata = parseMetadata(data);
  };

  const write: Store['write'] = (stream, events) => {
    const createdAtMs = nowMs();
    const recorded = events.map((event): Recorded => {
      const isTombstone = event.type === tombstoneType;
      const position = log.nextPosition(frameBytesAtMost(event, stream.name));
      const facts = { ...event, stream: stream.name, createdAtMs };
      const revision = isTombstone ? deletedRevision : stream.events.length;
      const made = { frame: frameOf({ ...facts, revision, position }), position };
      place(stream, made, facts);
      if (!isTombstone) recentIds.add(event.id, { stream: stream.name, revision: stream.events.length - 1 });
      return made;
    });
    persist?.(recorded);
    for (const listener of stream.listeners ?? []) listener();
    for (const listener of listeners) listener();
    return recorded.at(-1)?.position ?? log.nextPosition(0);
  };

  return {
    log,
    types,
    recentIds,
    stream: streamOf,
    streamById: (id) => {
      const stream = streams[id];
      if (stream === undefined) throw new RangeError(`there is no stream ${id}`);
      return stream;
    },
    firstVisible: (stream) => firstVisible(stream, log, nowMs()),
    idAt: (stream, revision) => {
      const index = stream.events[revision];
      return index === undefined ? undefined : idIn(log.frame(index));
    },
    write,
    restore: (recorded, facts) => {
      const stream = streamOf(facts.stream);
      place(stream, recorded, facts);
      stream.settledRevision = headOf(stream);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
