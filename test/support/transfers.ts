/** A transfer of chairs and lamps from Berlin to Paris, for the tests. */
import type { MovedLine, TransferPlanned } from '../../src/domain/transfer/events.ts';
import { later, now } from './samples.ts';

export const transferEnds = { transferId: 't1', fromWarehouseId: 'BER', toWarehouseId: 'PAR' };
export const chairsLine: MovedLine = { lineId: '1', sku: 'CHAIR', quantity: 10 };
export const lampsLine: MovedLine = { lineId: '2', sku: 'LAMP', quantity: 4 };
export const transferPlanned = (...lines: readonly MovedLine[]): TransferPlanned => ({
  type: 'TransferPlanned',
  data: { ...transferEnds, lines, claimsUntil: later, plannedAt: now },
});
