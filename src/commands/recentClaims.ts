/** What the policies have handled since the last look: a fault of theirs is most likely there. */
import type { RecordedEvent } from '../domain/message.ts';
import type { Claim } from './claims.ts';

/** Some 300 orders a second between two looks; of more, the oldest are left to the pages that go round. */
const ordersMax = 3_000;
const claimsMax = 6_000;
/** SKUs whose waiting orders are looked up, a query each. */
const skusMax = 200;

export interface Recent {
  readonly orderIds: readonly string[];
  readonly claims: readonly Claim[];
  /** Of stocks that may have got free pieces. */
  readonly skus: readonly string[];
}

/** The newest entries within a bound. */
const createNewest = <T>(max: number) => {
  let entries = new Map<string, T>();
  return {
    add: (key: string, value: T): void => {
      entries.delete(key);
      entries.set(key, value);
      const [oldest] = entries.size > max ? entries.keys() : [];
      if (oldest !== undefined) entries.delete(oldest);
    },
    take: (): readonly T[] => {
      const taken = [...entries.values()];
      entries = new Map();
      return taken;
    },
  };
};

export const createRecentClaims = () => {
  const orderIds = createNewest<string>(ordersMax);
  const claims = createNewest<Claim>(claimsMax);
  const skus = createNewest<string>(skusMax);
  return {
    note: (events: readonly RecordedEvent[]): void => {
      for (const { type, data } of events) {
        const { orderId, warehouseId, sku, reservationId } = data as Partial<Claim>;
        if (orderId !== undefined) orderIds.add(orderId, orderId);
        if (sku === undefined || warehouseId === undefined) continue;
        if (type !== 'StockReserved' && type !== 'StockReservationTakenOver') skus.add(sku, sku);
        else if (orderId !== undefined && reservationId !== undefined) {
          claims.add(`${warehouseId}.${sku}.${reservationId}`, { orderId, warehouseId, sku, reservationId });
        }
      }
    },
    /** All of it; the next look begins with nothing. */
    take: (): Recent => ({ orderIds: orderIds.take(), claims: claims.take(), skus: skus.take() }),
  };
};
