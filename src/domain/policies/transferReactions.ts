/** What transfers and the stocks at their ends tell each other (docs/transfers.md, "The way of a transfer"). */
import type { StockCommand } from '../stock/commands.ts';
import type { StockTransferEvent } from '../stock/transferEvents.ts';
import type { TransferCommand } from '../transfer/commands.ts';
import type { TransferEvent } from '../transfer/events.ts';
import { claimIdOf } from '../transfer/state.ts';
import { stockStream, transferStream } from '../values.ts';
import type { Reaction, ReactionTable } from './reaction.ts';

const tellStock = (command: StockCommand, name: string): Reaction => ({
  type: 'Tell',
  to: 'stock',
  stream: stockStream(command.warehouseId, command.sku),
  command,
  name: `follow/${name}`,
});

const tellTransfer = (transferId: string, command: TransferCommand): Reaction => ({
  type: 'Tell',
  to: 'transfer',
  stream: transferStream(transferId),
  command,
  name: 'follow/claim',
});

/** All that is left of a claim: nothing of its line is to leave any more. */
const release = (
  { transferId, fromWarehouseId }: { readonly transferId: string; readonly fromWarehouseId: string },
  { lineId, sku }: { readonly lineId: string; readonly sku: string },
): Reaction => ({
  type: 'ReleaseReservation',
  warehouseId: fromWarehouseId,
  sku,
  reservationId: claimIdOf(transferId, lineId),
  reason: 'transfer_cancelled',
});

export const transferReactions: ReactionTable<TransferEvent> = {
  TransferPlanned: ({ data, occurredAt }) =>
    data.lines.map(({ lineId, sku, quantity }) => {
      const { transferId, fromWarehouseId: warehouseId, claimsUntil: expiresAt } = data;
      const claim = { transferId, lineId, reservationId: claimIdOf(transferId, lineId), quantity, expiresAt };
      return tellStock({ type: 'ReserveForTransfer', warehouseId, sku, occurredAt, ...claim }, `claim/${lineId}`);
    }),
  TransferDispatched: ({ data, occurredAt }) =>
    data.lines.map(({ lineId, sku, quantity, open }) => {
      const { transferId, fromWarehouseId: warehouseId, toWarehouseId } = data;
      const part = { transferId, lineId, reservationId: claimIdOf(transferId, lineId), quantity, toWarehouseId };
      const command = { type: 'TransferOut', warehouseId, sku, occurredAt, ...part, endsClaim: open === 0 } as const;
      return tellStock(command, `out/${lineId}`);
    }),
  TransferReceived: ({ data, occurredAt }) =>
    data.lines.map(({ lineId, sku, quantity, damaged }) => {
      const { transferId, fromWarehouseId, toWarehouseId: warehouseId } = data;
      const part = { transferId, lineId, quantity, damaged, fromWarehouseId };
      return tellStock({ type: 'TransferIn', warehouseId, sku, occurredAt, ...part }, `in/${lineId}`);
    }),
  TransferCancelled: ({ data }) => data.lines.map((line) => release(data, line)),
  TransferClaimReturned: ({ data }) => [release(data, data)],
  TransferClaimDeclined: null,
  TransferLineClaimed: null,
  TransferPiecesLost: null,
};

export const transferStockReactions: ReactionTable<StockTransferEvent> = {
  StockTransferReserved: ({ data: { transferId, lineId } }) => [
    tellTransfer(transferId, { type: 'RecordClaim', lineId }),
  ],
  StockTransferDeclined: ({ data: { transferId, lineId } }) => [
    tellTransfer(transferId, { type: 'RecordDecline', lineId }),
  ],
  StockTransferredIn: ({ data: { sku, quantity, damaged } }) =>
    quantity > damaged ? [{ type: 'AllocateWaitingOrders', sku }] : [],
  StockTransferredOut: null,
};
