/** What our events are in the words of the Core Business Vocabulary (CBV 2.0): a business step and a disposition. */
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import type { AdjustmentReason } from '../../domain/values.ts';

export interface Step {
  readonly bizStep: string;
  readonly disposition: string;
}

/** In the warehouse, where customers do not come: it can be sold, and not be touched. */
const inStore = 'sellable_not_accessible';

export const received: Step = { bizStep: 'receiving', disposition: 'in_progress' };
export const stored: Step = { bizStep: 'storing', disposition: inStore };
export const counted: Step = { bizStep: 'cycle_counting', disposition: inStore };
export const quarantined: Step = { bizStep: 'inspecting', disposition: 'non_sellable_other' };
export const cleared: Step = { bizStep: 'inspecting', disposition: inStore };
export const picked: Step = { bizStep: 'picking', disposition: 'in_progress' };
export const packed: Step = { bizStep: 'packing', disposition: 'in_progress' };
export const shipped: Step = { bizStep: 'shipping', disposition: 'in_transit' };
/** To another warehouse. */
export const sentOn: Step = { bizStep: 'departing', disposition: 'in_transit' };
/** By what becomes of what came back. */
export const returned = {
  restock: { bizStep: 'accepting', disposition: inStore },
  quarantine: { bizStep: 'inspecting', disposition: 'returned' },
  scrap: { bizStep: 'destroying', disposition: 'destroyed' },
} as const satisfies { readonly [disposition: string]: Step };
export const unshipped: Step = { bizStep: 'void_shipping', disposition: 'in_progress' };

const adjustments: { readonly [Reason in AdjustmentReason]: Step } = {
  correction: { bizStep: 'stock_taking', disposition: inStore },
  damaged: { bizStep: 'inspecting', disposition: 'damaged' },
  lost: { bizStep: 'stock_taking', disposition: 'unknown' },
  found: { bizStep: 'stock_taking', disposition: inStore },
  stolen: { bizStep: 'stock_taking', disposition: 'stolen' },
  expired: { bizStep: 'inspecting', disposition: 'expired' },
  returned: { bizStep: 'accepting', disposition: 'returned' },
  promotion: { bizStep: 'removing', disposition: 'inactive' },
  other: { bizStep: 'other', disposition: 'unknown' },
};

export const adjusted = (reason: AdjustmentReason): Step => adjustments[reason];

const onItsWay: Step = { bizStep: 'transporting', disposition: 'in_transit' };

/** `null`: nothing has moved. */
const reports: { readonly [Status in ParcelStatus]: Step | null } = {
  pre_transit: null,
  in_transit: onItsWay,
  out_for_delivery: onItsWay,
  available_for_pickup: { bizStep: 'arriving', disposition: 'available' },
  attempted_delivery: onItsWay,
  delayed: onItsWay,
  exception: { bizStep: 'transporting', disposition: 'unknown' },
  delivered: { bizStep: 'arriving', disposition: 'in_progress' },
  return_to_sender: { bizStep: 'transporting', disposition: 'returned' },
};

export const reported = (status: ParcelStatus): Step | null => reports[status];
