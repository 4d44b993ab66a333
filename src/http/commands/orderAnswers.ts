/** What commands on orders answer. */
import { entityTagOf } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { findOrderNow, showOrderPublicly } from '../reads/orders.ts';
import type { CommandInput } from '../routeSpec.ts';

/** The answer to a command on an order: as it stands now, with its revision. */
export const createAnswerNow =
  (ports: Pick<HttpPorts, 'readModels'>) =>
  async (
    orderId: string,
    { takeTurn, reach, reply }: Pick<CommandInput<unknown, unknown>, 'takeTurn' | 'reach' | 'reply'>,
  ): Promise<object> => {
    await takeTurn();
    const order = await findOrderNow(ports, orderId, reach);
    reply.header('etag', entityTagOf(order.revision));
    return showOrderPublicly(order, reach);
  };
