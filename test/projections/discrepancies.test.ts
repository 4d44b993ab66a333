import { describe, expect, it } from 'vitest';
import type { StockMovement } from '../../src/domain/stock/balance.ts';
import type { Recorded } from '../../src/eventsourcing/projecting/projection.ts';
import { type DiscrepancyDocument, discrepancies, newestMax } from '../../src/projections/discrepancies/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { chairs, logOf, move, projected, registered, stockEvents, timeAt } from './stockLog.ts';

type Handled = Parameters<typeof discrepancies.idsOf>[0] extends Recorded<infer E> ? E : never;
const events = (...movements: readonly StockMovement[]): readonly Handled[] =>
  stockEvents(...movements) as readonly Handled[];

const lost = (missing: number) =>
  move('StockDiscrepancyRecorded', { missing, cause: 'adjustment', reason: 'lost', reference: 'shift 2' });
const counted = move('StockCounted', { counted: 0, delta: 0, reason: 'looked' });

projectionSpec(discrepancies, logOf, {
  StockDiscrepancyRecorded: [
    {
      title: 'it is listed, with all that explains it',
      events: events(registered(0), lost(2)),
      document: {
        ...chairs,
        missing: 2,
        count: 1,
        latestAt: timeAt(1),
        newest: [
          {
            missing: 2,
            cause: 'adjustment',
            reason: 'lost',
            reference: 'shift 2',
            revision: 1,
            occurredAt: expect.any(String) as string,
            recordedAt: timeAt(1),
          },
        ],
      },
    },
    {
      title: 'pieces add up, and the newest is the first',
      events: events(registered(0), lost(2), lost(3)),
      becomes: { missing: 5, count: 2, latestAt: timeAt(2), newest: [{ missing: 3 }, { missing: 2 }] as never },
    },
    {
      title: 'after a count begins anew',
      events: events(registered(0), lost(2), counted, lost(1)),
      becomes: { missing: 1, count: 1 },
    },
  ],
  StockCounted: [{ title: 'ends them', events: events(registered(0), lost(2), counted), document: null }],
  StockRegistered: [
    {
      title: 'ends those that a retired stock had',
      events: events(registered(0), lost(2), registered(5)),
      document: null,
    },
    {
      title: 'keeps them where a fact opens a retired stock, with nothing',
      events: events(registered(0), lost(2), registered(0)),
      becomes: { missing: 2, count: 1 },
    },
  ],
});

describe('a stock that nobody counts', () => {
  it('keeps the newest of them, and the sum of all', async () => {
    const many = Array.from({ length: newestMax + 5 }, () => lost(1));
    const documents = await projected(discrepancies, logOf(...events(registered(0), ...many)));
    const [found] = await documents.find<DiscrepancyDocument>(discrepancies.name, { where: {}, limit: 2 });
    expect(found?.document).toMatchObject({ missing: newestMax + 5, count: newestMax + 5 });
    expect(found?.document.newest).toHaveLength(newestMax);
  });
});
