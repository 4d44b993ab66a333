/** What is asked of carriers, and what they say (R12.2). Each adapter reads the bodies of one carrier, or of one that speaks for many. */
import type { ParcelStatus } from '../domain/shipment/events.ts';

/** One report of a carrier about one tracking number, in our words beside its own. */
export interface CarrierReport {
  readonly trackingNumber: string;
  /** Who carries it, where the adapter speaks for many; absent: the adapter's own carrier. */
  readonly carrier?: string;
  /** Absent: the carrier says something that no status of ours says. Its words are kept, and the parcel stays where it is. */
  readonly status?: ParcelStatus;
  readonly detail?: string;
  readonly location?: string;
  /** The carrier's time, ISO 8601 UTC with milliseconds. */
  readonly reportedAt: string;
}

/** A request as it came: nothing in it is believed before its signature was checked. */
export interface CarrierRequest {
  /** Names in small letters. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly query: { readonly [name: string]: unknown };
  readonly body: Uint8Array;
  readonly nowMs: number;
}

export interface CarrierWebhook {
  /** In the same time whatever differs. */
  isSigned(request: CarrierRequest): boolean;
  /** None: a message about something else. @throws CarrierUnreadable */
  read(body: Uint8Array): readonly CarrierReport[];
}

export interface CarrierAdapter {
  /** As the path of its webhook names it, and as its shipments name their carrier. */
  readonly name: string;
  /** Absent: it sends none, or no secret is configured. */
  readonly webhook?: CarrierWebhook;
  /**
   * All that it says of a number; none: it does not know it. Absent: where to ask is not configured.
   * @throws CarrierAway, CarrierUnreadable
   */
  readonly ask?: (trackingNumber: string, signal: AbortSignal) => Promise<readonly CarrierReport[]>;
}

/** By name. */
export type Carriers = ReadonlyMap<string, CarrierAdapter>;

/** Is told how it goes; metrics and log show it. */
export interface CarrierWatch {
  told(carrier: string, fate: string, count: number): void;
  /** After each look; `null`: it answers. */
  away(carrier: string, reason: string | null): void;
}

/** It does not answer, or not in time, or says that it can't: what is known of its parcels stays as it is. */
export class CarrierAway extends Error {
  override readonly name = 'CarrierAway';
}

/** A body that is not what the carrier's documentation says. */
export class CarrierUnreadable extends Error {
  override readonly name = 'CarrierUnreadable';
}
