/** Goods handed to a courier, and what the courier says about them. */
import type { DispatchRequest, OrderRefusal } from '../domain/order/commands.ts';
import type { OrderEvent } from '../domain/order/events.ts';
import { unshippedSources } from '../domain/order/lacks.ts';
import type { Order } from '../domain/order/state.ts';
import type { ParcelStatus, ShipmentCorrected, ShipmentDispatched } from '../domain/shipment/events.ts';
import { type LabelCorrection, labelOf } from '../domain/shipment/parcel.ts';
import { orderStream, shipmentStream, stockStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext, Outcome } from '../eventsourcing/commandHandling/outcome.ts';
import { refuse } from '../eventsourcing/message.ts';
import type { Handlers, SealNote } from './handlers.ts';
import { customerSubject } from './orders.ts';
import type { PersonalData } from './ports.ts';

export interface TrackingReport {
  /** May be left out when the shipment has one parcel. */
  readonly parcelId?: string;
  /** Absent: see `TrackParcel`. */
  readonly status?: ParcelStatus;
  readonly detail?: string;
  readonly location?: string;
  /** The carrier's time, ISO 8601 UTC. */
  readonly reportedAt: string;
}

export type DispatchOutcome = Outcome<Order, OrderEvent, OrderRefusal | 'STOCK_NOT_FOUND'>;

const noStock: DispatchOutcome = {
  kind: 'refused',
  refusal: refuse('STOCK_NOT_FOUND', 'A SKU that is to leave is not registered in this warehouse.').refused,
};

/** Where a courier's words belong; they open nowhere else. */
export const trackingContext = (shipmentId: string, field: 'detail' | 'location'): string =>
  `${shipmentStream(shipmentId)}/${field}`;

export const createShipmentUseCases = (
  { order, shipment, stock }: Pick<Handlers, 'order' | 'shipment' | 'stock'>,
  { personalData, sealNote }: { readonly personalData: PersonalData; readonly sealNote: SealNote },
) => {
  /** Words about a parcel are about the customer who waits for it, and go when the customer's data goes. */
  const sealWords = async (shipmentId: string, { detail, location }: TrackingReport, context: CommandContext) => {
    if (detail === undefined && location === undefined) return {};
    const known = (await shipment.load(shipmentStream(shipmentId))).state;
    const state = known.phase === 'absent' ? known : (await order.load(orderStream(known.orderId))).state;
    // The decider says that there is no such shipment; nothing of it is kept.
    if (state.phase === 'absent' || !('customerId' in state) || context.dryRun === true) return {};
    const subject = customerSubject(state.customerId);
    const seal = (field: 'detail' | 'location', text: string) =>
      personalData.seal(subject, trackingContext(shipmentId, field), text);
    return {
      ...(detail === undefined ? {} : { detail: await seal('detail', detail) }),
      ...(location === undefined ? {} : { location: await seal('location', location) }),
      textDigest: await personalData.digest(subject, JSON.stringify([detail ?? null, location ?? null])),
    };
  };

  /** Goods without a reservation are booked out of a stock that must be there; a wrong warehouse is a mistake. */
  const isBookable = async (state: Order, { warehouseId, lines }: DispatchRequest): Promise<boolean> => {
    if (state.phase === 'absent') return true;
    const here = unshippedSources(state).filter((source) => source.warehouseId === warehouseId);
    const reserved = new Set(here.map(({ lineId }) => lineId));
    const uncovered = new Set(lines.filter(({ lineId }) => !reserved.has(lineId)).map(({ lineId }) => lineId));
    const skus = new Set(state.lines.filter(({ lineId }) => uncovered.has(lineId)).map(({ sku }) => sku));
    for (const sku of skus) {
      if ((await stock.load(stockStream(warehouseId, sku))).state.phase === 'absent') return false;
    }
    return true;
  };

  return {
    /** Also opens the shipment's own stream, so that the courier can report at once; a policy does it when we can't. */
    dispatchShipment: async (
      orderId: string,
      request: DispatchRequest,
      context: CommandContext,
    ): Promise<DispatchOutcome> => {
      if (!(await isBookable((await order.load(orderStream(orderId))).state, request))) return noStock;
      const outcome = await order(orderStream(orderId), { type: 'DispatchShipment', ...request }, context);
      const dispatched = outcome.kind === 'recorded' ? outcome.events[0] : undefined;
      if (dispatched !== undefined) {
        const { ifMatch: _, ...own } = context;
        await shipment(
          shipmentStream(request.shipmentId),
          { type: 'RecordDispatch', shipment: dispatched.data as ShipmentDispatched['data'] },
          { ...own, commandId: derivedId(`${context.commandId}/shipment`), causationId: dispatched.id },
        );
      }
      return outcome;
    },
    /** Also tells the order, which is found by its tracking numbers; a policy does it when we can't. */
    correctShipment: async (shipmentId: string, correction: LabelCorrection, context: CommandContext) => {
      const outcome = await shipment(shipmentStream(shipmentId), { type: 'CorrectShipment', ...correction }, context);
      const corrected = outcome.kind === 'recorded' ? outcome.events[0] : undefined;
      if (corrected?.type === 'ShipmentCorrected') {
        const { ifMatch: _, ...own } = context;
        const data = corrected.data as ShipmentCorrected['data'];
        await order(
          orderStream(data.orderId),
          { type: 'RecordCorrection', shipmentId, shipmentRevision: corrected.revision, label: labelOf(data) },
          { ...own, commandId: derivedId(`${context.commandId}/order`), causationId: corrected.id },
        );
      }
      return outcome;
    },
    /**
     * The shipment decides, as a courier may report at the same moment; then the order is told. Its goods are booked back
     * by a policy, which has booked them out before. A policy also tells the order when we can't.
     */
    voidShipment: async (
      shipmentId: string,
      { reason, note }: { readonly reason: string; readonly note?: string },
      context: CommandContext,
    ) => {
      const stream = shipmentStream(shipmentId);
      const sealed = note === undefined ? {} : { note: await sealNote(note, stream, context) };
      const outcome = await shipment(stream, { type: 'VoidShipment', reason, ...sealed }, context);
      const voided = outcome.kind === 'recorded' ? outcome.events[0] : undefined;
      if (voided !== undefined) {
        const { ifMatch: _, ...own } = context;
        await order(
          orderStream(voided.data.orderId),
          { type: 'RecordVoid', shipmentId },
          { ...own, commandId: derivedId(`${context.commandId}/order`), causationId: voided.id },
        );
      }
      return outcome;
    },
    trackParcel: async (shipmentId: string, report: TrackingReport, context: CommandContext) => {
      const { detail: _, location: __, ...rest } = report;
      const words = await sealWords(shipmentId, report, context);
      return shipment(shipmentStream(shipmentId), { type: 'TrackParcel', ...rest, ...words }, context);
    },
  };
};
