import { describe, expect, it } from 'vitest';
import type { InboundEvent } from '../../src/domain/inbound/events.ts';
import type { OrderCommand } from '../../src/domain/order/commands.ts';
import type { OrderEvent } from '../../src/domain/order/events.ts';
import { reactionTypes, reactTo } from '../../src/domain/policies/reactions.ts';
import type { Disposition, ReturnEvent } from '../../src/domain/return/events.ts';
import type {
  ShipmentCorrected,
  ShipmentDelivered,
  ShipmentTurnedBack,
  ShipmentVoided,
  VoidedShipmentReported,
} from '../../src/domain/shipment/events.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import type { TransferEvent } from '../../src/domain/transfer/events.ts';
import { claimIdOf } from '../../src/domain/transfer/state.ts';
import type { WarehouseSourcingSet } from '../../src/domain/warehouse/events.ts';
import { balanceOf, later, now, sampleOrder, soon } from '../support/samples.ts';
import { chairsLine, lampsLine, transferEnds, transferPlanned } from '../support/transfers.ts';

const orderId = 'order1';
const key = { warehouseId: 'BER', sku: 'CHAIR', after: balanceOf({ onHand: 1 }) };
const end = { ...key, reservationId: 'r1', quantity: 2 };
const ofOrder = { orderId, lineId: '1' };
const allocation = { lineId: '1', sku: 'CHAIR', warehouseId: 'BER', reservationId: 'r1', quantity: 2 };
const shipment = {
  orderId,
  shipmentId: 's1',
  warehouseId: 'BER',
  carrier: 'parcelco',
  trackingNumber: 'T1',
  lines: [
    { lineId: '1', sku: 'CHAIR', reservationId: 'r1', quantity: 2 },
    { lineId: '1', sku: 'CHAIR', reservationId: 'r2', quantity: 1 },
  ],
  parcels: [],
};
/** Of the order, when it happened. */
const tell = (name: string, command: OrderCommand) => ({
  type: 'Tell',
  to: 'order',
  stream: 'order-order1',
  command,
  name: `follow/${name}`,
});
const promise = (because: string) => ({ type: 'PromiseOrder', orderId, because });
const allocate = [{ type: 'AllocateOrder', orderId }];
const waiting = [{ type: 'AllocateWaitingOrders', sku: 'CHAIR' }];
const ofOrderAt = { orderId, warehouseId: 'BER', sku: 'CHAIR', reservationId: 'r1' };
const lapse = { type: 'LapseAllocation', ...ofOrderAt };
const releases = (reason: string) => [{ type: 'ReleaseReservation', ...released, reason }];
const released = { warehouseId: 'BER', sku: 'CHAIR', reservationId: 'r1', quantity: 2 };
const ships = { type: 'ShipReserved', orderId, lineId: '1', warehouseId: 'BER', sku: 'CHAIR', shipmentId: 's1' };

const back = { returnId: 'b1', orderId, warehouseId: 'BER' };
const asked = {
  ...back,
  customerId: 'customer1',
  lines: [{ lineId: '1', sku: 'CHAIR', quantity: 3 }],
  reason: 'unwanted',
} as const;
const returnsTo = (index: number, quantity: number, disposition: Disposition) => ({
  type: 'Tell',
  to: 'stock',
  stream: 'stock-BER.CHAIR',
  command: { type: 'ReturnStock', ...back, sku: 'CHAIR', occurredAt: now, lineId: '1', quantity, disposition },
  name: `follow/return/${index}`,
});
const stockReturned = (disposition: Disposition): StockEvent => ({
  type: 'StockReturned',
  data: { ...key, quantity: 2, disposition, returnId: 'b1', ...ofOrder },
});
const stock = (type: 'StockAdjusted', delta: number): StockEvent => ({
  type,
  data: { ...key, delta, reason: 'correction' },
});
const counted = (delta: number): StockEvent => ({
  type: 'StockCounted',
  data: { ...key, counted: 1, delta, reason: 'cycle count' },
});
const registered = (onHand: number): StockEvent => ({
  type: 'StockRegistered',
  data: { ...key, onHand, safetyStock: 0, registeredAt: now },
});
/** Of a stock, when the transfer says that it happened. */
const tellStock = (stream: string, name: string, command: object) => ({
  type: 'Tell',
  to: 'stock',
  stream,
  command: { ...command, occurredAt: now },
  name: `follow/${name}`,
});
const ofLine = { transferId: 't1', lineId: '1', reservationId: claimIdOf('t1', '1') };
const chairsAt = (warehouseId: string) => ({ warehouseId, sku: 'CHAIR' });
const freesClaim = {
  type: 'ReleaseReservation',
  ...chairsAt('BER'),
  reservationId: ofLine.reservationId,
  reason: 'transfer_cancelled',
};
const tellTransfer = (command: object) => ({
  type: 'Tell',
  to: 'transfer',
  stream: 'transfer-t1',
  command,
  name: 'follow/claim',
});
const backordered = [{ lineId: '1', quantity: 1 }];

type OwnEvent =
  | OrderEvent
  | StockEvent
  | ShipmentCorrected
  | ShipmentDelivered
  | ShipmentTurnedBack
  | ShipmentVoided
  | VoidedShipmentReported
  | TransferEvent
  | WarehouseSourcingSet
  | InboundEvent
  | ReturnEvent;
type Case = readonly [sentence: string, event: OwnEvent, asks: readonly object[]];
const inbound = { inboundId: 'in1', warehouseId: 'BER', expectedAt: soon };
const inboundLine = { lineId: '1', sku: 'CHAIR' };
const arrival = { inboundId: 'in1', lineId: '1', inboundRevision: 3, expected: 0, expectedAt: soon };
const news = (expected: number) => ({
  warehouseId: 'BER',
  sku: 'CHAIR',
  occurredAt: now,
  inboundId: 'in1',
  lineId: '1',
  inboundRevision: 3,
  expected,
  expectedAt: soon,
});
const tellArrival = (command: object, lineId = '1') => ({
  type: 'Tell',
  to: 'stock',
  stream: 'stock-BER.CHAIR',
  command,
  name: `stock/${lineId}`,
});
const cases: readonly Case[] = [
  ['a placed order is allocated', { type: 'OrderPlaced', data: sampleOrder() }, allocate],
  [
    'an order that got a part is looked at again: stock may have come while the plan was made',
    { type: 'OrderAllocated', data: { orderId, allocations: [allocation], backordered } },
    [...allocate, promise('order_waits')],
  ],
  [
    'an order that got all needs nothing',
    { type: 'OrderAllocated', data: { orderId, allocations: [allocation], backordered: [] } },
    [],
  ],
  [
    'an order that got nothing is looked at again',
    { type: 'OrderBackordered', data: { orderId, backordered } },
    [...allocate, promise('order_waits')],
  ],
  [
    'an order that lost a reservation is allocated again',
    { type: 'OrderAllocationLapsed', data: { orderId, reservationId: 'r1' } },
    [{ ...allocate[0], afterLoss: true }, promise('order_changed')],
  ],
  [
    'a cancelled order lets its reservations go, and what people hold for it',
    { type: 'OrderCancelled', data: { orderId, reason: 'x', released: [allocation] } },
    [...releases('order_cancelled'), { type: 'AllocateOrder', orderId }, promise('order_changed')],
  ],
  [
    'an order whose rest was cancelled lets the reservations of the rest go, and what people hold for it',
    {
      type: 'OrderRemainderCancelled',
      data: { orderId, reason: 'x', cancelled: [{ lineId: '1', quantity: 2 }], released: [allocation] },
    },
    [...releases('order_cancelled'), { type: 'AllocateOrder', orderId }, promise('order_changed')],
  ],
  [
    'an order whose lines were changed lets go what it needs no more, and is looked at',
    {
      type: 'OrderLinesChanged',
      data: { orderId, lines: [{ lineId: '1', quantity: 1 }], released: [allocation], reason: 'x' },
    },
    [
      ...releases('order_changed'),
      { type: 'AllocateOrder', orderId },
      { type: 'PromiseOrder', orderId, because: 'order_changed' },
    ],
  ],
  [
    'an order lets go what it needs no more',
    { type: 'OrderSourcesReleased', data: { orderId, reason: 'shipped_from_elsewhere', released: [allocation] } },
    releases('not_needed'),
  ],
  [
    'an order that lost a part of a reservation is allocated again',
    { type: 'OrderAllocationReduced', data: { orderId, reservationId: 'r1', quantity: 1 } },
    [{ ...allocate[0], afterLoss: true }, promise('order_changed')],
  ],
  [
    'an order that was released from a hold is allocated, as nothing was reserved meanwhile',
    { type: 'OrderReleased', data: { orderId, reason: 'x' } },
    [...allocate, promise('order_changed')],
  ],
  [
    'an order on hold is promised nothing: those behind it move up',
    { type: 'OrderHeld', data: { orderId, reason: 'x' } },
    [promise('order_changed')],
  ],
  [
    'an order hears what a fact took from its reservation, and nobody is offered what is gone',
    { type: 'StockReservationLapsed', data: { ...end, ...ofOrder, cause: 'count' } },
    [lapse],
  ],
  [
    'what a fact took from the claim of no order concerns no order',
    { type: 'StockReservationLapsed', data: { ...end, cause: 'count' } },
    [],
  ],
  [
    'a dispatch begins the shipment and takes the goods off each reservation',
    { type: 'OrderShipmentDispatched', data: shipment },
    [
      {
        type: 'Tell',
        to: 'shipment',
        stream: 'shipment-s1',
        command: { type: 'RecordDispatch', shipment },
        name: 'follow/dispatch',
      },
      { ...ships, reservationId: 'r1', quantity: 2 },
      { ...ships, reservationId: 'r2', quantity: 1 },
    ],
  ],
  [
    'a label that was put right is told to its order',
    {
      type: 'ShipmentCorrected',
      data: { shipmentId: 's1', orderId, warehouseId: 'BER', trackingNumber: 'T2', parcels: [] },
    },
    [
      tell('correction', {
        type: 'RecordCorrection',
        shipmentId: 's1',
        shipmentRevision: 3,
        label: { trackingNumber: 'T2', parcels: [] },
      }),
    ],
  ],
  [
    'a voided shipment is told to its order',
    { type: 'ShipmentVoided', data: { shipmentId: 's1', orderId, warehouseId: 'BER', reason: 'label not used' } },
    [tell('void', { type: 'RecordVoid', shipmentId: 's1' })],
  ],
  [
    'what never left is booked back, after which its order is planned',
    {
      type: 'OrderShipmentVoided',
      data: { orderId, shipmentId: 's1', warehouseId: 'BER', lines: shipment.lines },
    },
    [
      { type: 'BookBack', voided: { orderId, shipmentId: 's1', warehouseId: 'BER', lines: shipment.lines } },
      { ...allocate[0], afterLoss: true },
      promise('order_changed'),
    ],
  ],
  [
    'goods that never left are offered to whoever waits',
    { type: 'StockDispatchVoided', data: { ...end, ...ofOrder, shipmentId: 's1' } },
    waiting,
  ],
  [
    'a report on a voided shipment is an exception of its order',
    {
      type: 'VoidedShipmentReported',
      data: {
        shipmentId: 's1',
        orderId,
        warehouseId: 'BER',
        parcelId: 'p1',
        status: 'in_transit',
        reportedAt: now,
      },
    },
    [
      tell('exception', {
        type: 'RaiseException',
        code: 'VOIDED_SHIPMENT_REPORTED',
        detail: 'Shipment s1 was voided, and a courier says that parcel p1 is in_transit.',
      }),
    ],
  ],
  [
    'a delivered shipment is told to its order',
    { type: 'ShipmentDelivered', data: { shipmentId: 's1', orderId, warehouseId: 'BER', deliveredAt: now } },
    [tell('delivery', { type: 'RecordDelivery', shipmentId: 's1' })],
  ],
  [
    'a shipment that turned back is told to its order',
    { type: 'ShipmentTurnedBack', data: { shipmentId: 's1', orderId, warehouseId: 'BER', parcelId: 'p1' } },
    [tell('turn-back', { type: 'RecordTurnBack', shipmentId: 's1' })],
  ],
  [
    'an order hears that its reservation expired, and others may have the goods',
    { type: 'StockReservationExpired', data: { ...end, ...ofOrder } },
    [lapse, ...waiting],
  ],
  [
    'a reservation that its order does not count is let go',
    { type: 'StockReserved', data: { ...end, ...ofOrder, expiresAt: now } },
    [{ type: 'ReleaseUncounted', ...ofOrderAt }],
  ],
  [
    'pieces that passed to a reservation its order does not count are let go, and its order no longer counts the old one',
    { type: 'StockReservationTakenOver', data: { ...end, ...ofOrder, expiresAt: now, fromReservationId: 'hold' } },
    [
      { type: 'ReleaseUncounted', ...ofOrderAt },
      { ...lapse, reservationId: 'hold' },
    ],
  ],
  ['a reservation of no order is left alone', { type: 'StockReserved', data: { ...end, expiresAt: now } }, []],
  ['a claim of no order just sets its goods free', { type: 'StockReservationExpired', data: end }, waiting],
  [
    'an order hears that somebody released its reservation',
    { type: 'StockReservationReleased', data: { ...end, ...ofOrder, reason: 'by hand' } },
    [lapse, ...waiting],
  ],
  ['goods that came are for those who wait', { type: 'StockReceived', data: { ...key, quantity: 1 } }, waiting],
  ['goods that were found are for those who wait', stock('StockAdjusted', 1), waiting],
  ['goods that were lost are for nobody', stock('StockAdjusted', -1), []],
  ['a count that found more is for those who wait', counted(2), waiting],
  ['a count that was right changes nothing', counted(0), []],
  ['opening stock is for those who wait', registered(1), waiting],
  ['an empty opening is for nobody', registered(0), []],
  [
    'goods out of quarantine are for those who wait',
    { type: 'StockQuarantineReleased', data: { ...key, quantity: 1 } },
    waiting,
  ],
  [
    'what was held for a rejected change is for those who wait',
    { type: 'StockChangeRejected', data: { ...key, approvalId: 'a1', freed: 2, rejectedBy: 'bert', reason: 'x' } },
    waiting,
  ],
  [
    'a rejected change that held nothing sets nothing free',
    { type: 'StockChangeRejected', data: { ...key, approvalId: 'a1', freed: 0, rejectedBy: 'bert', reason: 'x' } },
    [],
  ],
  [
    'what an approved change held beyond what is gone is for those who wait',
    { type: 'StockChangeApproved', data: { ...key, approvalId: 'a1', freed: 2, approvedBy: 'bert' } },
    waiting,
  ],
  [
    'a warehouse that is opened may serve whoever waits',
    { type: 'WarehouseSourcingSet', data: { warehouseId: 'BER', sourcing: 'open' } },
    [{ type: 'AllocateAllWaitingOrders' }],
  ],
  [
    'a warehouse that is closed keeps what is reserved there',
    { type: 'WarehouseSourcingSet', data: { warehouseId: 'BER', sourcing: 'closed' } },
    [],
  ],
  [
    'a planned transfer asks the source to keep the pieces of each line',
    transferPlanned(chairsLine, lampsLine),
    [
      tellStock('stock-BER.CHAIR', 'claim/1', {
        type: 'ReserveForTransfer',
        ...chairsAt('BER'),
        ...ofLine,
        quantity: 10,
        expiresAt: later,
      }),
      tellStock('stock-BER.LAMP', 'claim/2', {
        type: 'ReserveForTransfer',
        warehouseId: 'BER',
        sku: 'LAMP',
        transferId: 't1',
        lineId: '2',
        reservationId: claimIdOf('t1', '2'),
        quantity: 4,
        expiresAt: later,
      }),
    ],
  ],
  [
    'a return that the order has taken is opened',
    { type: 'OrderReturnRequested', data: asked },
    [
      {
        type: 'Tell',
        to: 'return',
        stream: 'return-b1',
        command: { type: 'RecordRequest', request: asked },
        name: 'follow/return',
      },
    ],
  ],
  [
    'goods that came back are told to their stocks by what becomes of them, and to the order in all',
    {
      type: 'ReturnReceived',
      data: {
        ...back,
        lines: [
          { lineId: '1', sku: 'CHAIR', quantity: 2, disposition: 'restock' },
          { lineId: '1', sku: 'CHAIR', quantity: 1, disposition: 'scrap' },
        ],
      },
    },
    [
      returnsTo(0, 2, 'restock'),
      returnsTo(1, 1, 'scrap'),
      tell('receipt', {
        type: 'RecordReturnReceipt',
        returnId: 'b1',
        warehouseId: 'BER',
        lines: [{ lineId: '1', quantity: 3 }],
      }),
    ],
  ],
  [
    'the source answers that it keeps them',
    {
      type: 'StockTransferReserved',
      data: { ...key, transferId: 't1', lineId: '1', reservationId: 'r1', quantity: 2, expiresAt: now },
    },
    [tellTransfer({ type: 'RecordClaim', lineId: '1' })],
  ],
  [
    'or that it has not got them',
    { type: 'StockTransferDeclined', data: { ...key, transferId: 't1', lineId: '1', quantity: 2, available: 1 } },
    [tellTransfer({ type: 'RecordDecline', lineId: '1' })],
  ],
  [
    'what left for another warehouse is booked out, and its claim ends with the last pieces',
    {
      type: 'TransferDispatched',
      data: { ...transferEnds, lines: [{ ...chairsLine, quantity: 3, open: 0 }] },
    },
    [
      tellStock('stock-BER.CHAIR', 'out/1', {
        type: 'TransferOut',
        ...chairsAt('BER'),
        ...ofLine,
        quantity: 3,
        toWarehouseId: 'PAR',
        endsClaim: true,
      }),
    ],
  ],
  [
    'what came from another warehouse is booked in',
    { type: 'TransferReceived', data: { ...transferEnds, lines: [{ ...chairsLine, damaged: 1 }] } },
    [
      tellStock('stock-PAR.CHAIR', 'in/1', {
        type: 'TransferIn',
        ...chairsAt('PAR'),
        transferId: 't1',
        lineId: '1',
        quantity: 10,
        damaged: 1,
        fromWarehouseId: 'BER',
      }),
    ],
  ],
  [
    'and is for those who wait',
    {
      type: 'StockTransferredIn',
      data: { ...key, transferId: 't1', lineId: '1', quantity: 2, damaged: 1, fromWarehouseId: 'PAR' },
    },
    waiting,
  ],
  [
    'but for what is damaged',
    {
      type: 'StockTransferredIn',
      data: { ...key, transferId: 't1', lineId: '1', quantity: 2, damaged: 2, fromWarehouseId: 'PAR' },
    },
    [],
  ],
  [
    'a cancelled transfer frees what was kept for it',
    { type: 'TransferCancelled', data: { ...transferEnds, reason: 'x', lines: [chairsLine] } },
    [freesClaim],
  ],
  [
    'a claim that came too late is freed',
    { type: 'TransferClaimReturned', data: { ...transferEnds, lineId: '1', sku: 'CHAIR' } },
    [freesClaim],
  ],
  [
    'an order hears what is not waited for any more',
    { type: 'ReturnCancelled', data: { ...back, reason: 'kept', lines: [{ lineId: '1', quantity: 1 }] } },
    [
      tell('cancellation', {
        type: 'RecordReturnCancellation',
        returnId: 'b1',
        warehouseId: 'BER',
        lines: [{ lineId: '1', quantity: 1 }],
      }),
    ],
  ],
  ['goods that are sold again are for those who wait', stockReturned('restock'), waiting],
  ['goods that are looked at first are for nobody', stockReturned('quarantine'), []],
  ['goods that are thrown away are for nobody', stockReturned('scrap'), []],
  ['a changed safety stock may set goods free', { type: 'StockPolicySet', data: { ...key, safetyStock: 0 } }, waiting],
  [
    'goods that arrived are for those who wait',
    { type: 'StockArrived', data: { ...key, ...arrival, incomingDelta: -2, quantity: 2 } },
    [...waiting, { type: 'PromiseFills', sku: 'CHAIR', because: 'inbound_changed' }],
  ],
  [
    'goods on their way are promised to those who wait',
    { type: 'StockExpected', data: { ...key, ...arrival, incomingDelta: 2 } },
    [{ type: 'PromiseFills', sku: 'CHAIR', because: 'inbound_changed' }],
  ],
  [
    'what is announced is expected by each stock',
    { type: 'InboundAnnounced', data: { ...inbound, reference: 'PO-1', lines: [{ ...inboundLine, quantity: 5 }] } },
    [tellArrival({ type: 'ExpectArrival', ...news(5) })],
  ],
  [
    'what changes is told as a whole, not by what it differs',
    { type: 'InboundChanged', data: { ...inbound, lines: [{ ...inboundLine, quantity: 8, expected: 6 }] } },
    [tellArrival({ type: 'ExpectArrival', ...news(6) })],
  ],
  [
    'what came is told with what is still to come; what was turned away is only not expected any more',
    {
      type: 'InboundReceived',
      data: {
        ...inbound,
        lines: [
          { ...inboundLine, accepted: 2, rejected: 0, expected: 3 },
          { ...inboundLine, lineId: '2', accepted: 0, rejected: 1, expected: 4 },
        ],
      },
    },
    [
      tellArrival({ type: 'RecordArrival', ...news(3), quantity: 2 }),
      tellArrival({ type: 'ExpectArrival', ...news(4), lineId: '2' }, '2'),
    ],
  ],
  [
    'of what is cancelled nothing is expected',
    { type: 'InboundCancelled', data: { ...inbound, reason: 'bankrupt', lines: [{ ...inboundLine, quantity: 3 }] } },
    [tellArrival({ type: 'ExpectArrival', ...news(0) })],
  ],
];

describe('reactions', () => {
  it.each(cases)('%s', (_sentence, event, asks) => {
    expect(reactTo({ ...event, revision: 3, occurredAt: now })).toEqual(asks);
  });
  it.each(cases)('have a name of their own each, as command ids follow from it: %s', (_sentence, event) => {
    const names = reactTo({ ...event, revision: 3, occurredAt: now }).flatMap((reaction) =>
      reaction.type === 'Tell' ? [reaction.name] : [],
    );
    expect(names).toEqual([...new Set(names)]);
  });
  it('are tested for every type that is followed', () => {
    expect([...new Set(cases.map(([, { type }]) => type))].sort()).toEqual([...reactionTypes].sort());
  });
});
