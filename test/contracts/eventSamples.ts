import { randomUUID } from 'node:crypto';
import {
  comparePositions,
  type EventEnvelope,
  type Position,
  type RecordedEvent,
} from '../../src/eventsourcing/message.ts';
import type { EventBatch, EventSource } from '../../src/eventsourcing/ports.ts';
import itemDefined from '../events/golden/ItemDefined@2.json' with { type: 'json' };
import warehouseDefined from '../events/golden/WarehouseDefined@2.json' with { type: 'json' };
import { uniqueName, waitMaxMs } from './make.ts';

const envelopes: Readonly<Record<'WarehouseDefined' | 'ItemDefined', EventEnvelope>> = {
  WarehouseDefined: warehouseDefined.stored as EventEnvelope,
  ItemDefined: itemDefined.stored as EventEnvelope,
};

export const newStream = (): string => `warehouse-${uniqueName('contract')}`;

/** A new event of a real type, as other readers of the same log must be able to read it. */
export const newEvent = (type: keyof typeof envelopes = 'WarehouseDefined', data: object = {}): EventEnvelope => {
  const sample = envelopes[type];
  return { ...sample, id: randomUUID(), data: { ...sample.data, ...data } };
};

export const newEvents = (count: number, type?: keyof typeof envelopes): EventEnvelope[] =>
  Array.from({ length: count }, () => newEvent(type));

export const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

/** The events of these streams: others may write to the log meanwhile. */
export const within = (events: readonly RecordedEvent[], streams: readonly string[]): RecordedEvent[] =>
  events.filter(({ stream }) => streams.includes(stream));

export const isAscending = (positions: readonly Position[]): boolean =>
  positions.every((position, index) => index === 0 || comparePositions(positions[index - 1]!, position) < 0);

export interface FollowCase {
  readonly from: Position | null;
  readonly types?: readonly string[];
  readonly batchMax: number;
}

/** The batches until `isDone`, or until the time is up: the expectations that follow then fail. */
export const followUntil = async (
  source: EventSource,
  { from, ...options }: FollowCase,
  isDone: (batches: readonly EventBatch[]) => boolean,
): Promise<readonly EventBatch[]> => {
  const batches: EventBatch[] = [];
  const signal = AbortSignal.timeout(waitMaxMs);
  for await (const batch of source.follow(from, { ...options, signal })) {
    batches.push(batch);
    if (isDone(batches)) break;
  }
  return batches;
};

export const eventsIn = (batches: readonly EventBatch[]): RecordedEvent[] => batches.flatMap(({ events }) => events);

/** Done when so many events of these streams were seen. */
export const untilSeen =
  (streams: readonly string[], count: number) =>
  (batches: readonly EventBatch[]): boolean =>
    within(eventsIn(batches), streams).length >= count;
