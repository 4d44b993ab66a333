import { accept, type Decider, jsonStates, refuse } from '../../eventsourcing/message.ts';
import { type OrderNumberEvent, type OrderNumberTaken, orderNumberVersions } from './events.ts';

export type OrderNumber = { readonly phase: 'free' } | { readonly phase: 'taken'; readonly orderId: string };

export type OrderNumberCommand = OrderNumberTaken['data'] & {
  readonly type: 'TakeOrderNumber';
  /** An order that had it and is known never to be placed under it. */
  readonly insteadOf?: string;
};
export type OrderNumberRefusal = 'ORDER_NUMBER_TAKEN';

/** One order for each number of a client; the same order again records nothing. */
export const orderNumberDecider: Decider<OrderNumber, OrderNumberCommand, OrderNumberEvent, OrderNumberRefusal> = {
  category: 'ordernumber',
  initialState: { phase: 'free' },
  decide: ({ type: _, insteadOf, ...data }, number) => {
    if (number.phase === 'free' || number.orderId === insteadOf) return accept({ type: 'OrderNumberTaken', data });
    if (number.orderId === data.orderId) return accept();
    return refuse('ORDER_NUMBER_TAKEN', 'Another order of yours has this orderNumber.');
  },
  evolve: (_number, { data }) => ({ phase: 'taken', orderId: data.orderId }),
  weigh: () => 150,
  codec: jsonStates(1),
  schemaVersions: orderNumberVersions,
};
