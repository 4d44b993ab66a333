/**
 * The goods have moved, whatever the ledger had reserved: they are booked out, and back if they never left. What doesn't
 * fit is an exception that a person looks at. Command ids follow from the event, so that a second try finds the first.
 */
import type { Handlers } from '../commands/handlers.ts';
import type { OrderShipmentVoided } from '../domain/order/shapes.ts';
import type { Ask } from '../domain/policies/reactions.ts';
import type { StockCommandOf } from '../domain/stock/commands.ts';
import { orderStream, stockStream } from '../domain/values.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { Cause } from './cause.ts';

type Move = StockCommandOf<'ShipStock' | 'VoidDeparture'> & { readonly orderId: string };

export const createMoveGoods = ({ order, stock }: Pick<Handlers, 'order' | 'stock'>, clock: Clock) => {
  const move = async (command: Move, cause: Cause): Promise<void> => {
    const { type, warehouseId, sku, reservationId, shipmentId, quantity, orderId } = command;
    const context = cause.context(`follow/${type === 'ShipStock' ? 'ship' : 'void'}/${reservationId}`);
    const stream = stockStream(warehouseId, sku);
    const outcome = await stock(stream, command, context);
    // Handed over again long after it was done, it may look like a reservation that was never there.
    if (outcome.kind !== 'refused' || (await stock.hasRecorded(stream, context.commandId))) return;
    const did = type === 'ShipStock' ? 'took' : 'did not take';
    const detail = `Shipment ${shipmentId} ${did} ${quantity} of ${sku} at ${warehouseId}: ${outcome.refusal.detail}`;
    const raise = { type: 'RaiseException', code: outcome.refusal.code, detail } as const;
    await order(orderStream(orderId), raise, cause.context(`exception/${reservationId}`));
  };

  return {
    ship: ({ ask: _, ...goods }: Extract<Ask, { ask: 'ShipReserved' }>, cause: Cause): Promise<void> =>
      move({ type: 'ShipStock', occurredAt: clock.now(), ...goods }, cause),
    /** One line after another: a crash in between leaves the rest to the next attempt. */
    bookBack: async (voided: OrderShipmentVoided['data'], cause: Cause): Promise<void> => {
      const { orderId, shipmentId, warehouseId } = voided;
      for (const line of voided.lines) {
        const goods = { orderId, shipmentId, warehouseId, ...line };
        await move({ type: 'VoidDeparture', occurredAt: clock.now(), ...goods }, cause);
      }
    },
  };
};
