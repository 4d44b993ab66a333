/** An order is placed, changed by a person, and handed to a courier; the policies do the rest. */
import type { OrderCommand, ReasonedCommand } from '../domain/order/commands.ts';
import type { OrderPlaced } from '../domain/order/events.ts';
import type { OrderLine, SourcingStrategy } from '../domain/order/shapes.ts';
import type { OrderNumberTaken } from '../domain/orderNumber/events.ts';
import { orderNumberStream, orderStream, sameJson } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext, Refused } from '../eventsourcing/commandHandling/outcome.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { type Handlers, notSealed, type SealNote } from './handlers.ts';
import type { PersonalData } from './ports.ts';

/** No request runs longer: then an order that has a number and was not placed never will be. Clocks decide only the wait. */
export const placingMaxMs = 30_000;

type NumberedOrder = OrderNumberTaken['data'];

/**
 * A shop's own order number, one order for each (T26). The number is taken in a stream of its own at an exact revision,
 * before the order is placed: of two requests at once, in whatever processes, one is refused.
 *
 * A crash may leave a number with an order that was never placed. The next request for the number closes that order's id
 * first, so that it can never be placed, and takes the number after that.
 */
const createTakeOrderNumber = (
  { order, orderNumber }: Pick<Handlers, 'order' | 'orderNumber'>,
  clock: Clock,
): ((wanted: NumberedOrder, context: CommandContext) => Promise<Refused<'ORDER_NUMBER_TAKEN'> | null>) => {
  /** Whether this order has not got the number and never will. */
  const isGivenUp = async (
    orderId: string,
    { takenAt, wanted }: { readonly takenAt: string; readonly wanted: NumberedOrder },
    context: CommandContext,
  ): Promise<boolean> => {
    const { state } = await order.load(orderStream(orderId));
    if (state.phase !== 'absent') return state.orderNumber !== wanted.orderNumber || state.placedBy !== wanted.client;
    if (state.isAbandoned === true) return true;
    if (Date.parse(clock.now()) - Date.parse(takenAt) < placingMaxMs) return false;
    const closed = await order(orderStream(orderId), { type: 'AbandonOrder', orderId }, context);
    return (closed.kind === 'recorded' || closed.kind === 'unchanged') && closed.state.phase === 'absent';
  };

  return async (wanted, { ifMatch: _, ...context }) => {
    const stream = orderNumberStream(derivedId(`order-number/${JSON.stringify([wanted.client, wanted.orderNumber])}`));
    const own = (name: string): CommandContext => ({
      ...context,
      commandId: derivedId(`${context.commandId}/${name}`),
    });
    const take = { type: 'TakeOrderNumber', ...wanted } as const;
    const first = await orderNumber(stream, take, { ...own('number'), expectsNew: true });
    if (first.kind !== 'refused') return null;
    if (context.dryRun === true) return first;
    const { state: holder, updatedAt } = await orderNumber.load(stream);
    if (holder.phase === 'free' || updatedAt === null) return first;
    const { orderId } = holder;
    if (!(await isGivenUp(orderId, { takenAt: updatedAt, wanted }, own(`abandon/${orderId}`)))) return first;
    const second = await orderNumber(stream, { ...take, insteadOf: orderId }, own(`number/${orderId}`));
    return second.kind === 'refused' ? second : null;
  };
};

interface Contact {
  readonly name: string;
  readonly email: string;
  readonly phone?: string;
}
export interface PostalAddress {
  readonly name: string;
  readonly lines: readonly string[];
  readonly city: string;
  readonly region?: string;
  /** Absent where there is none: Hong Kong, the Emirates, Antigua … */
  readonly postalCode?: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** Degrees, WGS 84; both or neither. */
  readonly latitude?: number;
  readonly longitude?: number;
}
export interface OrderRequest {
  readonly orderId: string;
  /** The client's own number for it. */
  readonly orderNumber?: string;
  readonly customerId: string;
  readonly contact: Contact;
  readonly shipTo: PostalAddress;
  readonly lines: readonly OrderLine[];
  readonly sourcing: SourcingStrategy;
  readonly preferredWarehouseId?: string;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
  /** With `allowSplit: false`: keeps what it gets at one warehouse while it waits for the rest. */
  readonly reservePartial?: true;
  /** Reservations under its id are not its own: a customer chose the id. */
  readonly excludesHolds?: true;
}

/** Places where the sealed parts of an order belong; they open nowhere else. */
export const contactContext = (orderId: string): string => `${orderStream(orderId)}/contact`;
export const shipToContext = (orderId: string): string => `${orderStream(orderId)}/shipTo`;
const customerPrefix = 'customer:';
export const customerSubject = (customerId: string): string => `${customerPrefix}${customerId}`;

export const createOrderUseCases = (
  handlers: Pick<Handlers, 'order' | 'orderNumber'>,
  { personalData, sealNote, clock }: { personalData: PersonalData; sealNote: SealNote; clock: Clock },
) => {
  const { order } = handlers;
  const takeOrderNumber = createTakeOrderNumber(handlers, clock);

  const placing = async (request: OrderRequest, context: CommandContext): Promise<OrderPlaced['data']> => {
    const { contact, shipTo, orderNumber: _, reservePartial: __, excludesHolds: ___, ...rest } = request;
    const seal = (place: string, value: object) =>
      context.dryRun === true
        ? Promise.resolve(notSealed)
        : personalData.seal(customerSubject(request.customerId), place, value);
    const [sealedContact, sealedShipTo] = await Promise.all([
      seal(contactContext(request.orderId), contact),
      seal(shipToContext(request.orderId), shipTo),
      // Before the order is recorded: a crash in between leaves an address that finds no order, never the other way.
      ...(context.dryRun === true ? [] : [personalData.remember(customerSubject(request.customerId), contact.email)]),
    ]);
    return {
      ...rest,
      contact: sealedContact,
      shipTo: sealedShipTo,
      destinationCountry: shipTo.countryCode,
      placedBy: context.actor.client,
      placedAt: clock.now(),
    };
  };

  const change = (orderId: string, command: OrderCommand, context: CommandContext) =>
    order(orderStream(orderId), command, context);

  return {
    /** @throws SubjectErased when the customer's data was erased. */
    placeOrder: async (request: OrderRequest, context: CommandContext) => {
      const { orderId, orderNumber, reservePartial, excludesHolds } = request;
      const placed = await placing(request, context);
      const asNew = { ...context, expectsNew: true };
      const asked = {
        type: 'PlaceOrder',
        order: placed,
        ...(reservePartial === true ? { reservePartial } : {}),
        ...(excludesHolds === true ? { excludesHolds } : {}),
      } as const;
      if (orderNumber === undefined) return change(orderId, asked, asNew);
      const command = { ...asked, orderNumber } as const;
      // An order that is refused takes no number.
      const tried = await change(orderId, command, { ...asNew, dryRun: true });
      if (tried.kind !== 'dry_run') return tried;
      const refused = await takeOrderNumber({ orderId, orderNumber, client: context.actor.client }, context);
      if (refused !== null) return refused;
      return context.dryRun === true ? tried : change(orderId, command, asNew);
    },
    /**
     * A plan that is made after it looks at the new address; what has its sources keeps them.
     * @throws SubjectErased
     */
    correctAddress: async (orderId: string, shipTo: PostalAddress, context: CommandContext) => {
      const { state } = await order.load(orderStream(orderId));
      const destinationCountry = shipTo.countryCode;
      const known = state.phase === 'absent' ? null : await personalData.open(state.shipTo, shipToContext(orderId));
      const isSame = state.phase !== 'absent' && sameJson(known, shipTo);
      const sealed =
        state.phase === 'absent' || context.dryRun === true
          ? notSealed
          : await personalData.seal(customerSubject(state.customerId), shipToContext(orderId), shipTo);
      const same = isSame ? { sameAs: state.shipTo } : {};
      return change(orderId, { type: 'CorrectAddress', shipTo: sealed, destinationCountry, ...same }, context);
    },
    /** Ids of the customers whose orders named this e-mail address, at most `limit`. */
    customersKnownBy: async (email: string, limit: number): Promise<readonly string[]> =>
      (await personalData.rememberedBy(email, limit)).map((subject) => subject.slice(customerPrefix.length)),
    changeOrder: async (
      orderId: string,
      { type, reason, note }: Omit<ReasonedCommand, 'note'> & { readonly note?: string },
      context: CommandContext,
    ) => {
      const sealed = note === undefined ? {} : { note: await sealNote(note, orderStream(orderId), context) };
      return change(orderId, { type, reason, ...sealed }, context);
    },
  };
};
