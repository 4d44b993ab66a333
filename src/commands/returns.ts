/** Goods of an order go back: announced at the order, received or called off at the return. */
import type { OrderCommandOf, OrderRefusal } from '../domain/order/commands.ts';
import type { OrderEvent } from '../domain/order/events.ts';
import type { Order } from '../domain/order/state.ts';
import type { Return, ReturnRefusal } from '../domain/return/decider.ts';
import type { Disposition, ReturnEvent, ReturnRequested } from '../domain/return/events.ts';
import { orderStream, returnStream, warehouseStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext, Outcome } from '../eventsourcing/commandHandling/outcome.ts';
import { refuse } from '../eventsourcing/message.ts';
import { type Handlers, noteContext, notSealed } from './handlers.ts';
import { customerSubject } from './orders.ts';
import type { PersonalData } from './ports.ts';

type RequestReturn = OrderCommandOf<'RequestReturn'>;
export type ReturnRequestInput = Omit<RequestReturn, 'type' | 'note'> & { readonly note?: string };

export interface ReturnReceipt {
  readonly warehouseId: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number; readonly disposition: Disposition }[];
}

type RequestOutcome = Outcome<Order, OrderEvent, OrderRefusal | 'WAREHOUSE_NOT_FOUND'>;
type ReceiptOutcome = Outcome<Return, ReturnEvent, ReturnRefusal | 'ORDER_LINE_NOT_FOUND' | 'WAREHOUSE_NOT_FOUND'>;

const noWarehouse = refuse('WAREHOUSE_NOT_FOUND', 'No such warehouse.');

export const createReturnUseCases = (
  handlers: Pick<Handlers, 'order' | 'return' | 'warehouse'>,
  personalData: Pick<PersonalData, 'seal'>,
) => {
  const { order, warehouse } = handlers;

  const isWarehouse = async (warehouseId: string): Promise<boolean> =>
    (await warehouse.load(warehouseStream(warehouseId))).state.phase !== 'absent';

  /** Under the key of the customer whose goods they are, whoever writes it: what it says is about them. */
  const sealNote = async (orderId: string, { returnId, note }: ReturnRequestInput, context: CommandContext) => {
    if (note === undefined) return {};
    const { state } = await order.load(orderStream(orderId));
    // The decider says that there is no such order; nothing of it is kept.
    if (state.phase === 'absent' || context.dryRun === true) return { note: notSealed };
    const place = noteContext(returnStream(returnId));
    return { note: await personalData.seal(customerSubject(state.customerId), place, note) };
  };

  return {
    /**
     * Also opens the stream of the return, so that it is found at once; a policy does it when we can't.
     * @throws SubjectErased
     */
    requestReturn: async (
      orderId: string,
      request: ReturnRequestInput,
      context: CommandContext,
    ): Promise<RequestOutcome> => {
      const { note: _, ...asked } = request;
      if (asked.warehouseId !== undefined && !(await isWarehouse(asked.warehouseId))) {
        return { kind: 'refused', refusal: noWarehouse.refused };
      }
      const sealed = await sealNote(orderId, request, context);
      const outcome = await order(orderStream(orderId), { type: 'RequestReturn', ...asked, ...sealed }, context);
      const requested = outcome.kind === 'recorded' ? outcome.events[0] : undefined;
      if (requested !== undefined) {
        const { ifMatch: __, ...own } = context;
        await handlers.return(
          returnStream(asked.returnId),
          { type: 'RecordRequest', request: requested.data as ReturnRequested['data'] },
          { ...own, commandId: derivedId(`${context.commandId}/return`), causationId: requested.id },
        );
      }
      return outcome;
    },
    /** The stock and the order are told by a policy. */
    receiveReturn: async (
      returnId: string,
      { warehouseId, lines }: ReturnReceipt,
      context: CommandContext,
    ): Promise<ReceiptOutcome> => {
      if (!(await isWarehouse(warehouseId))) return { kind: 'refused', refusal: noWarehouse.refused };
      const known = (await handlers.return.load(returnStream(returnId))).state;
      const ordered = known.phase === 'absent' ? null : (await order.load(orderStream(known.orderId))).state;
      const skuOf = new Map(
        ordered === null || ordered.phase === 'absent' ? [] : ordered.lines.map(({ lineId, sku }) => [lineId, sku]),
      );
      const stranger = lines.find(({ lineId }) => !skuOf.has(lineId));
      if (known.phase === 'known' && stranger !== undefined) {
        const detail = 'What came back is of no line of this order: receive it at its stock.';
        return {
          kind: 'refused',
          refusal: refuse('ORDER_LINE_NOT_FOUND', detail, { lineId: stranger.lineId }).refused,
        };
      }
      const received = lines.map((line) => ({ ...line, sku: skuOf.get(line.lineId) ?? '' }));
      return handlers.return(returnStream(returnId), { type: 'ReceiveReturn', warehouseId, lines: received }, context);
    },
    /** What has not arrived is not waited for any more; the order is told by a policy. */
    cancelReturn: (returnId: string, reason: string, context: CommandContext) =>
      handlers.return(returnStream(returnId), { type: 'CancelReturn', reason }, context),
  };
};
