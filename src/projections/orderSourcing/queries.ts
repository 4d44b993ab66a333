/** Why an order's goods come from where they come (T8): its decisions, read from its own stream. */
import type { OrderEvent } from '../../domain/order/events.ts';
import type { LineQuantity, SourcingDecision } from '../../domain/order/shapes.ts';
import { type Beaten, whyBeaten } from '../../domain/policies/sourcingDecision.ts';
import { orderStream } from '../../domain/values.ts';
import type { Page, PageRequest } from '../../eventsourcing/projecting/page.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { type PacedStreamReader, slicesOf } from '../moment.ts';
import { revisionAfter, revisionCursor } from '../stockHistory/explain.ts';

type Source = LineQuantity & { readonly sku: string; readonly warehouseId: string };
type Alternative = NonNullable<SourcingDecision['alternatives']>[number] & { readonly why: Beaten };

export interface DecidedSourcing {
  /** Of the event that it was recorded with. */
  readonly revision: number;
  readonly decidedAt: string;
  readonly outcome: 'allocated' | 'backordered' | 'cancelled';
  readonly sources: readonly Source[];
  /** `null`: it was not kept, by an older build or as nothing was left to decide. `alternatives`, `null`: too many to look at. */
  readonly decision:
    | (Omit<SourcingDecision, 'alternatives'> & { readonly alternatives: readonly Alternative[] | null })
    | null;
}

export interface OrderSourcing {
  /** In their order. @throws InvalidCursor */
  decisions(orderId: string, page: PageRequest): Promise<Page<DecidedSourcing>>;
}

const shown = (decision: SourcingDecision | undefined): DecidedSourcing['decision'] => {
  if (decision === undefined) return null;
  const { alternatives, ...rest } = decision;
  return {
    ...rest,
    alternatives: alternatives?.map((each) => ({ ...each, why: whyBeaten(each, decision.chosen) })) ?? null,
  };
};

/** `null`: it decides nothing. */
const decidedBy = ({ type, data, revision, recordedAt }: Recorded<OrderEvent>): DecidedSourcing | null => {
  const at = { revision, decidedAt: recordedAt };
  switch (type) {
    case 'OrderAllocated': {
      const sources = data.allocations.map(({ reservationId: _, ...source }) => source);
      return { ...at, outcome: 'allocated', sources, decision: shown(data.decision) };
    }
    case 'OrderBackordered':
      return { ...at, outcome: 'backordered', sources: [], decision: shown(data.decision) };
    case 'OrderCancelled':
      return data.decision === undefined
        ? null
        : { ...at, outcome: 'cancelled', sources: [], decision: shown(data.decision) };
    default:
      return null;
  }
};

export const createOrderSourcing = (source: PacedStreamReader): OrderSourcing => ({
  decisions: async (orderId, { limit, cursor }) => {
    const stream = orderStream(orderId);
    const after = revisionAfter(stream, cursor);
    const found: DecidedSourcing[] = [];
    for await (const slice of slicesOf<OrderEvent>(source, stream, after === null ? 0 : after + 1)) {
      found.push(...slice.map(decidedBy).filter((each) => each !== null));
      if (found.length > limit) break;
    }
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const isMore = found.length > items.length && last !== undefined;
    return { items, nextCursor: isMore ? revisionCursor(stream, last.revision) : null };
  },
});
