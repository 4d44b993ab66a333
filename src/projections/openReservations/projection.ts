/** Claims that are still open, each until its end: released, expired, or all of it shipped. */

import { unreachable } from '../../domain/message.ts';
import type {
  StockReservationExpired,
  StockReservationLapsed,
  StockReservationReleased,
  StockReserved,
  StockShipped,
} from '../../domain/stock/events.ts';
import { ownerOf } from '../../domain/stock/state.ts';
import type { Projection } from '../projection.ts';
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

type Claim = Pick<OpenReservationDocument, 'warehouseId' | 'sku' | 'reservationId'>;

export const openReservationId = ({ warehouseId, sku, reservationId }: Claim): string =>
  `${stockLevelId(warehouseId, sku)}.${reservationId}`;

type ReservationEvent =
  | StockReserved
  | StockReservationReleased
  | StockReservationExpired
  | StockReservationLapsed
  | StockShipped;

export const openReservations: Projection<OpenReservationDocument, ReservationEvent> = {
  name: 'open_reservations_v1',
  handles: [
    'StockReserved',
    'StockReservationReleased',
    'StockReservationExpired',
    'StockReservationLapsed',
    'StockShipped',
  ],
  indexes: [['expiresAt']],
  // The sweep that reads it comes round once a second.
  everyMs: 50,
  idsOf: ({ data }) => [openReservationId(data)],
  apply: (open, { type, data }) => {
    switch (type) {
      case 'StockReserved': {
        const { warehouseId, sku, reservationId, quantity, expiresAt } = data;
        return { warehouseId, sku, reservationId, quantity, expiresAt, ...ownerOf(data) };
      }
      case 'StockReservationReleased':
      case 'StockReservationExpired':
      case 'StockReservationLapsed':
      case 'StockShipped': {
        // The event tells what is no longer claimed; the rest stays open.
        if (open === null || open.quantity <= data.quantity) return null;
        return { ...open, quantity: open.quantity - data.quantity };
      }
      default:
        return unreachable(type);
    }
  },
};
