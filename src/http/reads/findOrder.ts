import { type Reach, reachesOrder } from '../../domain/access/policy.ts';
import type { OrderDocument } from '../../projections/orders/projection.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

export const noOrder = (): Problem => new Problem('ORDER_NOT_FOUND', 'No such order.');

/** An order that is not the caller's is not there. @throws Problem */
export const findOrder = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  orderId: string,
  reach: Reach,
): Promise<OrderDocument> => {
  const order = await readModels.orders.queries.get(orderId);
  if (order === null || !reachesOrder(reach, order)) throw noOrder();
  return order;
};

/** The same as of this moment, straight from the log, for commands. @throws Problem */
export const findOrderNow = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  orderId: string,
  reach: Reach,
): Promise<OrderDocument> => {
  const order = await readModels.orders.fold(orderId);
  if (order === null || !reachesOrder(reach, order)) throw noOrder();
  return order;
};
