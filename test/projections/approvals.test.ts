import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import type { Recorded } from '../../src/eventsourcing/projecting/projection.ts';
import { type ApprovalDocument, approvals, createApprovalQueries } from '../../src/projections/approvals/projection.ts';
import { sealed } from '../support/samples.ts';
import { projectionSpec } from './projectionSpec.ts';
import { chairs, logOf, move, projected, stockEvents, timeAt } from './stockLog.ts';

type Handled = Parameters<typeof approvals.idsOf>[0] extends Recorded<infer E> ? E : never;
const events = (...movements: readonly StockMovement[]): readonly Handled[] =>
  stockEvents(...movements) as readonly Handled[];

const change = { kind: 'adjustment', delta: -6, reason: 'lost' } as const;
const proposed = (approvalId: string, warehouseId = 'BER') =>
  move('StockChangeProposed', { warehouseId, approvalId, change, note: sealed('wet'), held: 6, proposedBy: 'anna' });
const approved = (approvalId: string) => move('StockChangeApproved', { approvalId, freed: 6, approvedBy: 'bert' });
const rejected = (approvalId: string, rejectedBy?: string) =>
  move('StockChangeRejected', {
    approvalId,
    freed: 6,
    reason: 'found again',
    ...(rejectedBy === undefined ? {} : { rejectedBy }),
  });

const open: ApprovalDocument = {
  approvalId: 'a1',
  ...chairs,
  status: 'open',
  change,
  note: sealed('wet'),
  held: 6,
  proposedBy: 'anna',
  occurredAt: timeAt(0),
  proposedAt: timeAt(0),
  revision: 0,
};
const decided = { ...open, decidedAt: timeAt(1), revision: 1 };

projectionSpec(approvals, logOf, {
  StockChangeProposed: [
    { title: 'it is open, with all that was asked for', events: events(proposed('a1')), document: open },
  ],
  StockChangeApproved: [
    {
      title: 'it is approved, and by whom',
      events: events(proposed('a1'), approved('a1')),
      document: { ...decided, status: 'approved', decidedBy: 'bert' },
    },
    {
      title: 'of what was never proposed shows nothing',
      events: events(approved('a1')),
      document: null,
    },
  ],
  StockChangeRejected: [
    {
      title: 'it is rejected, by whom and why',
      events: events(proposed('a1'), rejected('a1', 'bert')),
      document: { ...decided, status: 'rejected', decidedBy: 'bert', rejectionReason: 'found again' },
    },
    {
      title: 'by nobody: a later count has settled it',
      events: events(proposed('a1'), rejected('a1')),
      document: { ...decided, status: 'superseded', rejectionReason: 'found again' },
    },
  ],
});

describe('the list of approvals', () => {
  const list = async (query: Parameters<ReturnType<typeof createApprovalQueries>['list']>[0]) => {
    const log = logOf(
      ...events(proposed('a1'), proposed('a2', 'PAR'), proposed('a3'), proposed('a4', 'MAD'), approved('a3')),
    );
    const documents = await projected(approvals, log);
    const queries = createApprovalQueries(
      documents,
      () => approvals.name,
      async () => undefined,
    );
    const page = await queries.list(query);
    const rest = page.nextCursor === null ? null : await queries.list({ ...query, cursor: page.nextCursor });
    return [page, ...(rest === null ? [] : [rest])].map(({ items }) => items.map(({ approvalId }) => approvalId));
  };

  it('has the newest first, of all warehouses or of some, page by page', async () => {
    expect(await list({ limit: 9 })).toEqual([['a4', 'a3', 'a2', 'a1']]);
    expect(await list({ limit: 9, warehouseIds: ['BER', 'PAR'] })).toEqual([['a3', 'a2', 'a1']]);
    expect(await list({ limit: 2, warehouseIds: ['BER', 'PAR'] })).toEqual([['a3', 'a2'], ['a1']]);
    expect(await list({ limit: 9, warehouseIds: [] })).toEqual([[]]);
  });

  it('is told apart by status', async () => {
    expect(await list({ limit: 9, status: 'open' })).toEqual([['a4', 'a2', 'a1']]);
    expect(await list({ limit: 9, status: 'approved', warehouseIds: ['BER'] })).toEqual([['a3']]);
    expect(await list({ limit: 9, status: 'superseded' })).toEqual([[]]);
  });
});
