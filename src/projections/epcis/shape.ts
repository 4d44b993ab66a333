/** An event of EPCIS 2.0, and what all of ours have in common. */
import type { LedgerEvent } from '../../domain/events.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import type { EpcisIds } from './ids.ts';

interface QuantityElement {
  readonly epcClass: string;
  /** Pieces. */
  readonly quantity: number;
}

export interface BizTransaction {
  readonly type?: string;
  readonly bizTransaction: string;
}

/** Of ISO/IEC 19987:2024, without its context. */
export interface EpcisEvent {
  readonly type: 'ObjectEvent' | 'AggregationEvent';
  readonly eventID: string;
  readonly eventTime: string;
  readonly recordTime: string;
  readonly eventTimeZoneOffset: string;
  readonly action: 'OBSERVE' | 'ADD' | 'DELETE';
  readonly bizStep: string;
  readonly disposition: string;
  readonly epcList?: readonly string[];
  readonly quantityList?: readonly QuantityElement[];
  readonly parentID?: string;
  readonly childQuantityList?: readonly QuantityElement[];
  readonly readPoint?: { readonly id: string };
  readonly bizLocation?: { readonly id: string };
  readonly bizTransactionList?: readonly BizTransaction[];
  /** The type of our event, and by how many pieces the shelf has more after it. */
  readonly 'stockledger:type': string;
  readonly 'stockledger:onHandDelta'?: number;
}

export const envelopeOf = ({ id, type, occurredAt, recordedAt }: Recorded<LedgerEvent>, index: number) => ({
  eventID: `urn:uuid:${index === 0 ? id : derivedId(`${id}/epcis/${index}`)}`,
  eventTime: occurredAt,
  recordTime: recordedAt,
  eventTimeZoneOffset: '+00:00',
  'stockledger:type': type,
});

export const at = (ids: EpcisIds, warehouseId: string) => {
  const place = { id: ids.placeOf(warehouseId) };
  return { readPoint: place, bizLocation: place };
};
