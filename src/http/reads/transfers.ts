/** A transfer as each caller sees it, and whose it is: of the warehouse that it leaves and of the one that it goes to. */
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { figuresOf, type KnownTransfer, type TransferLine } from '../../domain/transfer/state.ts';
import type { TransferDocument } from '../../projections/transfers/projection.ts';
import { Problem } from '../problems/problem.ts';

const showLine = (line: TransferLine): object => {
  const { lineId, sku, quantity, dispatched, received, damaged, cancelled } = line;
  return { lineId, sku, quantity, dispatched, received, damaged, cancelled, ...figuresOf(line) };
};

/** Without the warehouse that the caller does not reach. */
export const showTransfer = (
  { transferId, fromWarehouseId, toWarehouseId, status, lines, plannedAt, claimsUntil, ...rest }: TransferDocument,
  reach: Reach,
) => ({
  transferId,
  ...(reachesWarehouse(reach, fromWarehouseId) ? { fromWarehouseId } : {}),
  ...(reachesWarehouse(reach, toWarehouseId) ? { toWarehouseId } : {}),
  status,
  lines: lines.map(showLine),
  plannedAt,
  claimsUntil,
  revision: rest.revision,
  updatedAt: rest.updatedAt,
});

type Ends = Pick<KnownTransfer, 'fromWarehouseId' | 'toWarehouseId'>;

export const noTransfer = (): Problem => new Problem('TRANSFER_NOT_FOUND', 'No such transfer.');

/** @throws Problem for one of which neither end is in reach. */
export const ifReached = <T extends Ends>(transfer: T | null, reach: Reach): T => {
  if (transfer === null) throw noTransfer();
  const { fromWarehouseId, toWarehouseId } = transfer;
  if (reachesWarehouse(reach, fromWarehouseId) || reachesWarehouse(reach, toWarehouseId)) return transfer;
  throw noTransfer();
};

/** @throws Problem */
export const requireWarehouses = (reach: Reach, ...warehouseIds: readonly string[]): void => {
  if (warehouseIds.every((id) => reachesWarehouse(reach, id))) return;
  throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
};
