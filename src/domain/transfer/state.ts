/** What is known of a transfer: for each line what was planned and what people said of it since. The rest follows. */
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import type { MovedLine, TransferEvent, TransferPlanned } from './events.ts';

/** Sums of what was told, whatever order it came in. */
export interface TransferLine extends MovedLine {
  readonly dispatched: number;
  /** `damaged` of them. */
  readonly received: number;
  readonly damaged: number;
  /** Declared lost; some of it may have come after all. */
  readonly declaredLost: number;
  readonly cancelled: number;
  /** What the stock at the source has answered. */
  readonly claim: 'asked' | 'made' | 'declined';
}

export interface KnownTransfer extends Omit<TransferPlanned['data'], 'lines'> {
  readonly phase: 'known';
  readonly lines: readonly TransferLine[];
}
export type Transfer = { readonly phase: 'absent' } | KnownTransfer;

/** The claim of a line on the stock at the source. */
export const claimIdOf = (transferId: string, lineId: string): string =>
  derivedId(`transfer-claim/${transferId}/${lineId}`);

/** Pieces that are still to leave. */
export const openOf = ({ quantity, dispatched, cancelled }: TransferLine): number =>
  Math.max(0, quantity - cancelled - dispatched);

export interface LineFigures {
  readonly open: number;
  readonly inTransit: number;
  readonly lost: number;
  /** Came, and nobody has said that they left. */
  readonly surplus: number;
}

/**
 * `dispatched + surplus = received + inTransit + lost`, always: what left is on its way, has come, or is lost. What comes after
 * it was declared lost was not lost; what comes beyond that is surplus, until its departure is told.
 */
export const figuresOf = (line: TransferLine): LineFigures => {
  const { dispatched, received, declaredLost } = line;
  const beyond = Math.max(0, received + declaredLost - dispatched);
  const found = Math.min(declaredLost, beyond);
  return {
    open: openOf(line),
    inTransit: Math.max(0, dispatched - received - declaredLost),
    lost: declaredLost - found,
    surplus: beyond - found,
  };
};

export const transferStatuses = ['planned', 'in_transit', 'completed', 'cancelled'] as const;
export type TransferStatus = (typeof transferStatuses)[number];

/** `in_transit` from the first piece that leaves until nothing is to leave and nothing is on its way. */
export const statusOf = ({ lines }: Pick<KnownTransfer, 'lines'>): TransferStatus => {
  const figures = lines.map(figuresOf);
  const hasMoved = lines.some(({ dispatched, received }) => dispatched + received > 0);
  if (figures.some(({ inTransit }) => inTransit > 0)) return 'in_transit';
  const isOpen = figures.some(({ open }) => open > 0);
  if (hasMoved) return isOpen ? 'in_transit' : 'completed';
  return isOpen ? 'planned' : 'cancelled';
};

const addTo = (
  transfer: KnownTransfer,
  field: 'dispatched' | 'declaredLost' | 'cancelled',
  moved: readonly MovedLine[],
): KnownTransfer => ({
  ...transfer,
  lines: transfer.lines.map((line) => {
    const more = moved.find(({ lineId }) => lineId === line.lineId);
    return more === undefined ? line : { ...line, [field]: line[field] + more.quantity };
  }),
});

const answered = (transfer: KnownTransfer, lineId: string, claim: TransferLine['claim']): KnownTransfer => ({
  ...transfer,
  lines: transfer.lines.map((line) => (line.lineId === lineId ? { ...line, claim } : line)),
});

const received = (
  transfer: KnownTransfer,
  moved: Extract<TransferEvent, { type: 'TransferReceived' }>['data']['lines'],
): KnownTransfer => ({
  ...transfer,
  lines: transfer.lines.map((line) => {
    const more = moved.find(({ lineId }) => lineId === line.lineId);
    if (more === undefined) return line;
    return { ...line, received: line.received + more.quantity, damaged: line.damaged + more.damaged };
  }),
});

const untouched = { dispatched: 0, received: 0, damaged: 0, declaredLost: 0, cancelled: 0, claim: 'asked' } as const;

export const evolveTransfer = (transfer: Transfer, event: TransferEvent): Transfer => {
  if (event.type === 'TransferPlanned') {
    const { lines, ...plan } = event.data;
    return { phase: 'known', ...plan, lines: lines.map((line) => ({ ...line, ...untouched })) };
  }
  if (transfer.phase === 'absent') return transfer;
  switch (event.type) {
    case 'TransferLineClaimed':
      return answered(transfer, event.data.lineId, 'made');
    case 'TransferClaimDeclined':
      return answered(transfer, event.data.lineId, 'declined');
    case 'TransferDispatched':
      return addTo(transfer, 'dispatched', event.data.lines);
    case 'TransferReceived':
      return received(transfer, event.data.lines);
    case 'TransferPiecesLost':
      return addTo(transfer, 'declaredLost', event.data.lines);
    case 'TransferCancelled':
      return addTo(transfer, 'cancelled', event.data.lines);
    case 'TransferClaimReturned':
      return transfer;
    default:
      return unreachable(event);
  }
};
