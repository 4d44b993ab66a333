/** An order is placed, changed by a person, and handed to a courier; the policies do the rest. */
import type { AddressCorrection, LineChange, OrderCommand, ReasonedCommand } from '../domain/order/commands.ts';
import type { OrderPlaced } from '../domain/order/events.ts';
import type { OrderLine, SourcingStrategy } from '../domain/order/shapes.ts';
import { orderStream, sameJson } from '../domain/values.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { type Handlers, notSealed, type SealNote } from './handlers.ts';
import { createTakeOrderNumber } from './orderNumbers.ts';
import type { PersonalData } from './ports.ts';

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

interface OrderChanges {
  readonly shipTo?: PostalAddress;
  readonly lines?: readonly LineChange[];
  readonly reason?: string;
  readonly note?: string;
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

  const sealedNote = async (orderId: string, note: string | undefined, context: CommandContext) =>
    note === undefined ? {} : { note: await sealNote(note, orderStream(orderId), context) };

  const addressOf = async (
    orderId: string,
    shipTo: PostalAddress,
    context: CommandContext,
  ): Promise<AddressCorrection> => {
    const { state } = await order.load(orderStream(orderId));
    const destinationCountry = shipTo.countryCode;
    if (state.phase === 'absent') return { shipTo: notSealed, destinationCountry };
    const place = shipToContext(orderId);
    const isSame = sameJson(await personalData.open(state.shipTo, place), shipTo);
    const sealed =
      context.dryRun === true ? notSealed : await personalData.seal(customerSubject(state.customerId), place, shipTo);
    return { shipTo: sealed, destinationCountry, ...(isSame ? { sameAs: state.shipTo } : {}) };
  };

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
     * Its address, the quantities of its lines, or both at once. A plan that is made after it looks at what stands then;
     * what has its sources keeps them, as far as they are needed.
     * @throws SubjectErased
     */
    correctOrder: async (orderId: string, { shipTo, lines, reason, note }: OrderChanges, context: CommandContext) => {
      const command: OrderCommand = {
        type: 'ChangeOrder',
        ...(shipTo === undefined ? {} : { address: await addressOf(orderId, shipTo, context) }),
        ...(lines === undefined ? {} : { lines }),
        reason: reason ?? 'changed',
        ...(await sealedNote(orderId, note, context)),
      };
      return change(orderId, command, context);
    },
    /** Ids of the customers whose orders named this e-mail address, at most `limit`. */
    customersKnownBy: async (email: string, limit: number): Promise<readonly string[]> =>
      (await personalData.rememberedBy(email, limit)).map((subject) => subject.slice(customerPrefix.length)),
    changeOrder: async (
      orderId: string,
      { type, reason, note }: Omit<ReasonedCommand, 'note'> & { readonly note?: string },
      context: CommandContext,
    ) => {
      return change(orderId, { type, reason, ...(await sealedNote(orderId, note, context)) }, context);
    },
  };
};
