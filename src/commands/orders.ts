/** An order is placed, changed by a person, and handed to a courier; the policies do the rest. */
import type { OrderCommand, ReasonedCommand } from '../domain/order/commands.ts';
import type { OrderLine, OrderPlaced, SourcingStrategy } from '../domain/order/events.ts';
import { orderStream } from '../domain/values.ts';
import type { Handlers } from './handlers.ts';
import { notSealed, type SealNote } from './notes.ts';
import type { CommandContext } from './outcome.ts';
import type { Clock, PersonalData } from './ports.ts';

export interface Contact {
  readonly name: string;
  readonly email: string;
  readonly phone?: string;
}
export interface Address {
  readonly name: string;
  readonly lines: readonly string[];
  readonly city: string;
  readonly region?: string;
  readonly postalCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
}
export interface OrderRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly contact: Contact;
  readonly shipTo: Address;
  readonly lines: readonly OrderLine[];
  readonly sourcing: SourcingStrategy;
  readonly preferredWarehouseId?: string;
  readonly allowSplit: boolean;
  readonly allowBackorder: boolean;
}

/** Places where the sealed parts of an order belong; they open nowhere else. */
export const contactContext = (orderId: string): string => `${orderStream(orderId)}/contact`;
export const shipToContext = (orderId: string): string => `${orderStream(orderId)}/shipTo`;
export const customerSubject = (customerId: string): string => `customer:${customerId}`;

export const createOrderUseCases = (
  { order }: Pick<Handlers, 'order'>,
  { personalData, sealNote, clock }: { personalData: PersonalData; sealNote: SealNote; clock: Clock },
) => {
  const place = async (request: OrderRequest, context: CommandContext): Promise<OrderPlaced['data']> => {
    const { contact, shipTo, ...rest } = request;
    const seal = (place: string, value: object) =>
      context.dryRun === true
        ? Promise.resolve(notSealed)
        : personalData.seal(customerSubject(request.customerId), place, value);
    const [sealedContact, sealedShipTo] = await Promise.all([
      seal(contactContext(request.orderId), contact),
      seal(shipToContext(request.orderId), shipTo),
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
    placeOrder: async (request: OrderRequest, context: CommandContext) =>
      change(
        request.orderId,
        { type: 'PlaceOrder', order: await place(request, context) },
        { ...context, expectsNew: true },
      ),
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
