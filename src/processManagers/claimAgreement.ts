/** Compares an order with its stocks in memory. Where they agree, the reconciler does not read the store. */
import type { Handlers } from '../commands/handlers.ts';
import type { PlacedOrder } from '../domain/order/state.ts';
import { lacksOf } from '../domain/order/state.ts';
import type { Stock } from '../domain/stock/state.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Streams } from '../eventsourcing/commandHandling/streams.ts';
import { countedBy, isLost, type Subject, unbookedOf, uncountedFor } from './claims.ts';
import type { Claim } from './ports.ts';

/** @param handledUpTo of a stream: the latest that the policies have handled. */
export const createAgreement = (
  { order: orders, stock: stocks }: Pick<Handlers, 'order' | 'stock'>,
  handledUpTo: (stream: string) => number,
) => {
  /** `undefined`: it is not known as far as the policies have handled it. */
  const knownAt = <State>({ known }: Pick<Streams<State, never>, 'known'>, stream: string): State | undefined => {
    const kept = known(stream);
    return kept === undefined || kept.revision < handledUpTo(stream) ? undefined : kept.state;
  };
  const stockAt = ({ warehouseId, sku }: Pick<Claim, 'warehouseId' | 'sku'>): Stock | undefined =>
    knownAt(stocks, stockStream(warehouseId, sku));

  const isWaiting = (order: PlacedOrder): boolean =>
    !order.held && (order.phase === 'pending' || lacksOf(order).length > 0);

  return (subject: Subject): boolean => {
    if ('claim' in subject) {
      const { claim, isSure } = subject;
      if (isSure === true) return false;
      const [order, stock] = [knownAt(orders, orderStream(claim.orderId)), stockAt(claim)];
      if (order === undefined || stock === undefined) return false;
      return uncountedFor(claim, order, stock) === null && unbookedOf(claim, order, stock).length === 0;
    }
    const order = knownAt(orders, orderStream(subject.orderId));
    if (order === undefined || order.phase === 'absent') return order !== undefined;
    if (isWaiting(order)) return false;
    return countedBy(order).every((allocation) => {
      const stock = stockAt(allocation);
      return stock !== undefined && !isLost(allocation, stock);
    });
  };
};
