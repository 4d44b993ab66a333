/** Transfers as they are read. */
import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../src/domain/transfer/events.ts';
import { createTransferQueries, type TransferDocument, transfers } from '../../src/projections/transfers/projection.ts';
import { later, now } from '../support/samples.ts';
import { chairsLine, transferEnds as ends, lampsLine, transferPlanned } from '../support/transfers.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import { projectionSpec } from './projectionSpec.ts';
import { projected } from './stockLog.ts';

const planned: TransferEvent = transferPlanned(chairsLine);
const chairs = (quantity: number) => ({ ...chairsLine, quantity });
const dispatched: TransferEvent = {
  type: 'TransferDispatched',
  data: { ...ends, lines: [{ ...chairs(6), open: 4 }] },
};
const received: TransferEvent = {
  type: 'TransferReceived',
  data: { ...ends, lines: [{ ...chairs(5), damaged: 2 }] },
};
const untouched = {
  ...chairsLine,
  dispatched: 0,
  received: 0,
  damaged: 0,
  declaredLost: 0,
  cancelled: 0,
  claim: 'asked' as const,
};
const becomes = (
  status: TransferDocument['status'],
  line: Partial<typeof untouched> | { claim: 'made' | 'declined' },
) => ({
  status,
  lines: [{ ...untouched, ...line }],
});

projectionSpec(transfers, ledgerLog, {
  TransferPlanned: [
    {
      title: 'is planned, from where to where',
      events: [planned],
      document: {
        phase: 'known',
        ...ends,
        claimsUntil: later,
        plannedAt: now,
        lines: [untouched],
        status: 'planned',
        warehouseIds: ['BER', 'PAR'],
        skus: ['CHAIR'],
        revision: 0,
        updatedAt: ledgerLog(planned)[0]?.recordedAt ?? '',
      },
    },
  ],
  TransferLineClaimed: [
    {
      title: 'its pieces are kept',
      events: [planned, { type: 'TransferLineClaimed', data: { ...ends, ...chairsLine } }],
      becomes: becomes('planned', { claim: 'made' }),
    },
  ],
  TransferClaimDeclined: [
    {
      title: 'its pieces are not there',
      events: [planned, { type: 'TransferClaimDeclined', data: { ...ends, ...chairsLine } }],
      becomes: becomes('planned', { claim: 'declined' }),
    },
  ],
  TransferClaimReturned: [
    {
      title: 'a claim that nobody needs says nothing of the pieces',
      events: [planned, { type: 'TransferClaimReturned', data: { ...ends, lineId: '1', sku: 'CHAIR' } }],
      becomes: becomes('planned', {}),
    },
  ],
  TransferDispatched: [
    { title: 'is on its way', events: [planned, dispatched], becomes: becomes('in_transit', { dispatched: 6 }) },
  ],
  TransferReceived: [
    {
      title: 'has come in part',
      events: [planned, dispatched, received],
      becomes: becomes('in_transit', { dispatched: 6, received: 5, damaged: 2 }),
    },
  ],
  TransferPiecesLost: [
    {
      title: 'has lost a part',
      events: [planned, dispatched, { type: 'TransferPiecesLost', data: { ...ends, reason: 'x', lines: [chairs(1)] } }],
      becomes: becomes('in_transit', { dispatched: 6, declaredLost: 1 }),
    },
  ],
  TransferCancelled: [
    {
      title: 'does not begin any more',
      events: [planned, { type: 'TransferCancelled', data: { ...ends, reason: 'x', lines: [chairs(10)] } }],
      becomes: becomes('cancelled', { cancelled: 10 }),
    },
  ],
});

describe('transfers', () => {
  const other = transferPlanned(lampsLine);
  const back: TransferEvent = {
    type: 'TransferPlanned',
    data: { ...other.data, transferId: 't2', fromWarehouseId: 'PAR', toWarehouseId: 'ROM', plannedAt: later },
  };
  const listed = async (query: { warehouseIds?: string[]; sku?: string; status?: TransferDocument['status'] }) => {
    const documents = await projected(transfers, ledgerLog<TransferEvent>(planned, back, dispatched));
    const queries = createTransferQueries(
      documents,
      () => transfers.name,
      () => Promise.resolve(),
    );
    return (await queries.list({ limit: 10, ...query })).items.map(({ transferId }) => transferId);
  };

  it('are found by either end, SKU and status, the newest first', async () => {
    expect(await listed({})).toEqual(['t2', 't1']);
    expect(await listed({ warehouseIds: ['PAR', 'ROM'] })).toEqual(['t2', 't1']);
    expect(await listed({ warehouseIds: ['BER'] })).toEqual(['t1']);
    expect(await listed({ warehouseIds: [] })).toEqual([]);
    expect(await listed({ sku: 'LAMP' })).toEqual(['t2']);
    expect(await listed({ warehouseIds: ['PAR'], status: 'in_transit' })).toEqual(['t1']);
  });
});
