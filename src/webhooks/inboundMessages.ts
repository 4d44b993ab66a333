/** `inbound.updated`: goods on their way to a warehouse were announced, came, or come at another time or not at all. */
import type { InboundEvent } from '../domain/inbound/events.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { WebhookMessage } from './ports.ts';

interface UpdatedLine {
  readonly lineId: string;
  readonly sku: string;
  /** What is still to come of it. */
  readonly expected: number;
  /** Of this receipt. */
  readonly accepted?: number;
  readonly rejected?: number;
}

interface InboundUpdatedData {
  readonly inboundId: string;
  readonly warehouseId: string;
  /** When what is still to come is expected, ISO 8601 UTC. */
  readonly expectedAt: string;
  readonly change: 'announced' | 'changed' | 'received' | 'cancelled';
  /** Those that it is about. */
  readonly lines: readonly UpdatedLine[];
}

const linesOf = ({ type, data }: InboundEvent): readonly UpdatedLine[] => {
  switch (type) {
    case 'InboundAnnounced':
      return data.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, expected: quantity }));
    case 'InboundChanged':
      return data.lines.map(({ lineId, sku, expected }) => ({ lineId, sku, expected }));
    case 'InboundReceived':
      return data.lines.map(({ lineId, sku, expected, accepted, rejected }) => ({
        lineId,
        sku,
        expected,
        accepted,
        rejected,
      }));
    case 'InboundCancelled':
      return data.lines.map(({ lineId, sku }) => ({ lineId, sku, expected: 0 }));
    default:
      return unreachable(type);
  }
};

/** Field by field, as all messages are. The reference is somebody's own words, and is left out. */
export const inboundMessages = (
  event: InboundEvent,
  change: InboundUpdatedData['change'],
): readonly WebhookMessage[] => {
  const { inboundId, warehouseId, expectedAt } = event.data;
  const data: InboundUpdatedData = { inboundId, warehouseId, expectedAt, change, lines: linesOf(event) };
  return [{ type: 'inbound.updated', data }];
};
