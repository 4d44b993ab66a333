/** What the caller of a kept answer could see: an answer that is given again shows no more than they may see today (R7.3). */
import { hash } from 'node:crypto';
import type { Reach } from '../../domain/access/policy.ts';

/** Kept among the headers of an answer, and never sent. */
export const reachName = 'stockledger-reach';

/** 128 bits of a hash: an answer may be of a caller with hundreds of warehouses. */
const markChars = 22;

export const reachMark = ({ role, customerId, warehouses }: Reach): string => {
  const seen = warehouses === 'all' ? warehouses : [...warehouses].sort();
  return hash('sha256', JSON.stringify([role, customerId, seen]), 'base64url').slice(0, markChars);
};

/** @param mark absent: of an answer that a release before this one has kept. */
export const coversKept = (reach: Reach, mark: string | undefined): boolean => {
  if (reach.role === 'admin') return true;
  return mark === undefined ? reach.warehouses === 'all' && reach.customerId === null : mark === reachMark(reach);
};
