/** Changes of a stock that wait for a second person (T13), as part of its state. */
import type { Sealed } from '../../eventsourcing/message.ts';
import type { StockMovement } from './balance.ts';
import type { ProposedChange } from './shapes.ts';

export interface Proposal {
  readonly approvalId: string;
  readonly change: ProposedChange;
  readonly note?: Sealed;
  /** Pieces that may be gone: part of what is quarantined. */
  readonly held: number;
  /** Subject. */
  readonly proposedBy: string;
  /** Approvals of changes that a count has not seen. */
  readonly unseen?: readonly string[];
}

/** Those that are open, in the order in which they were proposed. */
export type Proposals = readonly Proposal[];

export const noProposals: Proposals = [];

export const heldFor = (proposals: Proposals): number => proposals.reduce((sum, { held }) => sum + held, 0);

/** Where fewer pieces are quarantined than were, marks go before what is held, and the newest hold before older ones. */
const within = (proposals: Proposals, quarantined: number): Proposals => {
  let excess = Math.max(0, heldFor(proposals) - quarantined);
  return proposals
    .toReversed()
    .map((proposal) => {
      const lost = Math.min(excess, proposal.held);
      excess -= lost;
      return { ...proposal, held: proposal.held - lost };
    })
    .toReversed();
};

/** The proposals after one more movement. @param quarantined after it. */
export const moveProposals = (proposals: Proposals, { type, data }: StockMovement, quarantined: number): Proposals => {
  switch (type) {
    case 'StockChangeProposed': {
      const { approvalId, change, note, held, proposedBy, unseen } = data;
      const more = { ...(note === undefined ? {} : { note }), ...(unseen === undefined ? {} : { unseen }) };
      return [...proposals, { approvalId, change, held, proposedBy, ...more }];
    }
    case 'StockChangeApproved':
    case 'StockChangeRejected':
      return proposals.filter(({ approvalId }) => approvalId !== data.approvalId);
    case 'StockQuarantineReduced':
      return within(proposals, quarantined);
    default:
      return proposals;
  }
};
