/** `shipment.*`: the way of one shipment. The courier's own words are left out: they are sealed, and may name people. */
import type { ShipmentLabel } from '../domain/order/shapes.ts';
import type { ParcelStatus, ShipmentEvent } from '../domain/shipment/events.ts';
import { labelOf } from '../domain/shipment/label.ts';
import { unreachable } from '../eventsourcing/message.ts';
import type { Message } from './audience.ts';

export interface ShipmentData {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly warehouseId: string;
}
export interface ShipmentUpdatedData extends ShipmentData {
  /** `dispatched`, `corrected`, `voided` and `delivered` are about the whole shipment; else it is the parcel's status as it stands. */
  readonly status: 'dispatched' | 'corrected' | 'voided' | ParcelStatus;
  /** The label as it stands after a correction. */
  readonly label?: ShipmentLabel;
  /** Absent when it is about the whole shipment. */
  readonly parcelId?: string;
  /** The carrier's time, ISO 8601 UTC. */
  readonly reportedAt?: string;
}
export interface ShipmentExceptionData extends ShipmentData {
  readonly parcelId: string;
  readonly status: ParcelStatus;
  readonly reportedAt: string;
}

/** Somebody has to do something, or the customer has to be told. */
const troubles: readonly ParcelStatus[] = ['attempted_delivery', 'delayed', 'exception', 'return_to_sender'];

const updated = (data: ShipmentUpdatedData): Message => ({ type: 'shipment.updated', data });

export const shipmentMessages = (event: ShipmentEvent): readonly Message[] => {
  const { shipmentId, orderId, warehouseId } = event.data;
  const shipment: ShipmentData = { shipmentId, orderId, warehouseId };
  switch (event.type) {
    case 'ShipmentDispatched':
      return [updated({ ...shipment, status: 'dispatched' })];
    case 'ShipmentCorrected':
      return [updated({ ...shipment, status: 'corrected', label: labelOf(event.data) })];
    case 'ShipmentVoided':
      return [updated({ ...shipment, status: 'voided' })];
    case 'VoidedShipmentReported': {
      const { parcelId, status, reportedAt } = event.data;
      const exception: ShipmentExceptionData = { ...shipment, parcelId, status, reportedAt };
      return [{ type: 'shipment.exception', data: exception }];
    }
    case 'ShipmentDelivered':
      return [updated({ ...shipment, status: 'delivered', reportedAt: event.data.deliveredAt })];
    // The report that it follows from has told it of the parcel.
    case 'ShipmentTurnedBack':
      return [];
    case 'ParcelTracked': {
      const { parcelId, status, parcelStatus, reportedAt } = event.data;
      const messages = [updated({ ...shipment, parcelId, status: parcelStatus, reportedAt })];
      // A late report of a trouble that is over changes nothing any more.
      if (!troubles.includes(status) || status !== parcelStatus) return messages;
      const exception: ShipmentExceptionData = { ...shipment, parcelId, status, reportedAt };
      return [...messages, { type: 'shipment.exception', data: exception }];
    }
    default:
      return unreachable(event);
  }
};
