import { describe, expect, it } from 'vitest';
import type { Reach } from '../../src/domain/access/authorize.ts';
import type { LedgerEvent } from '../../src/domain/events.ts';
import { showHistory } from '../../src/http/reads/visibleFields.ts';
import { recorded } from '../webhooks/webhooksWorld.ts';

const allocation = (warehouseId: string) => ({
  lineId: '1',
  sku: 'CHAIR',
  warehouseId,
  reservationId: `r-${warehouseId}`,
  quantity: 2,
});
const allocated: LedgerEvent = {
  type: 'OrderAllocated',
  data: { orderId: 'o1', allocations: [allocation('BER'), allocation('PAR')], backordered: [] },
};
const noNotes = { open: async () => null };

describe('an event of history', () => {
  it('names no warehouse that its reader may not see, whatever field it stands in', async () => {
    const staff: Reach = { role: 'warehouse_staff', warehouses: ['BER'], customerId: null };
    const shown = await showHistory(recorded(7, allocated), staff, noNotes);
    expect(shown.data).toEqual({ orderId: 'o1', allocations: [allocation('BER')], backordered: [] });
  });

  it('is whole for those who see all warehouses', async () => {
    const auditor: Reach = { role: 'auditor', warehouses: 'all', customerId: null };
    const shown = await showHistory(recorded(7, allocated), auditor, noNotes);
    expect(shown.data).toEqual(allocated.data);
  });
});
