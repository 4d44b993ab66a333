/** What each role sees of what it reaches (docs/access.md, R7.3): the table beside the policies. */
import type { Role } from './principal.ts';

/** Of what a caller reaches. */
export interface VisibleFields {
  readonly contact: boolean;
  readonly shipTo: boolean;
  readonly prices: boolean;
  /** Free text of couriers, which may name the person at the door. */
  readonly words: boolean;
  /** Free text of colleagues about goods and orders, in history. */
  readonly notes: boolean;
}

const all: VisibleFields = { contact: true, shipTo: true, prices: true, words: true, notes: true };
const goodsOnly: VisibleFields = { contact: false, shipTo: true, prices: false, words: true, notes: true };

export const visibleFieldsByRole: { readonly [R in Role]: VisibleFields } = {
  admin: all,
  service: { ...all, notes: false },
  customer_service: { ...all, notes: false },
  customer: { ...all, notes: false },
  warehouse_staff: goodsOnly,
  partner: { ...goodsOnly, notes: false },
  auditor: { contact: false, shipTo: false, prices: true, words: false, notes: true },
};
