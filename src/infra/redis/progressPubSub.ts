/** Progress of consumers, told to other processes over a channel of Redis. Nothing depends on it: what is lost is lost. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { formatPosition, type Position, parsePosition } from '../../eventsourcing/message.ts';
import type { ProgressPubSub } from '../../eventsourcing/ports.ts';
import { keyPrefix, type RedisServer } from './connect.ts';

const channel = `${keyPrefix}:progress`;
/** Batches of many consumers end at about the same time, and a reader that waits doesn't notice these. */
const gatherMs = 10;
/** Anybody who reaches Redis can publish: what is longer than ours can be is not read. */
const namesPerMessageMax = 200;
const nameCharsMax = 200;
const messageCharsMax = namesPerMessageMax * (nameCharsMax + 40) + 100;
/** A subscriber sends nothing by itself, and would never learn that its socket leads nowhere. */
const pingEveryMs = 10_000;

interface ProgressMessage {
  /** The process that sent it, which leaves it out itself. */
  readonly from: string;
  /** Name and `formatPosition`. */
  readonly positions: readonly (readonly [string, string])[];
}

type Heard = readonly (readonly [string, Position])[];

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const entryOf = (entry: unknown): readonly [string, Position] | null => {
  if (!Array.isArray(entry)) return null;
  const [name, text] = entry as readonly unknown[];
  if (typeof name !== 'string' || name.length > nameCharsMax || typeof text !== 'string') return null;
  const position = parsePosition(text);
  return position === null ? null : [name, position];
};

/** Nothing of what is not ours, or came from `self`. */
const readMessage = (text: string, self: string): Heard => {
  if (text.length > messageCharsMax) return [];
  const message = parseJson(text);
  if (typeof message !== 'object' || message === null) return [];
  const { from, positions } = message as Partial<ProgressMessage>;
  if (from === self || !Array.isArray(positions) || positions.length > namesPerMessageMax) return [];
  return positions.map(entryOf).filter((entry) => entry !== null);
};

const writeMessages = (from: string, news: ReadonlyMap<string, Position>): readonly string[] => {
  const positions = [...news].map(([name, position]) => [name, formatPosition(position)] as const);
  const messages: string[] = [];
  for (let at = 0; at < positions.length; at += namesPerMessageMax) {
    const message: ProgressMessage = { from, positions: positions.slice(at, at + namesPerMessageMax) };
    messages.push(JSON.stringify(message));
  }
  return messages;
};

/** A connection of its own that subscribes again by itself after each outage. Returns what closes it. */
const subscribe = ({ open }: RedisServer, hear: (text: string) => void): (() => void) => {
  const subscriber: Redis = open('patient');
  subscriber.on('message', (_channel, text) => hear(text));
  // Fails only when it is closed before Redis was there.
  subscriber.subscribe(channel).catch(() => undefined);
  const heartbeat = setInterval(() => {
    if (subscriber.status === 'ready') subscriber.ping().catch(() => undefined);
  }, pingEveryMs).unref();
  subscriber.once('end', () => clearInterval(heartbeat));
  return () => subscriber.disconnect();
};

/** On connections of `redis`, which the caller closes. */
export const createRedisProgressPubSub = (redis: RedisServer): ProgressPubSub => {
  const self = randomUUID();
  const gathered = new Map<string, Position>();
  const listeners = new Set<(name: string, position: Position) => void>();
  let unsubscribe: (() => void) | null = null;

  const publish = (): void => {
    const messages = writeMessages(self, gathered);
    gathered.clear();
    // Kept for later, it would be old news.
    if (redis.commands.status !== 'ready') return;
    for (const message of messages) redis.commands.publish(channel, message).catch(() => undefined);
  };

  const hear = (text: string): void => {
    for (const [name, position] of readMessage(text, self)) {
      for (const listener of listeners) listener(name, position);
    }
  };

  return {
    announce: (positions) => {
      if (gathered.size === 0 && positions.size > 0) setTimeout(publish, gatherMs).unref();
      for (const [name, position] of positions) gathered.set(name, position);
    },
    listen: (listener) => {
      // A function of its own, so that the same one may listen twice and leaves once.
      const own = (name: string, position: Position): void => listener(name, position);
      listeners.add(own);
      unsubscribe ??= subscribe(redis, hear);
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        unsubscribe?.();
        unsubscribe = null;
      };
    },
  };
};
