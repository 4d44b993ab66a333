/** Every step from one status to another that the deciders allow, found by trying all commands on all states. */
import type { OrderCommand } from '../../src/domain/order/commands.ts';
import { orderDecider } from '../../src/domain/order/decider.ts';
import { returnedOf } from '../../src/domain/order/returns.ts';
import type { Order, PlacedOrder } from '../../src/domain/order/state.ts';
import { type ParcelStatus, parcelStatuses } from '../../src/domain/shipment/events.ts';
import { freshParcel, moveParcel, type Parcel } from '../../src/domain/shipment/parcel.ts';
import { lineViews, orderStatus } from '../../src/projections/orders/status.ts';
import { shipmentStatus } from '../../src/projections/shipments/projection.ts';
import { recordedBy } from './deciderSpec.ts';
import { sampleOrder } from './samples.ts';

/** `pending --> processing`; `[*] --> pending` is the beginning. */
export type Step = `${string} --> ${string}`;

/** Walks from `start` until no state is new. Two states of one key do not differ for what follows. */
const walk = <State>(
  start: State,
  nextOf: (state: State) => readonly State[],
  { keyOf, statusOf }: { readonly keyOf: (state: State) => string; readonly statusOf: (state: State) => string },
): ReadonlySet<Step> => {
  const steps = new Set<Step>([`[*] --> ${statusOf(start)}`]);
  const seen = new Set([keyOf(start)]);
  for (let front = [start]; front.length > 0; ) {
    const fresh: State[] = [];
    for (const state of front) {
      for (const next of nextOf(state)) {
        if (statusOf(next) !== statusOf(state)) steps.add(`${statusOf(state)} --> ${statusOf(next)}`);
        if (seen.has(keyOf(next))) continue;
        seen.add(keyOf(next));
        fresh.push(next);
      }
    }
    front = fresh;
  }
  return steps;
};

const placing = (quantity: number): OrderCommand => ({
  type: 'PlaceOrder',
  order: sampleOrder({ lines: [{ lineId: '1', sku: 'CHAIR', quantity, priceMinor: 100, currency: 'EUR' }] }),
});
const allocate = (quantity: number, reservationId: string): OrderCommand => ({
  type: 'RecordAllocation',
  allocations: quantity === 0 ? [] : [{ lineId: '1', sku: 'CHAIR', warehouseId: 'BER', quantity, reservationId }],
});
const dispatch = (quantity: number, shipmentId: string): OrderCommand => ({
  type: 'DispatchShipment',
  shipmentId,
  warehouseId: 'BER',
  lines: [{ lineId: '1', quantity }],
  parcels: [],
});
const orderCommands: readonly OrderCommand[] = [
  allocate(0, 'none'),
  allocate(1, 'r1'),
  allocate(2, 'r1'),
  { type: 'LapseAllocation', reservationId: 'r1' },
  { type: 'HoldOrder', reason: 'check' },
  { type: 'ReleaseOrder', reason: 'checked' },
  { type: 'CancelOrder', reason: 'late' },
  dispatch(2, 's1'),
  dispatch(1, 's1'),
  dispatch(1, 's2'),
  { type: 'RecordDelivery', shipmentId: 's1' },
  { type: 'RecordDelivery', shipmentId: 's2' },
  { type: 'RecordTurnBack', shipmentId: 's1' },
  { type: 'RecordTurnBack', shipmentId: 's2' },
  { type: 'RecordVoid', shipmentId: 's1' },
  { type: 'RecordVoid', shipmentId: 's2' },
  { type: 'RaiseException', code: 'LOST', detail: 'A piece is lost.' },
  { type: 'RequestReturn', returnId: 'b1', lines: [{ lineId: '1', quantity: 1 }], reason: 'unwanted' },
  { type: 'RecordReturnReceipt', returnId: 'b1', warehouseId: 'BER', lines: [{ lineId: '1', quantity: 1 }] },
];

/** Nothing new comes of more pieces than two; without an end to them no walk would end. */
const mayComeBack = (order: Order, { type }: OrderCommand): boolean =>
  type !== 'RecordReturnReceipt' || (order.phase !== 'absent' && (returnedOf(order).get('1') ?? 0) < 2);

const decided = (order: Order, command: OrderCommand): Order =>
  recordedBy(orderDecider.decide(command, order)).reduce(orderDecider.evolve, order);

const walkOrders = (quantity: number, statusOf: (order: PlacedOrder) => string): ReadonlySet<Step> =>
  walk(
    decided(orderDecider.initialState, placing(quantity)),
    (order) => orderCommands.filter((command) => mayComeBack(order, command)).map((command) => decided(order, command)),
    {
      // A code that is open twice is no other state than once.
      keyOf: (order) =>
        JSON.stringify(
          order.phase === 'absent' ? order : { ...order, openExceptions: [...new Set(order.openExceptions)] },
        ),
      statusOf: (order) => (order.phase === 'absent' ? '[*]' : statusOf(order)),
    },
  );

/** Two pieces are enough for a part and the rest. */
export const orderSteps = (): ReadonlySet<Step> => walkOrders(2, orderStatus);

/** Where the one piece of a line is counted; a piece that has arrived is counted as shipped too. */
const pieceStatus = (order: PlacedOrder): string => {
  const [line] = lineViews(order);
  if (line === undefined) throw new Error('an order without lines');
  const counted = (['cancelled', 'delivered', 'shipped'] as const).find((figure) => line[figure] === 1);
  if (counted !== undefined) return counted;
  if (line.allocated.length > 0) return 'allocated';
  return line.backordered === 1 ? 'backordered' : 'ordered';
};
export const pieceSteps = (): ReadonlySet<Step> => walkOrders(1, pieceStatus);

/** Four moments are enough for a report to be older than, as old as, or newer than two others. */
const moments = ['1', '2', '3', '4'];
const reports = parcelStatuses.flatMap((status) => moments.map((reportedAt) => ({ status, reportedAt })));

export const parcelSteps = (): ReadonlySet<Step> =>
  walk<Parcel>(freshParcel, (parcel) => reports.map((report) => moveParcel(parcel, report)), {
    keyOf: ({ reports: _, ...place }) => JSON.stringify(place),
    statusOf: ({ status }) => status,
  });

/** What is told of a shipment with two parcels of these statuses. */
export const toldOf = (...statuses: readonly ParcelStatus[]): ParcelStatus =>
  shipmentStatus(statuses.map((status) => ({ status })));
