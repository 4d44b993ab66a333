/** Plain values that many tests need, named by what they are. */
import type { OrderPlaced } from '../../src/domain/order/events.ts';
import type { Balance } from '../../src/domain/stock/shapes.ts';
import type { Sealed } from '../../src/eventsourcing/message.ts';

/** Stands for text that was sealed: nothing in the domain can tell. */
export const sealed = (text: string): Sealed => text as Sealed;

export const earlier = '2026-03-01T08:00:00.000Z';
export const now = '2026-03-01T09:00:00.000Z';
export const soon = '2026-03-01T09:15:00.000Z';
export const later = '2026-03-01T10:00:00.000Z';

export const balanceOf = (figures: Partial<Balance>): Balance => ({
  onHand: 0,
  reserved: 0,
  quarantined: 0,
  incoming: 0,
  safetyStock: 0,
  ...figures,
});

/** Three chairs on line 1, two lamps on line 2. */
export const sampleOrder = (changes: Partial<OrderPlaced['data']> = {}): OrderPlaced['data'] => ({
  orderId: 'order1',
  customerId: 'customer1',
  contact: sealed('contact'),
  shipTo: sealed('address'),
  lines: [
    { lineId: '1', sku: 'CHAIR', quantity: 3, priceMinor: 4_900, currency: 'EUR' },
    { lineId: '2', sku: 'LAMP', quantity: 2, priceMinor: 1_900, currency: 'EUR' },
  ],
  sourcing: 'fewest-shipments',
  destinationCountry: 'DE',
  allowSplit: true,
  allowBackorder: true,
  placedBy: 'shop1',
  placedAt: now,
  ...changes,
});
