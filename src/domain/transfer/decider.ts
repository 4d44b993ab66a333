/**
 * A transfer decides; the stocks at both ends are told. A plan is a promise, and refused where the source has not enough. What
 * left, came or is missing is a fact, and recorded whatever was planned (T28).
 */
import { accept, type Decider, jsonStates, refuse, unreachable } from '../../eventsourcing/message.ts';
import { isQuantity, sameJson } from '../values.ts';
import type { ArrivedLine, AskedLine, TransferCommand, TransferDecision, TransferRefusal } from './commands.ts';
import { type MovedLine, type TransferEvent, type TransferPlanned, transferVersions } from './events.ts';
import { evolveTransfer, figuresOf, type KnownTransfer, openOf, type Transfer, type TransferLine } from './state.ts';

/** Why a transfer is cancelled that the source could not keep the pieces for. */
const insufficientStock = 'insufficient_stock';

const endsOf = ({ transferId, fromWarehouseId, toWarehouseId }: KnownTransfer) => ({
  transferId,
  fromWarehouseId,
  toWarehouseId,
});

const repeated = refuse<TransferRefusal>('TRANSFER_LINE_REPEATED', 'A line stands twice in the request.');
const nothingLeft = refuse<TransferRefusal>('TRANSFER_NOTHING_LEFT', 'Nothing of the transfer is left for it.');

const hasTwice = (lines: readonly { readonly lineId: string }[]): boolean =>
  new Set(lines.map(({ lineId }) => lineId)).size < lines.length;

const idTaken = refuse<TransferRefusal>('TRANSFER_ID_TAKEN', 'Another transfer has this id.');

/** Why this plan can't have its id; `null`: it can, or has it already. */
export const idRefusal = (
  planned: Pick<TransferPlanned['data'], 'fromWarehouseId' | 'toWarehouseId' | 'lines'>,
  transfer: KnownTransfer,
): typeof idTaken | null => {
  const lines = transfer.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));
  const isSame =
    transfer.fromWarehouseId === planned.fromWarehouseId &&
    transfer.toWarehouseId === planned.toWarehouseId &&
    sameJson(lines, planned.lines);
  return isSame ? null : idTaken;
};

const plan = (planned: TransferPlanned['data'], transfer: Transfer): TransferDecision => {
  if (transfer.phase === 'known') return idRefusal(planned, transfer) ?? accept();
  if (hasTwice(planned.lines)) return repeated;
  if (!planned.lines.every(({ quantity }) => isQuantity(quantity))) {
    return refuse('QUANTITY_INVALID', 'A quantity is a whole number of pieces, one at least.');
  }
  return accept({ type: 'TransferPlanned', data: planned });
};

type Matched<Asked> = readonly (readonly [line: TransferLine, asked: Asked])[];

/** The lines that were asked for, or why they can't be. */
const match = <Asked extends ArrivedLine>(
  asked: readonly Asked[],
  { lines }: KnownTransfer,
): { readonly matched: Matched<Asked> } | typeof repeated => {
  if (asked.length === 0) return nothingLeft;
  if (hasTwice(asked)) return repeated;
  const byId = new Map(lines.map((line) => [line.lineId, line]));
  const matched: [TransferLine, Asked][] = [];
  for (const each of asked) {
    const line = byId.get(each.lineId);
    if (line === undefined) {
      return refuse<TransferRefusal>('TRANSFER_LINE_NOT_FOUND', 'The transfer has no such line.', {
        lineId: each.lineId,
      });
    }
    const { quantity, damaged = 0 } = each;
    if (!isQuantity(quantity) || !Number.isSafeInteger(damaged) || damaged < 0 || damaged > quantity) {
      return refuse<TransferRefusal>(
        'QUANTITY_INVALID',
        'A quantity is a whole number of pieces, and no more of them are damaged.',
      );
    }
    matched.push([line, each]);
  }
  return { matched };
};

/** All that a figure counts, as if it had been asked for. */
const allOf = ({ lines }: KnownTransfer, figure: (line: TransferLine) => number): readonly AskedLine[] =>
  lines.map((line) => ({ lineId: line.lineId, quantity: figure(line) })).filter(({ quantity }) => quantity > 0);

const inTransitOf = (line: TransferLine): number => figuresOf(line).inTransit;

const movedOf = ({ lineId, sku }: TransferLine, { quantity }: AskedLine): MovedLine => ({ lineId, sku, quantity });

/** More than was planned, or after it was cancelled: the lorry has left all the same. */
const dispatch = (
  { lines: asked }: { readonly lines?: readonly AskedLine[] },
  transfer: KnownTransfer,
): TransferDecision => {
  const found = match(asked ?? allOf(transfer, openOf), transfer);
  if ('refused' in found) return found;
  const lines = found.matched.map(([line, each]) => ({
    ...movedOf(line, each),
    open: Math.max(0, openOf(line) - each.quantity),
  }));
  return accept({ type: 'TransferDispatched', data: { ...endsOf(transfer), lines } });
};

const receive = (
  { lines: asked }: { readonly lines?: readonly ArrivedLine[] },
  transfer: KnownTransfer,
): TransferDecision => {
  const all: readonly ArrivedLine[] = asked ?? allOf(transfer, inTransitOf);
  const found = match(all, transfer);
  if ('refused' in found) return found;
  const lines = found.matched.map(([line, each]) => ({ ...movedOf(line, each), damaged: each.damaged ?? 0 }));
  return accept({ type: 'TransferReceived', data: { ...endsOf(transfer), lines } });
};

const lose = (
  { lines: asked, reason }: Extract<TransferCommand, { type: 'RecordLoss' }>,
  transfer: KnownTransfer,
): TransferDecision => {
  const found = match(asked ?? allOf(transfer, inTransitOf), transfer);
  if ('refused' in found) return found;
  const beyond = found.matched.find(([line, { quantity }]) => quantity > inTransitOf(line));
  if (beyond !== undefined) {
    const [line, { lineId, quantity }] = beyond;
    const inTransit = inTransitOf(line);
    const detail = `${quantity} of line ${lineId} can not be lost: ${inTransit} are on their way.`;
    return refuse('LOSS_EXCEEDS_TRANSIT', detail, { lineId, inTransit });
  }
  const lines = found.matched.map(([line, each]) => movedOf(line, each));
  return accept({ type: 'TransferPiecesLost', data: { ...endsOf(transfer), reason, lines } });
};

const cancelled = (transfer: KnownTransfer, reason: string): readonly TransferEvent[] => {
  const lines = transfer.lines
    .map((line) => movedOf(line, { lineId: line.lineId, quantity: openOf(line) }))
    .filter(({ quantity }) => quantity > 0);
  return lines.length === 0 ? [] : [{ type: 'TransferCancelled', data: { ...endsOf(transfer), reason, lines } }];
};

/** What left is not called back: it arrives, or is lost. Again, it changes nothing. */
const cancel = ({ reason }: { readonly reason: string }, transfer: KnownTransfer): TransferDecision => {
  const events = cancelled(transfer, reason);
  if (events.length > 0) return accept(...events);
  return transfer.lines.some((line) => line.cancelled > 0) ? accept() : nothingLeft;
};

/** An answer is recorded once. A claim that nobody needs any more is given back, however late it comes. */
const recordAnswer = (
  { type, lineId }: Extract<TransferCommand, { type: 'RecordClaim' | 'RecordDecline' }>,
  transfer: KnownTransfer,
): TransferDecision => {
  const line = transfer.lines.find((each) => each.lineId === lineId);
  if (line === undefined || line.claim !== 'asked') return accept();
  const { sku, quantity } = line;
  const data = { ...endsOf(transfer), lineId, sku };
  if (type === 'RecordDecline') {
    const declined: TransferEvent = { type: 'TransferClaimDeclined', data: { ...data, quantity } };
    return accept(declined, ...cancelled(transfer, insufficientStock));
  }
  const claimed: TransferEvent = { type: 'TransferLineClaimed', data: { ...data, quantity } };
  return openOf(line) > 0 ? accept(claimed) : accept<TransferEvent>(claimed, { type: 'TransferClaimReturned', data });
};

const decide = (command: TransferCommand, transfer: Transfer): TransferDecision => {
  if (command.type === 'PlanTransfer') return plan(command.transfer, transfer);
  if (transfer.phase === 'absent') return refuse('TRANSFER_NOT_FOUND', 'No such transfer.');
  switch (command.type) {
    case 'DispatchTransfer':
      return dispatch(command, transfer);
    case 'ReceiveTransfer':
      return receive(command, transfer);
    case 'RecordLoss':
      return lose(command, transfer);
    case 'CancelTransfer':
      return cancel(command, transfer);
    case 'RecordClaim':
    case 'RecordDecline':
      return recordAnswer(command, transfer);
    default:
      return unreachable(command);
  }
};

export const transferDecider: Decider<Transfer, TransferCommand, TransferEvent, TransferRefusal> = {
  category: 'transfer',
  initialState: { phase: 'absent' },
  decide,
  evolve: evolveTransfer,
  weigh: (transfer) => (transfer.phase === 'absent' ? 100 : 400 + 400 * transfer.lines.length),
  codec: jsonStates(1),
  schemaVersions: transferVersions,
};
