/** Changes of stocks that a second person has to approve (T13): a document each, from the proposal to its end. */
import type {
  StockChangeApproved,
  StockChangeProposed,
  StockChangeRejected,
} from '../../domain/stock/proposalEvents.ts';
import type { ProposedChange } from '../../domain/stock/shapes.ts';
import { type Sealed, unreachable } from '../../eventsourcing/message.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents } from '../../eventsourcing/projecting/documents.ts';
import { newestOfAny } from '../../eventsourcing/projecting/mergedPages.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

/** `superseded`: a count that came later has settled it. */
export const approvalStatuses = ['open', 'approved', 'rejected', 'superseded'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

export interface ApprovalDocument {
  readonly approvalId: string;
  readonly warehouseId: string;
  readonly sku: string;
  readonly status: ApprovalStatus;
  readonly change: ProposedChange;
  /** As stored. */
  readonly note?: Sealed;
  /** Pieces that were held for it when it was proposed. */
  readonly held: number;
  /** Subject. */
  readonly proposedBy: string;
  /** Business time and ours, ISO 8601 UTC. */
  readonly occurredAt: string;
  readonly proposedAt: string;
  /** Subject; absent while it is open, and where a count has settled it. */
  readonly decidedBy?: string;
  readonly decidedAt?: string;
  /** Why it was rejected. */
  readonly rejectionReason?: string;
  /** Of its last event, in the stream of the stock. */
  readonly revision: number;
}

type ApprovalEvent = StockChangeProposed | StockChangeApproved | StockChangeRejected;

export const approvals: Projection<ApprovalDocument, ApprovalEvent> = {
  name: 'approvals_v1',
  handles: ['StockChangeProposed', 'StockChangeApproved', 'StockChangeRejected'],
  indexes: [
    ['proposedAt'],
    ['status', 'proposedAt'],
    ['warehouseId', 'proposedAt'],
    ['warehouseId', 'status', 'proposedAt'],
  ],
  idsOf: ({ data: { approvalId } }) => [approvalId],
  apply: (document, { type, data, revision, occurredAt, recordedAt }) => {
    if (type === 'StockChangeProposed') {
      const { after: _, ...proposal } = data;
      return { ...proposal, status: 'open', occurredAt, proposedAt: recordedAt, revision };
    }
    if (document === null) return null;
    const ended = { ...document, decidedAt: recordedAt, revision };
    switch (type) {
      case 'StockChangeApproved':
        return { ...ended, status: 'approved', decidedBy: data.approvedBy };
      case 'StockChangeRejected': {
        const { rejectedBy, reason } = data;
        if (rejectedBy === undefined) return { ...ended, status: 'superseded', rejectionReason: reason };
        return { ...ended, status: 'rejected', decidedBy: rejectedBy, rejectionReason: reason };
      }
      default:
        return unreachable(type);
    }
  },
};

interface ApprovalsQuery extends PageRequest {
  /** Of any of these; absent: of all. */
  readonly warehouseIds?: readonly string[];
  readonly status?: ApprovalStatus;
}

interface ApprovalQueries {
  get(approvalId: string): Promise<ApprovalDocument | null>;
  /** Newest first by `proposedAt`. @throws InvalidCursor */
  list(query: ApprovalsQuery): Promise<Page<ApprovalDocument>>;
}

const newestFirst = { field: 'proposedAt', direction: 'descending' } as const;

export const createApprovalQueries = (documents: Documents, collection: () => string, pace: Pace): ApprovalQueries => {
  const newest = (where: DocumentQuery['where'], page: PageRequest): Promise<Page<ApprovalDocument>> =>
    pageOf(documents, collection(), { where, orderBy: newestFirst }, page);

  return {
    get: async (approvalId) => (await documents.get<ApprovalDocument>(collection(), approvalId))?.document ?? null,
    list: ({ warehouseIds, status, ...page }) => {
      const where = status === undefined ? {} : { status: { equals: status } };
      if (warehouseIds === undefined) return newest(where, page);
      const conditions = [...new Set(warehouseIds)].map((id) => ({ ...where, warehouseId: { equals: id } }));
      const placeOf = ({ proposedAt, approvalId }: ApprovalDocument) => ({ time: proposedAt, id: approvalId });
      return newestOfAny({ conditions, newest, placeOf, pace }, page);
    },
  };
};
