/** Claims that are still open, each until its end: released, expired, or all of it shipped. */
import { ownerOf } from '../../domain/stock/claims.ts';
import type {
  StockReservationExpired,
  StockReservationLapsed,
  StockReservationReleased,
  StockReservationTakenOver,
  StockReserved,
  StockShipped,
} from '../../domain/stock/events.ts';
import type { StockTransferReserved, StockTransferredOut } from '../../domain/stock/transferEvents.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';
import { stockLevelId } from '../stockLevels/projection.ts';

export interface OpenReservationDocument {
  readonly warehouseId: string;
  readonly sku: string;
  readonly reservationId: string;
  /** Pieces that are still claimed. */
  readonly quantity: number;
  /** ISO 8601 UTC. */
  readonly expiresAt: string;
  readonly orderId?: string;
  readonly lineId?: string;
}

type ReservationKey = Pick<OpenReservationDocument, 'warehouseId' | 'sku' | 'reservationId'>;

const openReservationId = ({ warehouseId, sku, reservationId }: ReservationKey): string =>
  `${stockLevelId(warehouseId, sku)}.${reservationId}`;

type ReservationEvent =
  | StockReserved
  | StockReservationReleased
  | StockReservationExpired
  | StockReservationLapsed
  | StockReservationTakenOver
  | StockShipped
  | StockTransferReserved
  | StockTransferredOut;

const takenFrom = ({ fromReservationId, ...claim }: StockReservationTakenOver['data']): string =>
  openReservationId({ ...claim, reservationId: fromReservationId });

const opened = (data: StockReserved['data']): OpenReservationDocument => {
  const { warehouseId, sku, reservationId, quantity, expiresAt } = data;
  return { warehouseId, sku, reservationId, quantity, expiresAt, ...ownerOf(data) };
};

/** The event tells what is no longer claimed; the rest stays open. */
const lessen = (open: OpenReservationDocument | null, quantity: number): OpenReservationDocument | null =>
  open === null || open.quantity <= quantity ? null : { ...open, quantity: open.quantity - quantity };

export const openReservations: Projection<OpenReservationDocument, ReservationEvent> = {
  name: 'open_reservations_v1',
  handles: [
    'StockReserved',
    'StockReservationReleased',
    'StockReservationExpired',
    'StockReservationLapsed',
    'StockReservationTakenOver',
    'StockShipped',
    'StockTransferReserved',
    'StockTransferredOut',
  ],
  indexes: [['expiresAt']],
  // The sweep that reads it comes round once a second.
  everyMs: 50,
  idsOf: ({ type, data }) =>
    type === 'StockReservationTakenOver' ? [openReservationId(data), takenFrom(data)] : [openReservationId(data)],
  apply: (open, { type, data }, id) => {
    switch (type) {
      case 'StockReservationTakenOver':
        return takenFrom(data) === id ? lessen(open, data.quantity) : opened(data);
      case 'StockReserved':
        return opened(data);
      case 'StockReservationReleased':
      case 'StockReservationExpired':
      case 'StockReservationLapsed':
      case 'StockShipped':
        return lessen(open, data.quantity);
      case 'StockTransferReserved': {
        const { transferId: _, lineId: __, ...claim } = data;
        return opened(claim);
      }
      case 'StockTransferredOut':
        return lessen(open, data.claimed);
      default:
        return unreachable(type);
    }
  },
};

interface OpenReservationQueries {
  /** Those that are past their time at `now` (ISO 8601 UTC with milliseconds), the longest overdue first; `after`: those that follow it. */
  dueAt(now: string, limit: number, after?: OpenReservationDocument): Promise<readonly OpenReservationDocument[]>;
  /** All that are open, by id. @throws InvalidCursor */
  all(page: PageRequest): Promise<Page<OpenReservationDocument>>;
}

export const createOpenReservationQueries = (
  documents: Documents,
  collection: () => string,
): OpenReservationQueries => ({
  dueAt: async (now, limit, after) => {
    // `below` leaves out its bound, and at `now` itself the decider already lets a reservation expire. A range reads only
    // what is due: without it, all that was there and is gone would be walked over where it is kept for a while.
    const due = await documents.find<OpenReservationDocument>(collection(), {
      where: { expiresAt: { below: `${now}~` } },
      orderBy: { field: 'expiresAt', direction: 'ascending' },
      ...(after === undefined ? {} : { after: { value: after.expiresAt, id: openReservationId(after) } }),
      limit,
    });
    return due.map(({ document }) => document);
  },
  all: (page) => pageOf(documents, collection(), { where: {} }, page),
});
