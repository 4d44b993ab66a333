import { describe, expect, it } from 'vitest';
import type { InboundEvent } from '../../src/domain/inbound/events.ts';
import {
  createInboundQueries,
  type InboundDocument,
  inboundShipments,
} from '../../src/projections/inboundShipments/projection.ts';
import { projectionSpec } from './projectionSpec.ts';
import { logOf, projected, timeAt } from './stockLog.ts';

const expectedAt = '2026-03-08T09:00:00.000Z';
const chairs = { lineId: '1', sku: 'CHAIR', quantity: 10 };
const key = (inboundId = 'in1', warehouseId = 'BER') => ({ inboundId, warehouseId, expectedAt });
const announced = (inboundId = 'in1', warehouseId = 'BER', lines = [chairs]): InboundEvent => ({
  type: 'InboundAnnounced',
  data: { ...key(inboundId, warehouseId), reference: 'PO-77', lines },
});
const changed: InboundEvent = {
  type: 'InboundChanged',
  data: { ...key(), expectedAt: timeAt(900), lines: [{ ...chairs, quantity: 12, expected: 12 }] },
};
const received = (accepted: number, expected: number): InboundEvent => ({
  type: 'InboundReceived',
  data: { ...key(), lines: [{ lineId: '1', sku: 'CHAIR', accepted, rejected: 0, expected }] },
});
const cancelled: InboundEvent = {
  type: 'InboundCancelled',
  data: { ...key(), reason: 'bankrupt', lines: [chairs] },
};

const open: InboundDocument = {
  phase: 'open',
  ...key(),
  reference: 'PO-77',
  lines: [{ ...chairs, accepted: 0, rejected: 0 }],
  status: 'announced',
  skus: ['CHAIR'],
  announcedAt: timeAt(0),
  updatedAt: timeAt(0),
  revision: 0,
};
const touched = { updatedAt: timeAt(1), revision: 1 };

projectionSpec<InboundDocument, InboundEvent>(inboundShipments, logOf, {
  InboundAnnounced: [{ title: 'it is there, with its lines', events: [announced()], document: open }],
  InboundChanged: [
    {
      title: 'more, and later',
      events: [announced(), changed],
      document: {
        ...open,
        ...touched,
        expectedAt: timeAt(900),
        lines: [{ ...chairs, quantity: 12, accepted: 0, rejected: 0 }],
      },
    },
  ],
  InboundReceived: [
    {
      title: 'a part has come',
      events: [announced(), received(4, 6)],
      becomes: { ...touched, status: 'partially_received', lines: [{ ...chairs, accepted: 4, rejected: 0 }] },
    },
    { title: 'all has come', events: [announced(), received(11, 0)], becomes: { status: 'received' } },
    { title: 'of what was never announced shows nothing', events: [received(1, 0)], document: null },
  ],
  InboundCancelled: [
    { title: 'nothing comes', events: [announced(), cancelled], becomes: { phase: 'cancelled', status: 'cancelled' } },
  ],
});

describe('the list of inbound shipments', () => {
  const list = async (query: Omit<Parameters<ReturnType<typeof createInboundQueries>['list']>[0], 'limit'>) => {
    const log = logOf(
      announced('in1'),
      announced('in2', 'PAR'),
      announced('in3', 'ROM', [{ lineId: '1', sku: 'LAMP', quantity: 1 }]),
      received(1, 9),
    );
    const documents = await projected(inboundShipments, log);
    const queries = createInboundQueries(
      documents,
      () => inboundShipments.name,
      () => Promise.resolve(),
    );
    return (await queries.list({ limit: 5, ...query })).items.map(({ inboundId }) => inboundId);
  };

  it('is of all, of a SKU, of a status, of some warehouses, the newest first', async () => {
    expect(await list({})).toEqual(['in3', 'in2', 'in1']);
    expect(await list({ sku: 'CHAIR' })).toEqual(['in2', 'in1']);
    expect(await list({ status: 'partially_received' })).toEqual(['in1']);
    expect(await list({ warehouseIds: ['PAR', 'ROM'] })).toEqual(['in3', 'in2']);
    expect(await list({ warehouseIds: ['PAR', 'ROM'], sku: 'CHAIR' })).toEqual(['in2']);
    expect(await list({ warehouseIds: [] })).toEqual([]);
  });
});
