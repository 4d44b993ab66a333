/** One run of one scenario: its streams and ids on a server that others use too, and the log as far as it is its own. */
import { randomUUID } from 'node:crypto';
import {
  type AllStreamRecordedEvent,
  binaryEvent,
  type EventData,
  type EventStoreDBClient,
  jsonEvent,
  type Position,
} from '@eventstore/db-client';
import type { BookEvent, Path } from './book.ts';

/** Read to its end each time: a bounded read that is left early keeps the client from being disposed. */
const pageEvents = 500;

export interface World {
  readonly client: EventStoreDBClient;
  readonly prefix: string;
  /** Where the log ended before the scenario. */
  readonly began: Position;
  readonly stream: (name: string) => string;
  /** The name that the book uses. */
  readonly plain: (stream: string) => string;
  readonly event: (event: BookEvent) => EventData;
  readonly nameOf: (id: string) => string;
  /** With credentials the client uses the single call, without them the batch call. */
  readonly appendOptions: () => { readonly credentials?: { readonly username: string; readonly password: string } };
  /** Events of this scenario as `stream@revision`, in the order of the log. */
  readonly ownForwards: (from: Position | 'start') => Promise<readonly OwnEvent[]>;
  readonly ownBackwards: (from: Position | 'end') => Promise<readonly OwnEvent[]>;
  readonly positionOf: (label: string) => Promise<Position | 'start' | 'end'>;
}

export interface OwnEvent {
  readonly label: string;
  readonly commit: bigint;
}

const page = async (
  client: EventStoreDBClient,
  fromPosition: Position | 'start' | 'end',
  direction: 'forwards' | 'backwards',
): Promise<AllStreamRecordedEvent[]> => {
  const events: AllStreamRecordedEvent[] = [];
  for await (const { event } of client.readAll({ fromPosition, direction, maxCount: pageEvents })) {
    if (event !== undefined) events.push(event);
  }
  return events;
};

const headOf = async (client: EventStoreDBClient): Promise<Position> => {
  let head: Position = { commit: 0n, prepare: 0n };
  for await (const { event } of client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 })) {
    if (event !== undefined) head = event.position;
  }
  return head;
};

const eventDataOf = ({ type = 'T', data = {}, meta, bytes, binary }: BookEvent, id: string): EventData => {
  const common = { id, type, ...(meta === undefined ? {} : { metadata: meta }) };
  if (bytes !== undefined) return binaryEvent({ ...common, data: Buffer.alloc(bytes, 97) });
  if (binary !== undefined) return binaryEvent({ ...common, data: Buffer.from(binary, 'base64') });
  return jsonEvent({ ...common, data: data as Record<string, unknown> });
};

export const createWorld = async (client: EventStoreDBClient, path: Path): Promise<World> => {
  const prefix = `book${randomUUID().replaceAll('-', '')}`;
  const ids = new Map<string, string>();
  const names = new Map<string, string>();
  const began = await headOf(client);

  const idOf = (name: string): string => {
    const id = ids.get(name) ?? randomUUID();
    ids.set(name, id);
    names.set(id, name);
    return id;
  };

  const plain = (stream: string): string => stream.replace(`${prefix}-`, '');
  const own = (events: readonly AllStreamRecordedEvent[]): OwnEvent[] =>
    events
      .filter(({ streamId }) => streamId.includes(prefix))
      .map(({ streamId, revision, position }) => ({
        label: `${plain(streamId)}@${revision.toString()}`,
        commit: position.commit,
      }));

  const ownForwards: World['ownForwards'] = async (from) => {
    const found: OwnEvent[] = [];
    let next = from;
    for (;;) {
      const events = await page(client, next, 'forwards');
      // Each page begins with the last event of the one before.
      found.push(...own(next === from ? events : events.slice(1)));
      const last = events.at(-1);
      if (last === undefined || events.length < pageEvents) return found;
      next = last.position;
    }
  };

  const ownBackwards: World['ownBackwards'] = async (from) => {
    const found: OwnEvent[] = [];
    let next = from;
    for (;;) {
      const events = await page(client, next, 'backwards');
      const since = events.filter(({ position }) => position.commit >= began.commit);
      found.push(...own(since));
      const last = events.at(-1);
      if (last === undefined || since.length < pageEvents) return found;
      next = last.position;
    }
  };

  return {
    client,
    prefix,
    began,
    stream: (name) => (name.startsWith('$$') ? `$$${prefix}-${name.slice(2)}` : `${prefix}-${name}`),
    plain,
    event: (event) => eventDataOf(event, event.raw ?? idOf(event.id)),
    nameOf: (id) => names.get(id) ?? 'new',
    appendOptions: () => (path === 'single' ? { credentials: { username: 'x', password: 'x' } } : {}),
    ownForwards,
    ownBackwards,
    positionOf: async (label) => {
      if (label === 'start' || label === 'end') return label;
      const at = (await ownForwards(began)).find((event) => event.label === label);
      if (at === undefined) throw new Error(`the scenario has no event ${label}`);
      return { commit: at.commit, prepare: at.commit };
    },
  };
};
