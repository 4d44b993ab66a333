/** An inbound shipment: what was announced of each line, what has come, and what is still to come. */
import { unreachable } from '../../eventsourcing/message.ts';
import type { InboundEvent, ReceivedLine } from './events.ts';

export interface InboundLine {
  readonly lineId: string;
  readonly sku: string;
  /** Announced; 0 for goods that came unannounced. */
  readonly quantity: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface KnownInbound {
  /** `cancelled`: nothing more is expected, whatever is missing. */
  readonly phase: 'open' | 'cancelled';
  readonly inboundId: string;
  readonly warehouseId: string;
  readonly reference: string;
  readonly supplier?: string;
  readonly expectedAt: string;
  readonly lines: readonly InboundLine[];
}
export type Inbound = { readonly phase: 'absent' } | KnownInbound;

/** `closed`: a part came, and the rest was cancelled. */
export const inboundStatuses = ['announced', 'partially_received', 'received', 'closed', 'cancelled'] as const;
export type InboundStatus = (typeof inboundStatuses)[number];

type Counted = Pick<InboundLine, 'quantity' | 'accepted' | 'rejected'>;

/** What is still to come of a line. What was turned away is not sent again unless somebody announces it. */
export const expectedOf = ({ phase }: Pick<KnownInbound, 'phase'>, line: Counted): number =>
  phase === 'cancelled' ? 0 : Math.max(0, line.quantity - line.accepted - line.rejected);

export const inboundStatusOf = (inbound: Pick<KnownInbound, 'phase' | 'lines'>): InboundStatus => {
  const hasCome = inbound.lines.some(({ accepted, rejected }) => accepted + rejected > 0);
  if (inbound.phase === 'cancelled') return hasCome ? 'closed' : 'cancelled';
  if (inbound.lines.every((line) => expectedOf(inbound, line) === 0)) return 'received';
  return hasCome ? 'partially_received' : 'announced';
};

const nothingCame = { accepted: 0, rejected: 0 } as const;

/** The lines with these put in the place of those of the same id; new ones at the end. */
const withLines = (lines: readonly InboundLine[], changed: readonly InboundLine[]): readonly InboundLine[] => {
  const byId = new Map([...lines, ...changed].map((line) => [line.lineId, line]));
  return [...byId.values()];
};

const received = (lines: readonly InboundLine[], receipt: readonly ReceivedLine[]): readonly InboundLine[] => {
  const known = new Map(lines.map((line) => [line.lineId, line]));
  return withLines(
    lines,
    receipt.map(({ lineId, sku, accepted, rejected }) => {
      const before = known.get(lineId) ?? { quantity: 0, ...nothingCame };
      const { quantity } = before;
      return {
        lineId,
        sku,
        quantity,
        accepted: before.accepted + accepted,
        rejected: before.rejected + rejected,
      };
    }),
  );
};

/** Total: history is already true and is never judged again. */
export const evolveInbound = (inbound: Inbound, event: InboundEvent): Inbound => {
  if (event.type === 'InboundAnnounced') {
    const { lines, ...head } = event.data;
    return { phase: 'open', ...head, lines: lines.map((line) => ({ ...line, ...nothingCame })) };
  }
  if (inbound.phase === 'absent') return inbound;
  switch (event.type) {
    case 'InboundChanged': {
      const known = new Map(inbound.lines.map((line) => [line.lineId, line]));
      const changed = event.data.lines.map(({ lineId, sku, quantity }) => {
        const { accepted, rejected } = known.get(lineId) ?? nothingCame;
        return { lineId, sku, quantity, accepted, rejected };
      });
      return { ...inbound, expectedAt: event.data.expectedAt, lines: withLines(inbound.lines, changed) };
    }
    case 'InboundReceived':
      return { ...inbound, lines: received(inbound.lines, event.data.lines) };
    case 'InboundCancelled':
      return { ...inbound, phase: 'cancelled' };
    default:
      return unreachable(event);
  }
};
