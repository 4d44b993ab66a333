/** What the policies have handled since the last look: a fault of theirs is most likely there. */
import type { OrderShipmentDispatched } from '../domain/order/shapes.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { Claim } from './ports.ts';

/** Some 300 orders a second between two looks; of more than twice as many, the oldest are left to the pages. */
const ordersMax = 3_000;
const claimsMax = 6_000;
/** SKUs whose waiting orders are looked up, a query each. */
const skusMax = 200;
/** Of which it is known what the policies have handled: both sides of each claim that is looked at, and as many again. */
const streamsMax = 20_000;

export interface Recent {
  readonly orderIds: readonly string[];
  readonly claims: readonly Claim[];
  /** Of stocks that may have got free pieces. */
  readonly skus: readonly string[];
}

/**
 * So many of the newest entries at least, and less than twice as many. A Map keeps holes where keys were deleted, so that to take out
 * the oldest one for each new one would walk over them.
 */
const createNewest = <T>(max: number) => {
  let older = new Map<string, T>();
  let entries = new Map<string, T>();
  return {
    add: (key: string, value: T): void => {
      entries.set(key, value);
      if (entries.size < max) return;
      older = entries;
      entries = new Map();
    },
    get: (key: string): T | undefined => entries.get(key) ?? older.get(key),
    take: (): readonly T[] => {
      const taken = new Map([...older, ...entries]);
      older = new Map();
      entries = new Map();
      return [...taken.values()];
    },
  };
};

const departedWith = ({ orderId, warehouseId, lines }: OrderShipmentDispatched['data']): readonly Claim[] =>
  lines.map(({ sku, reservationId }) => ({ orderId, warehouseId, sku, reservationId }));

export const createRecentClaims = () => {
  const revisions = createNewest<number>(streamsMax);
  const orderIds = createNewest<string>(ordersMax);
  const claims = createNewest<Claim>(claimsMax);
  const skus = createNewest<string>(skusMax);
  const addClaim = (claim: Claim): void =>
    claims.add(`${claim.warehouseId}.${claim.sku}.${claim.reservationId}`, claim);
  return {
    note: (events: readonly RecordedEvent[]): void => {
      for (const { stream, revision, type, data } of events) {
        revisions.add(stream, Math.max(revision, revisions.get(stream) ?? -1));
        if (type === 'OrderShipmentDispatched') {
          for (const claim of departedWith(data as OrderShipmentDispatched['data'])) addClaim(claim);
        }
        const { orderId, warehouseId, sku, reservationId } = data as Partial<Claim>;
        if (orderId !== undefined) orderIds.add(orderId, orderId);
        if (sku === undefined || warehouseId === undefined) continue;
        if (type !== 'StockReserved' && type !== 'StockReservationTakenOver') skus.add(sku, sku);
        else if (orderId !== undefined && reservationId !== undefined) {
          addClaim({ orderId, warehouseId, sku, reservationId });
        }
      }
    },
    /** The revision up to which they have handled a stream; -1: not known. */
    handledUpTo: (stream: string): number => revisions.get(stream) ?? -1,
    /** All of it; the next look begins with nothing. */
    take: (): Recent => ({ orderIds: orderIds.take(), claims: claims.take(), skus: skus.take() }),
  };
};
