/**
 * The delivery ledger: one row for each message an endpoint is owed, and one counter an endpoint. It is derived from the
 * log, it outlives the queue, and it adds up: matched = delivered + pending + held + dead + dropped (B5).
 */
import { hash } from 'node:crypto';
import { type Position, parsePosition } from '../eventsourcing/message.ts';
import type { CollectionSpec } from '../eventsourcing/projecting/documents.ts';
import type { Endpoint, EndpointDirectory, MessageType, SendError } from './ports.ts';

/**
 * `pending`: on its way. `held`: its endpoint is disabled. `dead`: the receiver is gone, or failed to the end of the
 * schedule. `dropped`: its endpoint was deleted first, or its owner lost the warehouse.
 */
export const deliveryStatuses = ['pending', 'delivered', 'held', 'dead', 'dropped'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export interface Attempt {
  /** When it began, ISO 8601 UTC. */
  readonly at: string;
  /** `null` while it runs, and for ever when its process died. */
  readonly durationMs: number | null;
  readonly httpStatus?: number;
  readonly error?: SendError;
  readonly responseStart?: string;
}

export interface Delivery {
  /** Also the `webhook-id` that the receiver sees, on every attempt. */
  readonly deliveryId: string;
  readonly endpointId: string;
  /** 1, 2, 3 … for each endpoint, without a gap. */
  readonly sequence: number;
  readonly type: MessageType;
  readonly eventId: string;
  readonly stream: string;
  readonly streamRevision: number;
  /** The event's position, as clients see positions. */
  readonly position: string;
  readonly occurredAt: string;
  readonly status: DeliveryStatus;
  /** Why it is dead, or dropped. */
  readonly reason?: 'gone' | 'exhausted' | 'unreadable' | 'out_of_scope';
  /** ISO 8601 UTC; `null` when no attempt will be made. */
  readonly nextAttemptAt: string | null;
  /** At most one for each step of the retry schedule. */
  readonly attempts: readonly Attempt[];
}

/** Where an endpoint's sequence stands. */
export interface Counter {
  readonly endpointId: string;
  /** Sequence of its last message: how many it was ever owed. */
  readonly sequence: number;
  /** Position of the last event that was counted. */
  readonly upTo: string;
  /** Its endpoint was deleted and its open rows are closed. */
  readonly closed: boolean;
}

export const deliveries: CollectionSpec = {
  name: 'webhook_deliveries_v1',
  indexes: [
    ['endpointId', 'sequence'],
    ['endpointId', 'status', 'sequence'],
    ['status', 'nextAttemptAt'],
  ],
};
export const counters: CollectionSpec = { name: 'webhook_counters_v1', indexes: [['closed']] };

export const deliveryQueue = 'webhook-deliveries';

/** A stored contract: a queue may hold jobs of an older build. */
export interface DeliveryJob {
  readonly v: 1;
  readonly deliveryId: string;
}

export const jobOf = (deliveryId: string): { readonly id: string; readonly payload: DeliveryJob } => ({
  id: deliveryId,
  payload: { v: 1, deliveryId },
});

/** 128 bits, like a UUIDv5: the same event gives an endpoint the same id, however often the ledger is built. */
const idHexLength = 32;

export const deliveryIdOf = (endpointId: string, eventId: string, type: MessageType): string =>
  `msg_${hash('sha256', `${endpointId}/${eventId}/${type}`, 'hex').slice(0, idHexLength)}`;

/** Rows of one call: few enough that requests get in between two, enough for one commit to be worth its fsync. */
export const rowsPerCallMax = 500;

/** @throws RangeError for a text that this ledger did not write. */
export const positionIn = (text: string): Position => {
  const position = parsePosition(text);
  if (position === null) throw new RangeError('a ledger row has a position that is none of ours');
  return position;
};

/**
 * The endpoint a row belongs to, `null` when it was deleted. A directory that is behind knows nothing of a new endpoint,
 * which must not be taken for a deleted one: so it is asked again as of the row's own event.
 */
export const endpointOf = async (
  directory: EndpointDirectory,
  endpointId: string,
  position: string,
): Promise<Endpoint | null> => {
  const endpoint = await directory.get(endpointId);
  if (endpoint !== null) return endpoint;
  const all = await directory.all(positionIn(position));
  return all.find((each) => each.endpointId === endpointId) ?? null;
};
