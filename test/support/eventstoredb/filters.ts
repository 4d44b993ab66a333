/** Which events of `$all` a reader wants, by stream name or by event type. */
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { Store } from './store.ts';

export interface Filter {
  readonly matches: (index: number) => boolean;
  /** Events scanned for each checkpoint. */
  readonly windowEvents: number;
  /** A checkpoint is sent after this many windows. */
  readonly intervalWindows: number;
}

/** The server's page, and its window where a client names none. */
export const pageEvents = 32;

type Expression = streamsPb.ReadReq.Options.FilterOptions.Expression;

const textTest = (expression: Expression): ((text: string) => boolean) => {
  const pattern = expression.getRegex();
  if (pattern !== '') {
    const regex = new RegExp(pattern, 'u');
    return (text) => regex.test(text);
  }
  const prefixes = expression.getPrefixList();
  return (text) => prefixes.some((prefix) => text.startsWith(prefix));
};

/** Asks once a name: names are few beside events. */
const remembered = (test: (id: number) => boolean): ((id: number) => boolean) => {
  const answers: boolean[] = [];
  return (id) => {
    answers[id] ??= test(id);
    return answers[id];
  };
};

const matcherOf = (options: streamsPb.ReadReq.Options.FilterOptions, store: Store): Filter['matches'] => {
  const { log, types, streamById } = store;
  const byName = options.getStreamIdentifier();
  if (byName !== undefined) {
    const test = textTest(byName);
    const matches = remembered((id) => test(streamById(id).name));
    return (index) => matches(log.stream(index));
  }
  const byType = options.getEventType();
  if (byType === undefined) return () => true;
  const test = textTest(byType);
  const matches = remembered((id) => test(types.nameOf(id)));
  return (index) => matches(log.type(index));
};

/** @returns null where all events are wanted; such a reader gets no checkpoints. */
export const filterOf = (options: streamsPb.ReadReq.Options, store: Store): Filter | null => {
  const filter = options.getFilter();
  if (filter === undefined) return null;
  return {
    matches: matcherOf(filter, store),
    windowEvents: filter.hasMax() ? filter.getMax() : pageEvents,
    intervalWindows: filter.getCheckpointintervalmultiplier(),
  };
};
