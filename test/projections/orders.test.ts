/** Orders as they are read (R3.2, R12.1). */
import { describe, expect, it } from 'vitest';
import type { ParcelDeclared } from '../../src/domain/order/shapes.ts';
import type { ShownOrderEvent } from '../../src/projections/orders/kept.ts';
import { anySku, type OrderDocument, orders } from '../../src/projections/orders/projection.ts';
import type { OrderStatus } from '../../src/projections/orders/status.ts';
import { sampleOrder, sealed } from '../support/samples.ts';
import { ledgerLog } from '../webhooks/ledgerLog.ts';
import {
  allocated,
  backordered,
  cameBack,
  cancelled,
  chairs,
  delivered,
  dispatched,
  held,
  lamps,
  lapsed,
  orderId,
  placed,
  released,
  resolved,
  restCancelled,
  returnAsked,
  returnCalledOff,
  troubled,
  turnedBack,
} from './orderSamples.ts';
import { projectionSpec } from './projectionSpec.ts';
import { timeAt } from './stockLog.ts';

const { contact: _contact, shipTo: _shipTo, lines, placedBy, ...told } = sampleOrder();
const untouched = { allocated: [], backordered: 0, shipped: 0, cancelled: 0, delivered: 0, returned: 0 };

const linesThen = (chairLine: object, lampLine: object): { lines: OrderDocument['lines'] } => ({
  lines: lines.map((line) => ({ ...line, ...untouched, ...(line.sku === 'CHAIR' ? chairLine : lampLine) })),
});
const inBerlin = { allocated: [{ warehouseId: 'BER', quantity: 3 }] };
const inParis = { allocated: [{ warehouseId: 'PAR', quantity: 2 }] };

const withParcels = (event: ShownOrderEvent, ...numbers: readonly (string | undefined)[]): ShownOrderEvent =>
  event.type === 'OrderShipmentDispatched'
    ? { ...event, data: { ...event.data, parcels: numbers.map(parcelOf) } }
    : event;
const parcelOf = (trackingNumber: string | undefined, index: number): ParcelDeclared => ({
  parcelId: `p${index}`,
  boxes: [],
  ...(trackingNumber === undefined ? {} : { trackingNumber }),
});

const expectedFill = {
  quantity: 2,
  warehouseId: 'BER',
  inboundId: 'in1',
  inboundLineId: '7',
  expectedAt: '2026-03-08T09:00:00.000Z',
};
const fillPromised: ShownOrderEvent = {
  type: 'OrderFillPromised',
  data: { orderId, sku: 'CHAIR', fills: [{ lineId: '1', sku: 'CHAIR', ...expectedFill }], because: 'order_waits' },
};

projectionSpec(orders, ledgerLog, {
  OrderPlaced: [
    {
      title: 'an order is there, and nobody knows yet whether a line has to wait',
      events: [placed],
      becomes: {
        ...told,
        ...linesThen({}, {}),
        contact: sealed('contact'),
        shipTo: sealed('address'),
        placedBy,
        orderNumber: null,
        trackingNumbers: [],
        preferredWarehouseId: null,
        status: 'pending',
        held: false,
        exceptions: [],
        openExceptions: [],
        allocations: [],
        shipments: [],
        warehouseIds: [],
        waitingSkus: [],
        revision: 0,
        updatedAt: timeAt(0),
      },
    },
  ],
  OrderNumbered: [
    {
      title: "it has the shop's number",
      events: [placed, { type: 'OrderNumbered', data: { orderId, orderNumber: 'W-1' } }],
      becomes: { orderNumber: 'W-1', status: 'pending', revision: 1 },
    },
  ],
  OrderPartsReserved: [
    {
      title: 'it keeps what it gets while it waits',
      events: [placed, { type: 'OrderPartsReserved', data: { orderId } }],
      becomes: { reservePartial: true, status: 'pending', revision: 1 },
    },
  ],
  OrderHoldsExcluded: [
    {
      title: 'what was reserved under its id is not its own',
      events: [placed, { type: 'OrderHoldsExcluded', data: { orderId } }],
      becomes: { excludesHolds: true, status: 'pending', revision: 1 },
    },
  ],
  OrderAddressCorrected: [
    {
      title: 'it goes to the address that was given last',
      events: [
        placed,
        { type: 'OrderAddressCorrected', data: { orderId, shipTo: sealed('new'), destinationCountry: 'FR' } },
      ],
      becomes: { shipTo: sealed('new'), destinationCountry: 'FR', revision: 1, updatedAt: timeAt(1) },
    },
  ],
  OrderLinesChanged: [
    {
      title: 'what is not wanted does not come, what was added waits, and what is not needed is let go',
      events: [
        placed,
        allocated(chairs, lamps),
        {
          type: 'OrderLinesChanged',
          data: {
            orderId,
            lines: [
              { lineId: '1', quantity: 1 },
              { lineId: '2', quantity: 4 },
            ],
            released: [{ ...chairs, quantity: 2 }],
            reason: 'asked',
          },
        },
      ],
      becomes: {
        status: 'processing',
        ...linesThen(
          { allocated: [{ warehouseId: 'BER', quantity: 1 }], quantity: 1 },
          { ...inParis, quantity: 4, backordered: 2 },
        ),
        waitingSkus: [anySku, 'LAMP'],
        revision: 2,
        updatedAt: timeAt(2),
      },
    },
  ],
  OrderAllocated: [
    {
      title: 'its lines have sources',
      events: [placed, allocated(chairs, lamps)],
      becomes: {
        status: 'processing',
        ...linesThen(inBerlin, inParis),
        warehouseIds: ['BER', 'PAR'],
        waitingSkus: [],
        revision: 1,
        updatedAt: timeAt(1),
      },
    },
    {
      title: 'two reservations at one warehouse are one figure, and the rest of the order waits',
      events: [
        placed,
        allocated({ ...chairs, quantity: 1 }),
        allocated({ ...chairs, reservationId: 'r9', quantity: 2 }),
      ],
      becomes: { ...linesThen(inBerlin, { backordered: 2 }), warehouseIds: ['BER'], waitingSkus: [anySku, 'LAMP'] },
    },
  ],
  OrderBackordered: [
    {
      title: 'all of it waits',
      events: [placed, backordered],
      becomes: {
        status: 'processing',
        ...linesThen({ backordered: 3 }, { backordered: 2 }),
        waitingSkus: [anySku, 'CHAIR', 'LAMP'],
      },
    },
  ],
  OrderAllocationLapsed: [
    {
      title: 'a line waits again, and its warehouse still had a part in it',
      events: [placed, allocated(chairs, lamps), lapsed('r1')],
      becomes: {
        ...linesThen({ backordered: 3 }, inParis),
        waitingSkus: [anySku, 'CHAIR'],
        warehouseIds: ['BER', 'PAR'],
      },
    },
    {
      title: 'what had left of it stays',
      events: [placed, allocated(chairs, lamps), dispatched('s1', chairs, 1), lapsed('r1')],
      becomes: {
        ...linesThen({ allocated: [{ warehouseId: 'BER', quantity: 1 }], shipped: 1, backordered: 2 }, inParis),
        waitingSkus: [anySku, 'CHAIR'],
      },
    },
  ],
  OrderAllocationReduced: [
    {
      title: 'so many of its line wait again, the rest stands',
      events: [
        placed,
        allocated(chairs, lamps),
        { type: 'OrderAllocationReduced', data: { orderId: 'order1', reservationId: 'r1', quantity: 2 } },
      ],
      becomes: {
        ...linesThen({ allocated: [{ warehouseId: 'BER', quantity: 1 }], backordered: 2 }, inParis),
        waitingSkus: [anySku, 'CHAIR'],
      },
    },
  ],
  OrderSourcesReleased: [
    {
      title: 'what left elsewhere is its source now',
      events: [
        placed,
        allocated(chairs, lamps),
        dispatched('s1', { ...lamps, warehouseId: 'ROM', reservationId: 's1.2' }),
        {
          type: 'OrderSourcesReleased',
          data: { orderId: 'order1', reason: 'shipped_from_elsewhere', released: [lamps] },
        },
      ],
      becomes: {
        status: 'partially_shipped',
        ...linesThen(inBerlin, { allocated: [{ warehouseId: 'ROM', quantity: 2 }], shipped: 2 }),
        waitingSkus: [],
        warehouseIds: ['BER', 'PAR', 'ROM'],
      },
    },
  ],
  OrderHeld: [
    { title: 'a flag beside its status', events: [placed, held], becomes: { status: 'pending', held: true } },
  ],
  OrderReleased: [{ title: 'the flag is gone', events: [placed, held, released], becomes: { held: false } }],
  OrderCancelled: [
    {
      title: 'nothing is reserved or waited for any more',
      events: [placed, allocated(chairs), cancelled(chairs)],
      becomes: {
        status: 'cancelled',
        cancelReason: 'changed mind',
        ...linesThen({ cancelled: 3 }, { cancelled: 2 }),
        waitingSkus: [],
        warehouseIds: ['BER'],
      },
    },
    {
      title: 'by its first plan, it was still the business of the warehouse that had reserved for it',
      events: [placed, cancelled(lamps)],
      becomes: { status: 'cancelled', warehouseIds: ['PAR'], waitingSkus: [] },
    },
  ],
  OrderRemainderCancelled: [
    {
      title: 'what has left goes on, and nothing is reserved or waited for any more',
      events: [placed, allocated(chairs, lamps), dispatched('s1', chairs), restCancelled(lamps)],
      becomes: {
        status: 'shipped',
        cancelReason: 'changed mind',
        ...linesThen({ ...inBerlin, shipped: 3 }, { cancelled: 2 }),
        waitingSkus: [],
        warehouseIds: ['BER', 'PAR'],
      },
    },
  ],
  OrderShipmentDispatched: [
    {
      title: 'a part of it has left',
      events: [placed, allocated(chairs, lamps), dispatched('s1', chairs, 2)],
      becomes: {
        status: 'partially_shipped',
        ...linesThen({ ...inBerlin, shipped: 2 }, inParis),
        shipments: [
          {
            shipmentId: 's1',
            warehouseId: 'BER',
            carrier: 'parcelco',
            trackingNumber: 'Ts1',
            delivered: false,
            turnedBack: false,
            parcelNumbers: [],
            labelRevision: 0,
            lines: [{ lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 2 }],
          },
        ],
        trackingNumbers: ['Ts1'],
      },
    },
    {
      title: 'it is found by the tracking numbers of its shipments and their parcels, each once',
      events: [
        placed,
        allocated(chairs, lamps),
        dispatched('s1', chairs),
        withParcels(dispatched('s2', lamps), 'Ts1', 'P-7', undefined),
      ],
      becomes: { trackingNumbers: ['Ts1', 'Ts2', 'P-7'] },
    },
  ],
  OrderShipmentCorrected: [
    {
      title: 'it is found by the numbers as they stand, and no longer by those before',
      events: [
        placed,
        allocated(chairs, lamps),
        withParcels(dispatched('s1', chairs), 'P-1', undefined),
        dispatched('s2', lamps),
        {
          type: 'OrderShipmentCorrected',
          data: {
            orderId,
            shipmentId: 's1',
            warehouseId: 'BER',
            shipmentRevision: 1,
            carrier: 'otherco',
            trackingNumber: 'T9',
            parcels: [{ parcelId: 'p1', trackingNumber: 'P-2' }],
          },
        },
      ],
      becomes: { status: 'shipped', trackingNumbers: ['T9', 'P-2', 'Ts2'], revision: 4 },
    },
  ],
  OrderShipmentVoided: [
    {
      title: 'what never left lacks a source again, and its shipment is told so',
      events: [
        placed,
        allocated(chairs, lamps),
        dispatched('s1', chairs),
        dispatched('s2', lamps),
        {
          type: 'OrderShipmentVoided',
          data: {
            orderId,
            shipmentId: 's1',
            warehouseId: 'BER',
            lines: [{ lineId: '1', sku: 'CHAIR', reservationId: chairs.reservationId, quantity: 3 }],
          },
        },
      ],
      becomes: {
        status: 'partially_shipped',
        waitingSkus: ['*', 'CHAIR'],
        trackingNumbers: ['Ts1', 'Ts2'],
        ...linesThen({ allocated: [], backordered: 3 }, { ...inParis, shipped: 2 }),
        shipments: [
          expect.objectContaining({ shipmentId: 's1', voided: true }),
          expect.objectContaining({ shipmentId: 's2' }),
        ],
      },
    },
  ],
  OrderShipmentDelivered: [
    {
      title: 'a shipment has arrived, and keeps its courier',
      events: [placed, allocated(chairs, lamps), dispatched('s1', chairs), dispatched('s2', lamps), delivered('s2')],
      becomes: {
        status: 'partially_delivered',
        ...linesThen({ ...inBerlin, shipped: 3 }, { ...inParis, shipped: 2, delivered: 2 }),
        shipments: [
          expect.objectContaining({ shipmentId: 's1', delivered: false, trackingNumber: 'Ts1' }),
          expect.objectContaining({ shipmentId: 's2', delivered: true, trackingNumber: 'Ts2' }),
        ],
      },
    },
  ],
  OrderShipmentTurnedBack: [
    {
      title: 'a shipment that seemed delivered is not',
      events: [placed, allocated(chairs), dispatched('s1', chairs), delivered('s1'), turnedBack('s1')],
      becomes: {
        status: 'partially_shipped',
        ...linesThen({ ...inBerlin, shipped: 3, delivered: 0 }, { backordered: 2 }),
        shipments: [expect.objectContaining({ shipmentId: 's1', delivered: false, turnedBack: true })],
      },
    },
  ],
  OrderExceptionRaised: [
    {
      title: 'an order that is cancelled stays so, and keeps its reason',
      events: [placed, cancelled(), troubled],
      becomes: { status: 'cancelled', cancelReason: 'changed mind', revision: 2 },
    },
    {
      title: 'each is kept, with when it was recorded',
      events: [placed, troubled, troubled],
      becomes: {
        status: 'exception',
        exceptions: [
          { code: 'X', detail: 'look', at: timeAt(1), resolvedAt: null },
          { code: 'X', detail: 'look', at: timeAt(2), resolvedAt: null },
        ],
      },
    },
  ],
  OrderExceptionResolved: [
    {
      title: 'it goes on from where it stood, and one that comes later is open',
      events: [placed, allocated(chairs, lamps), troubled, resolved],
      becomes: {
        status: 'processing',
        openExceptions: [],
        exceptions: [{ code: 'X', detail: 'look', at: timeAt(2), resolvedAt: timeAt(3) }],
      },
    },
  ],
  OrderReturnRequested: [
    {
      title: 'what is only announced has not come back',
      events: [placed, allocated(chairs), dispatched('s1', chairs), returnAsked(2)],
      becomes: {
        status: 'partially_shipped',
        ...linesThen({ ...inBerlin, shipped: 3 }, { backordered: 2 }),
        returns: [{ returnId: 'b1', lines: [{ lineId: '1', expected: 2, received: 0 }] }],
      },
    },
  ],
  OrderReturnReceived: [
    {
      title: 'what came back is counted at its line',
      events: [placed, allocated(chairs), dispatched('s1', chairs), returnAsked(2), cameBack('1', 1)],
      becomes: {
        status: 'partially_shipped',
        ...linesThen({ ...inBerlin, shipped: 3, returned: 1 }, { backordered: 2 }),
        returns: [{ returnId: 'b1', lines: [{ lineId: '1', expected: 1, received: 1 }] }],
      },
    },
  ],
  OrderReturnCancelled: [
    {
      title: 'what was called off is not waited for',
      events: [placed, allocated(chairs), dispatched('s1', chairs), returnAsked(2), returnCalledOff(2)],
      becomes: {
        ...linesThen({ ...inBerlin, shipped: 3 }, { backordered: 2 }),
        returns: [{ returnId: 'b1', lines: [{ lineId: '1', expected: 0, received: 0 }] }],
      },
    },
  ],
  OrderFillPromised: [
    {
      title: 'a line that waits names what will fill it',
      events: [placed, backordered, fillPromised],
      becomes: linesThen({ backordered: 3, expected: [expectedFill] }, { backordered: 2 }),
    },
    {
      title: 'a line that does not wait names nothing',
      events: [placed, allocated(chairs, lamps), fillPromised],
      becomes: linesThen(inBerlin, inParis),
    },
  ],
});

describe('the status of an order (R12.1)', () => {
  const both = allocated(chairs, lamps);
  const allSent = [placed, both, dispatched('s1', chairs), dispatched('s2', lamps)];
  const cases: readonly (readonly [OrderStatus, string, readonly ShownOrderEvent[]])[] = [
    ['pending', 'nobody has planned it', [placed]],
    ['pending', 'it is held before it was planned', [placed, held]],
    ['processing', 'it has sources', [placed, both]],
    ['processing', 'all of it waits', [placed, backordered]],
    ['processing', 'its sources lapsed', [placed, both, lapsed('r1'), lapsed('r2')]],
    ['partially_shipped', 'some pieces of one line have left', [placed, both, dispatched('s1', chairs, 1)]],
    ['partially_shipped', 'one line has left and another waits', [placed, allocated(chairs), dispatched('s1', chairs)]],
    ['shipped', 'all has left', allSent],
    ['partially_delivered', 'one of two shipments has arrived', [...allSent, delivered('s1')]],
    [
      'partially_delivered',
      'all that was shipped has arrived, and the rest waits',
      [placed, allocated(chairs), dispatched('s1', chairs), delivered('s1')],
    ],
    ['delivered', 'all has arrived', [...allSent, delivered('s1'), delivered('s2')]],
    ['exception', 'something went wrong on the way', [...allSent, delivered('s1'), troubled]],
    [
      'exception',
      'all seemed to have arrived, and a part of it was turned back',
      [...allSent, delivered('s1'), delivered('s2'), turnedBack('s1'), troubled],
    ],
    ['exception', 'something went wrong before it left', [placed, troubled, both]],
    [
      'delivered',
      'all has arrived in spite of what went wrong',
      [...allSent, troubled, delivered('s1'), delivered('s2')],
    ],
    ['processing', 'what went wrong was looked at', [placed, both, troubled, resolved]],
    [
      'delivered',
      'all that left has arrived and the rest was cancelled',
      [placed, both, dispatched('s1', chairs), restCancelled(lamps), delivered('s1')],
    ],
    [
      'shipped',
      'a part is on its way and the rest was cancelled',
      [placed, both, dispatched('s1', chairs), restCancelled(lamps)],
    ],
    [
      'returned',
      'all has come back',
      [...allSent, delivered('s1'), delivered('s2'), returnAsked(3), cameBack('1', 3), cameBack('2', 2)],
    ],
    [
      'delivered',
      'a part has come back',
      [...allSent, delivered('s1'), delivered('s2'), returnAsked(3), cameBack('1', 3)],
    ],
    [
      'delivered',
      'as much has come back as was ordered, but of one line alone',
      [...allSent, delivered('s1'), delivered('s2'), returnAsked(3), cameBack('1', 5)],
    ],
    [
      'returned',
      'all that had left before the rest was cancelled has come back',
      [placed, both, dispatched('s1', chairs), restCancelled(lamps), returnAsked(3), cameBack('1', 3)],
    ],
    [
      'returned',
      'it came back before it was seen to arrive',
      [...allSent, returnAsked(3), cameBack('1', 3), cameBack('2', 2)],
    ],
    ['cancelled', 'it was cancelled after something went wrong', [placed, both, troubled, cancelled(chairs, lamps)]],
  ];

  it.each(cases)('is %s when %s', (status, _when, events) => {
    const document = ledgerLog(...events).reduce<OrderDocument | null>(
      (before, event) => orders.apply(before, event, event.data.orderId),
      null,
    );
    expect(document?.status).toBe(status);
  });
});
