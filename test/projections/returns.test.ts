import { describe, expect, it } from 'vitest';
import type { ReceivedLine, ReturnEvent } from '../../src/domain/return/events.ts';
import { createReturnQueries, type ReturnDocument, returns } from '../../src/projections/returns/projection.ts';
import { sealed } from '../support/samples.ts';
import { projectionSpec } from './projectionSpec.ts';
import { logOf, projected, timeAt } from './stockLog.ts';

const requested = (returnId = 'b1', more: object = {}): ReturnEvent => ({
  type: 'ReturnRequested',
  data: {
    returnId,
    orderId: 'o1',
    customerId: 'c1',
    warehouseId: 'BER',
    lines: [{ lineId: '1', sku: 'CHAIR', quantity: 3 }],
    reason: 'damaged',
    note: sealed('a leg is loose'),
    ...more,
  },
});
const line = (quantity: number, disposition: ReceivedLine['disposition'], lineId = '1'): ReceivedLine => ({
  lineId,
  sku: lineId === '1' ? 'CHAIR' : 'LAMP',
  quantity,
  disposition,
});
const received = (warehouseId: string, ...lines: readonly ReceivedLine[]): ReturnEvent => ({
  type: 'ReturnReceived',
  data: { returnId: 'b1', orderId: 'o1', warehouseId, lines },
});
const cancelled = (quantity: number): ReturnEvent => ({
  type: 'ReturnCancelled',
  data: { returnId: 'b1', orderId: 'o1', warehouseId: 'BER', reason: 'kept', lines: [{ lineId: '1', quantity }] },
});

const chairs = { lineId: '1', sku: 'CHAIR', quantity: 3, received: 0, cancelled: 0 };
const nowhere = { restocked: 0, quarantined: 0, scrapped: 0 };
const open: ReturnDocument = {
  returnId: 'b1',
  orderId: 'o1',
  customerId: 'c1',
  warehouseId: 'BER',
  warehouseIds: ['BER'],
  status: 'requested',
  lines: [{ ...chairs, ...nowhere }],
  reason: 'damaged',
  note: sealed('a leg is loose'),
  requestedAt: timeAt(0),
  revision: 0,
  updatedAt: timeAt(0),
};
const touched = (revision: number) => ({ ...open, revision, updatedAt: timeAt(revision) });

projectionSpec(returns, logOf, {
  ReturnRequested: [{ title: 'all of it is waited for', events: [requested()], document: open }],
  ReturnReceived: [
    {
      title: 'a part has come, in two conditions',
      events: [requested(), received('BER', line(1, 'restock'), line(1, 'scrap'))],
      document: {
        ...touched(1),
        status: 'partially_received',
        lines: [{ ...chairs, received: 2, restocked: 1, quarantined: 0, scrapped: 1 }],
      },
    },
    {
      title: 'more has come than was announced, and something else, to another warehouse',
      events: [requested(), received('PAR', line(4, 'quarantine'), line(1, 'restock', '2'))],
      document: {
        ...touched(1),
        status: 'received',
        warehouseIds: ['BER', 'PAR'],
        lines: [
          { ...chairs, received: 4, ...nowhere, quarantined: 4 },
          { lineId: '2', sku: 'LAMP', quantity: 0, received: 1, cancelled: 0, ...nowhere, restocked: 1 },
        ],
      },
    },
    { title: 'of what was never announced shows nothing', events: [received('BER')], document: null },
  ],
  ReturnCancelled: [
    {
      title: 'nothing has come, and nothing is waited for',
      events: [requested(), cancelled(3)],
      document: {
        ...touched(1),
        status: 'cancelled',
        cancelReason: 'kept',
        lines: [{ ...chairs, cancelled: 3, ...nowhere }],
      },
    },
    {
      title: 'what had come stays',
      events: [requested(), received('BER', line(1, 'restock')), cancelled(2)],
      document: {
        ...touched(2),
        status: 'received',
        cancelReason: 'kept',
        lines: [{ ...chairs, received: 1, cancelled: 2, ...nowhere, restocked: 1 }],
      },
    },
  ],
});

describe('the list of returns', () => {
  const list = async (query: Parameters<ReturnType<typeof createReturnQueries>['list']>[0]) => {
    const log = logOf(
      requested('b1'),
      requested('b2', { warehouseId: 'PAR', orderId: 'o2' }),
      requested('b3', { customerId: 'c2' }),
      received('PAR', line(1, 'restock')),
    );
    const documents = await projected(returns, log);
    const queries = createReturnQueries(
      documents,
      () => returns.name,
      async () => undefined,
    );
    return (await queries.list(query)).items.map(({ returnId }) => returnId);
  };

  it('is the newest first, by order, customer, status, and warehouse that waits or got some', async () => {
    expect(await list({ limit: 9 })).toEqual(['b3', 'b2', 'b1']);
    expect(await list({ limit: 9, orderId: 'o2' })).toEqual(['b2']);
    expect(await list({ limit: 9, customerId: 'c2' })).toEqual(['b3']);
    expect(await list({ limit: 9, status: 'partially_received' })).toEqual(['b1']);
    expect(await list({ limit: 9, warehouseIds: ['PAR'] })).toEqual(['b2', 'b1']);
    expect(await list({ limit: 9, warehouseIds: ['BER', 'PAR'] })).toEqual(['b3', 'b2', 'b1']);
    expect(await list({ limit: 9, warehouseIds: [] })).toEqual([]);
  });
});
