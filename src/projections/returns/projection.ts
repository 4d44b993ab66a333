/** Each return: what was announced, what of it came, and what became of that. */
import type { LineQuantity } from '../../domain/order/shapes.ts';
import type {
  Disposition,
  ReceivedLine,
  ReturnEvent,
  ReturnReason,
  ReturnRequested,
} from '../../domain/return/events.ts';
import { type Sealed, unreachable } from '../../eventsourcing/message.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents } from '../../eventsourcing/projecting/documents.ts';
import { newestOfAny } from '../../eventsourcing/projecting/mergedPages.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection, Recorded } from '../../eventsourcing/projecting/projection.ts';

/** `received`: nothing is waited for any more, and something came. `cancelled`: nothing came, and nothing is waited for. */
export const returnStatuses = ['requested', 'partially_received', 'received', 'cancelled'] as const;
export type ReturnStatus = (typeof returnStatuses)[number];

interface ReturnLineView extends LineQuantity {
  readonly sku: string;
  readonly received: number;
  /** Not waited for any more. */
  readonly cancelled: number;
  /** By what became of those received; together they are `received`. */
  readonly restocked: number;
  readonly quarantined: number;
  readonly scrapped: number;
}

export interface ReturnDocument {
  readonly returnId: string;
  readonly orderId: string;
  readonly customerId: string;
  /** Where it is to go. */
  readonly warehouseId: string;
  /** Where it is to go, and where any of it arrived: who may see it. */
  readonly warehouseIds: readonly string[];
  readonly status: ReturnStatus;
  readonly lines: readonly ReturnLineView[];
  readonly reason: ReturnReason;
  /** As stored. */
  readonly note?: Sealed;
  readonly cancelReason?: string;
  /** Business time, ISO 8601 UTC. */
  readonly requestedAt: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly updatedAt: string;
}

const statusOf = (lines: readonly ReturnLineView[]): ReturnStatus => {
  const isExpected = lines.some(({ quantity, received, cancelled }) => quantity > received + cancelled);
  const isReceived = lines.some(({ received }) => received > 0);
  if (isReceived) return isExpected ? 'partially_received' : 'received';
  return isExpected ? 'requested' : 'cancelled';
};

const fresh = ({ lineId, sku, quantity }: LineQuantity & { readonly sku: string }): ReturnLineView => ({
  lineId,
  sku,
  quantity,
  received: 0,
  cancelled: 0,
  restocked: 0,
  quarantined: 0,
  scrapped: 0,
});

const countOf = {
  restock: 'restocked',
  quarantine: 'quarantined',
  scrap: 'scrapped',
} as const satisfies { readonly [D in Disposition]: keyof ReturnLineView };

/** A line that was not announced may come as well. */
const withReceived = (lines: readonly ReturnLineView[], { quantity, disposition, ...line }: ReceivedLine) => {
  const known = lines.find(({ lineId }) => lineId === line.lineId) ?? fresh({ ...line, quantity: 0 });
  const count = countOf[disposition];
  const after = { ...known, received: known.received + quantity, [count]: known[count] + quantity };
  const isKnown = lines.some(({ lineId }) => lineId === line.lineId);
  return isKnown ? lines.map((each) => (each.lineId === line.lineId ? after : each)) : [...lines, after];
};

const withCancelled = (lines: readonly ReturnLineView[], cancelled: readonly LineQuantity[]) => {
  const quantityOf = new Map(cancelled.map(({ lineId, quantity }) => [lineId, quantity]));
  return lines.map((line) => ({ ...line, cancelled: line.cancelled + (quantityOf.get(line.lineId) ?? 0) }));
};

const requested = ({ data, occurredAt, revision, recordedAt }: Recorded<ReturnRequested>): ReturnDocument => {
  const lines = data.lines.map(fresh);
  return {
    ...data,
    warehouseIds: [data.warehouseId],
    status: statusOf(lines),
    lines,
    requestedAt: occurredAt,
    revision,
    updatedAt: recordedAt,
  };
};

const apply = (document: ReturnDocument | null, event: Recorded<ReturnEvent>): ReturnDocument | null => {
  if (event.type === 'ReturnRequested') return requested(event);
  if (document === null) return null;
  const touched = { ...document, revision: event.revision, updatedAt: event.recordedAt };
  switch (event.type) {
    case 'ReturnReceived': {
      const lines = event.data.lines.reduce(withReceived, document.lines);
      const warehouseIds = [...new Set([...document.warehouseIds, event.data.warehouseId])];
      return { ...touched, warehouseIds, lines, status: statusOf(lines) };
    }
    case 'ReturnCancelled': {
      const lines = withCancelled(document.lines, event.data.lines);
      return { ...touched, lines, status: statusOf(lines), cancelReason: event.data.reason };
    }
    default:
      return unreachable(event);
  }
};

export const returns: Projection<ReturnDocument, ReturnEvent> = {
  name: 'returns_v1',
  handles: ['ReturnRequested', 'ReturnReceived', 'ReturnCancelled'],
  indexes: [['orderId'], ['customerId'], ['status'], []].map((by) => [...by, 'requestedAt']),
  lists: ['warehouseIds'],
  idsOf: ({ data: { returnId } }) => [returnId],
  apply,
};

interface ReturnsQuery extends PageRequest {
  readonly orderId?: string;
  readonly customerId?: string;
  readonly status?: ReturnStatus;
  /** Only those that are to go to, or came to, any of these; absent: all. */
  readonly warehouseIds?: readonly string[];
}

interface ReturnQueries {
  get(returnId: string): Promise<ReturnDocument | null>;
  /** Newest first by `requestedAt`. @throws InvalidCursor */
  list(query: ReturnsQuery): Promise<Page<ReturnDocument>>;
}

const newestFirst = { field: 'requestedAt', direction: 'descending' } as const;

export const createReturnQueries = (documents: Documents, collection: () => string, pace: Pace): ReturnQueries => {
  const newest = (where: DocumentQuery['where'], page: PageRequest): Promise<Page<ReturnDocument>> =>
    pageOf(documents, collection(), { where, orderBy: newestFirst }, page);

  return {
    get: async (returnId) => (await documents.get<ReturnDocument>(collection(), returnId))?.document ?? null,
    list: ({ orderId, customerId, status, warehouseIds, ...page }) => {
      const where = {
        ...(orderId === undefined ? {} : { orderId: { equals: orderId } }),
        ...(customerId === undefined ? {} : { customerId: { equals: customerId } }),
        ...(status === undefined ? {} : { status: { equals: status } }),
      };
      if (warehouseIds === undefined) return newest(where, page);
      const conditions = [...new Set(warehouseIds)].map((id) => ({ ...where, warehouseIds: { has: id } }));
      const placeOf = ({ requestedAt, returnId }: ReturnDocument) => ({ time: requestedAt, id: returnId });
      return newestOfAny({ conditions, newest, placeOf, pace }, page);
    },
  };
};
