/** What takes a second person (docs/approvals.md): proposed, then approved or rejected, or settled by a later count. */
import { type Decision, type EventData, type Expected, type LogEvent, record, refuse } from './log.ts';
import { fact, type Stock } from './stock.ts';

/** What the service is started with. */
export const approvalFromUnits = 6;
const openMax = 20;
const quantityMax = 2_147_483_647;

export type Change = EventData['change'];

export interface Proposal {
  readonly approvalId: string;
  readonly change: Change;
  readonly held: number;
  readonly proposedBy: string;
}

export const heldFor = ({ proposals }: Pick<Stock, 'proposals'>): number =>
  proposals.reduce((sum, { held }) => sum + held, 0);

/** What is quarantined covers what is held; where it does no more, the newest hold gives first. */
const covered = (proposals: readonly Proposal[], quarantined: number): readonly Proposal[] => {
  let room = quarantined;
  return proposals.map((proposal) => {
    const held = Math.min(room, proposal.held);
    room -= held;
    return { ...proposal, held };
  });
};

export const proposalsAfter = ({ proposals }: Stock, { type, data }: LogEvent, quarantined: number) => {
  const { approvalId, change, held, proposedBy } = data;
  if (type === 'StockChangeProposed') return [...proposals, { approvalId, change, held, proposedBy }];
  const isEnd = type === 'StockChangeApproved' || type === 'StockChangeRejected';
  const open = isEnd ? proposals.filter((each) => each.approvalId !== approvalId) : proposals;
  return type === 'StockQuarantineReduced' ? covered(open, quarantined) : open;
};

export const isLarge = (delta: number): boolean => Math.abs(delta) >= approvalFromUnits;

export const propose = (stock: Stock, change: Change, proposedBy: string): Decision => {
  if (stock.proposals.length >= openMax) return refuse('TOO_MANY_PROPOSALS');
  const { onHand, quarantined } = stock.figures;
  const held = Math.min(Math.max(0, -(change.delta ?? 0)), onHand - quarantined);
  return fact(stock, [{ type: 'StockChangeProposed', data: { change, held, proposedBy } }], 0);
};

/** A count has seen the shelf: what was proposed before is part of it, or is not so. */
export const settled = (proposals: readonly Proposal[]): readonly Expected[] =>
  proposals
    .filter(({ change }) => change.kind !== 'retirement')
    .map(({ approvalId, held }) => ({ type: 'StockChangeRejected', data: { approvalId, freed: held } }));

export const retirementRefusals = ({ figures, proposals }: Stock, own = ''): readonly string[] => {
  if (figures.onHand + figures.reserved + figures.quarantined > 0) return ['STOCK_NOT_EMPTY'];
  return proposals.some(({ approvalId }) => approvalId !== own) ? ['APPROVAL_OPEN'] : [];
};

export const reject = ({ proposals }: Stock, id: string, rejectedBy: string): Decision => {
  const open = proposals.find(({ approvalId }) => approvalId === id);
  if (open === undefined) return refuse('APPROVAL_ENDED');
  return record({ type: 'StockChangeRejected', data: { approvalId: id, freed: open.held, rejectedBy } });
};

export const approve = (stock: Stock, id: string, approvedBy: string): Decision => {
  const { proposals, figures } = stock;
  const place = proposals.findIndex(({ approvalId }) => approvalId === id);
  const open = proposals[place];
  if (open === undefined) return refuse('APPROVAL_ENDED');
  if (open.proposedBy === approvedBy) return refuse('APPROVAL_BY_PROPOSER');
  const { kind, delta = 0, reason = '' } = open.change;
  const isCounted = proposals.slice(place + 1).some(({ change }) => change.kind === 'count');
  if (kind !== 'retirement' && isCounted) return refuse('COUNTED_SINCE');
  const approved: Expected = { type: 'StockChangeApproved', data: { approvalId: id, freed: open.held, approvedBy } };
  if (kind === 'retirement') {
    const refusals = retirementRefusals(stock, id);
    return refusals.length > 0 ? refuse(...refusals) : record(approved, { type: 'StockRetired', data: {} });
  }
  const there = figures.onHand + delta;
  if (there > quantityMax) return refuse('QUANTITY_TOO_LARGE');
  const missing = Math.max(0, -there);
  const done = delta + missing;
  if (kind === 'adjustment') {
    return fact(stock, [approved, { type: 'StockAdjusted', data: { delta: done, reason } }], missing);
  }
  const counted: Expected = { type: 'StockCounted', data: { counted: there + missing, delta: done, reason } };
  return fact(stock, [approved, ...settled(proposals.slice(0, place)), counted], missing);
};
