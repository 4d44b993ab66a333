/** One command loop for each aggregate, on one store and one cache. */
import { itemDecider } from '../domain/item/decider.ts';
import { orderDecider } from '../domain/order/decider.ts';
import { orderNumberDecider } from '../domain/orderNumber/decider.ts';
import { shipmentDecider } from '../domain/shipment/decider.ts';
import { stockDecider } from '../domain/stock/decider.ts';
import { warehouseDecider } from '../domain/warehouse/decider.ts';
import { webhookDecider } from '../domain/webhook/decider.ts';
import { createCommandHandler, type HandlerOptions } from '../eventsourcing/commandHandling/commandHandler.ts';

export const createHandlers = (options: HandlerOptions) => ({
  stock: createCommandHandler(stockDecider, options),
  item: createCommandHandler(itemDecider, options),
  warehouse: createCommandHandler(warehouseDecider, options),
  order: createCommandHandler(orderDecider, options),
  orderNumber: createCommandHandler(orderNumberDecider, options),
  shipment: createCommandHandler(shipmentDecider, options),
  webhook: createCommandHandler(webhookDecider, options),
});

export type Handlers = ReturnType<typeof createHandlers>;
