/**
 * Changes that a second person must approve before they are done (T13, ADR 28): counts and adjustments from so many pieces
 * on, and every retirement. What may be gone is held like quarantined goods from the proposal on, so that nobody is sold it;
 * what may have been found is sold to nobody before it is approved.
 */
import { accept, refuse, unreachable } from '../../eventsourcing/message.ts';
import type { StockMovement } from './balance.ts';
import type { StockCommandOf, StockDecision, StockTarget } from './commands.ts';
import { adjust, recordCount, recordFact } from './facts.ts';
import type { Proposal, Proposals } from './proposals.ts';
import { keyOf, record, recordAll } from './reservations.ts';
import type { ProposedChange } from './shapes.ts';
import { type KnownStock, moveStock } from './state.ts';

/** Open at one stock. Each is held in memory with the stock; people who decide have long lost sight of more. */
export const proposalsMax = 20;

/** What ends a proposal that a later count has made moot. */
const countedSince = 'counted_since';

type ProposableCommand = StockCommandOf<'AdjustStock' | 'SetStock' | 'RetireStock'>;

const isOver = ({ approval }: ProposableCommand, delta: number): boolean =>
  approval !== undefined && Math.abs(delta) >= approval.fromUnits;

/** Changes that were proposed while it was counted. Another count is none of them: both saw the same shelf. */
const unseenBy = ({ began }: StockCommandOf<'SetStock'>, proposals: Proposals): readonly string[] =>
  proposals
    .filter(({ approvalId, change }) => change.kind !== 'count' && began?.proposed.includes(approvalId) === true)
    .map(({ approvalId }) => approvalId);

const propose = (
  command: ProposableCommand,
  change: ProposedChange,
  terms: NonNullable<ProposableCommand['approval']>,
  stock: KnownStock,
): StockDecision => {
  const { approvalId, by: proposedBy } = terms;
  if (stock.proposals.some((open) => open.approvalId === approvalId)) return accept();
  if (stock.proposals.length >= proposalsMax) {
    return refuse('TOO_MANY_PROPOSALS', `${proposalsMax} changes of this stock wait for approval.`);
  }
  const { onHand, quarantined } = stock.balance;
  const loss = change.kind === 'retirement' ? 0 : Math.max(0, -change.delta);
  const held = Math.min(loss, onHand - quarantined);
  const note = command.type === 'RetireStock' || command.note === undefined ? {} : { note: command.note };
  const unseen = command.type === 'SetStock' ? unseenBy(command, stock.proposals) : [];
  const data = {
    ...keyOf(command),
    approvalId,
    change,
    ...note,
    held,
    proposedBy,
    ...(unseen.length === 0 ? {} : { unseen }),
  };
  return recordFact(stock, {
    target: command,
    cause: change.kind === 'count' ? 'count' : 'adjustment',
    movements: [{ type: 'StockChangeProposed', data }],
    missing: 0,
    about: {},
  });
};

/** In one append: proposals end, what is held for them is free, and then `decide` goes on from there. */
const afterEnds = (
  stock: KnownStock,
  ends: readonly StockMovement[],
  decide: (stock: KnownStock) => StockDecision,
): StockDecision => {
  const ended = recordAll(stock, ends);
  if ('refused' in ended) return ended;
  const decided = decide(ends.reduce(moveStock, stock));
  return 'refused' in decided ? decided : accept(...ended.accepted, ...decided.accepted);
};

/** A count has seen the shelf: what was proposed before it and is about the shelf is part of what it found, or is not so. */
const settledByCount = (target: StockTarget, proposals: Proposals): readonly StockMovement[] =>
  proposals
    .filter(({ change }) => change.kind !== 'retirement')
    .map(({ approvalId, held }) => ({
      type: 'StockChangeRejected',
      data: { ...keyOf(target), approvalId, freed: held, reason: countedSince },
    }));

export const adjustOrPropose = (command: StockCommandOf<'AdjustStock'>, stock: KnownStock): StockDecision => {
  const { approval, delta, reason, reference } = command;
  const adjusted = adjust(command, stock);
  // What could not be done is not proposed either.
  if ('refused' in adjusted || approval === undefined || !isOver(command, delta)) return adjusted;
  const about = reference === undefined ? {} : { reference };
  return propose(command, { kind: 'adjustment', delta, reason, ...about }, approval, stock);
};

export const countOrPropose = (command: StockCommandOf<'SetStock'>, stock: KnownStock): StockDecision => {
  const { approval, counted, reason, note, began } = command;
  const { onHand } = stock.balance;
  // What has moved since counting began moves what was counted (B9).
  const there = began === undefined ? counted : counted + onHand - began.onHand - began.corrected;
  const delta = there - onHand;
  if (approval === undefined || !isOver(command, delta)) {
    const unseen = unseenBy(command, stock.proposals);
    const seen = stock.proposals.filter(({ approvalId }) => !unseen.includes(approvalId));
    const shelf = began === undefined ? {} : { shelf: { counted, revision: began.revision } };
    const count = { target: command, there, reason, ...(note === undefined ? {} : { note }), ...shelf };
    return afterEnds(stock, settledByCount(command, seen), (settled) => recordCount(count, settled));
  }
  return propose(command, { kind: 'count', counted, delta, reason }, approval, stock);
};

const retireEmpty = (target: StockTarget, stock: KnownStock): StockDecision => {
  const { onHand, reserved, quarantined, incoming } = stock.balance;
  if (onHand + reserved + quarantined + incoming > 0) {
    return refuse('STOCK_NOT_EMPTY', 'Stock or reservations remain.', { onHand, reserved, quarantined, incoming });
  }
  const [open] = stock.proposals;
  if (open !== undefined) {
    const { approvalId } = open;
    return refuse('APPROVAL_OPEN', 'A change of this stock waits for approval: decide it first.', { approvalId });
  }
  return record(stock, { type: 'StockRetired', data: keyOf(target) });
};

export const retireOrPropose = (command: StockCommandOf<'RetireStock'>, stock: KnownStock): StockDecision => {
  const { approval } = command;
  const retired = retireEmpty(command, stock);
  if ('refused' in retired || approval === undefined) return retired;
  return propose(command, { kind: 'retirement' }, approval, stock);
};

/**
 * A count was about the shelf at its time. What has moved since moves what it comes to, so it is its difference that is
 * carried out; what has left since beyond what was counted is missing.
 */
const carryOut = (target: StockTarget, { change, note }: Proposal, stock: KnownStock): StockDecision => {
  const said = note === undefined ? {} : { note };
  switch (change.kind) {
    case 'adjustment': {
      const { kind: _, ...adjustment } = change;
      return adjust(
        { type: 'AdjustStock', ...keyOf(target), occurredAt: target.occurredAt, ...adjustment, ...said },
        stock,
      );
    }
    case 'count': {
      const there = stock.balance.onHand + change.delta;
      return recordCount({ target, there, reason: change.reason, ...said }, stock);
    }
    case 'retirement':
      return retireEmpty(target, stock);
    default:
      return unreachable(change);
  }
};

const approve = (command: StockCommandOf<'ApproveChange'>, proposal: Proposal, stock: KnownStock): StockDecision => {
  const { approvalId, approvedBy } = command;
  const { change, held } = proposal;
  if (proposal.proposedBy === approvedBy) {
    return refuse('APPROVAL_BY_PROPOSER', 'Who proposed it can not approve it: it takes a second person.');
  }
  const at = stock.proposals.indexOf(proposal);
  const later = stock.proposals.slice(at + 1);
  if (change.kind !== 'retirement' && later.some((other) => other.change.kind === 'count')) {
    return refuse('COUNTED_SINCE', 'A later count waits for approval, and may have found the same: decide it first.');
  }
  const approved: StockMovement = {
    type: 'StockChangeApproved',
    data: { ...keyOf(command), approvalId, freed: held, approvedBy },
  };
  const { unseen = [] } = proposal;
  const seen = stock.proposals.slice(0, at).filter((earlier) => !unseen.includes(earlier.approvalId));
  const settled = change.kind === 'count' ? settledByCount(command, seen) : [];
  return afterEnds(stock, [approved, ...settled], (then) => carryOut(command, proposal, then));
};

type DecisionOnProposal = StockCommandOf<'ApproveChange' | 'RejectChange'>;

/** A proposal ends once. Who proposed it may reject it: that takes it back. */
export const decideProposal = (command: DecisionOnProposal, stock: KnownStock): StockDecision => {
  const { approvalId } = command;
  const proposal = stock.proposals.find((each) => each.approvalId === approvalId);
  if (proposal === undefined) return refuse('APPROVAL_ENDED', 'It has been approved or rejected.', { approvalId });
  if (command.type === 'ApproveChange') return approve(command, proposal, stock);
  const { rejectedBy, reason } = command;
  const data = { ...keyOf(command), approvalId, freed: proposal.held, rejectedBy, reason };
  return record(stock, { type: 'StockChangeRejected', data });
};
