/** What must be so whenever nothing is under way, by the model alone (docs/sourcing.md, docs/architecture.md). */
import type { LineQuantity } from './log.ts';
import { claimsOf, isEnded, type Order, unsourcedOf } from './order.ts';
import { availableOf, type Claim } from './stock.ts';
import { isOpen, orderOf, stockAt, type World } from './world.ts';

interface Fault {
  readonly what: string;
  readonly about: readonly string[];
}

/** Sums of reservations = what orders count on + what people hold. */
const claimFaults = (world: World): readonly Fault[] => {
  const counted = new Map<string, number>();
  const faults: Fault[] = [];
  for (const [key, order] of world.orders) {
    for (const { reservationId, quantity, warehouseId, sku } of claimsOf(order)) {
      counted.set(reservationId, quantity);
      const held = stockAt(world, warehouseId, sku)?.claims.get(reservationId)?.quantity ?? 0;
      if (held === quantity) continue;
      const what = `${key} counts on ${quantity} of ${reservationId}, the stock holds ${held}`;
      faults.push({ what, about: [key, `stock ${warehouseId} ${sku}`] });
    }
  }
  const isNobodys = ({ isByPerson, reservationId }: Claim): boolean => !isByPerson && !counted.has(reservationId);
  for (const [key, { claims }] of world.stocks) {
    for (const { reservationId, quantity, orderId = '' } of [...claims.values()].filter(isNobodys)) {
      const what = `${key} holds ${quantity} under ${reservationId} for order ${orderId}, which does not count on it`;
      faults.push({ what, about: [key, `order ${orderId}`] });
    }
  }
  return faults;
};

const promiseAt = (world: World, warehouseId: string, sku: string): number => {
  const stock = stockAt(world, warehouseId, sku);
  return stock?.status === 'active' && isOpen(world, warehouseId) ? availableOf(stock.figures) : 0;
};

/** Where the order could have something of what it waits for. */
const freeFor = (world: World, order: Order, waits: readonly LineQuantity[]): readonly string[] => {
  const skuOf = new Map(order.lines.map(({ lineId, sku }) => [lineId, sku]));
  const warehouseIds = [...world.warehouses.values()].map(({ warehouseId }) => warehouseId);
  const wanted = new Map<string, number>();
  for (const { lineId, quantity } of waits) {
    const sku = skuOf.get(lineId) ?? '';
    wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  }
  if (order.allowSplit) {
    return warehouseIds.filter((id) => [...wanted.keys()].some((sku) => promiseAt(world, id, sku) > 0));
  }
  // All of it from one place: where it has its first source, or anywhere.
  const place = order.sources[0]?.warehouseId;
  return (place === undefined ? warehouseIds : [place]).filter((id) =>
    [...wanted].every(([sku, quantity]) => promiseAt(world, id, sku) >= quantity),
  );
};

const waitingFaults = (world: World): readonly Fault[] =>
  [...world.orders].flatMap(([key, order]) => {
    if (order.phase === 'pending' && !order.held) return [{ what: `${key} was never planned`, about: [key] }];
    const waits = unsourcedOf(order);
    if (waits.length === 0 || order.held || isEnded(order)) return [];
    const free = freeFor(world, order, waits);
    const about = [key, ...free.flatMap((id) => order.lines.map(({ sku }) => `stock ${id} ${sku}`))];
    return free.length === 0
      ? []
      : [{ what: `${key} waits for ${JSON.stringify(waits)} beside free stock at ${free.join()}`, about }];
  });

/** What people hold for an order is its source once it can use it, and given back once it has ended. */
const holdFaults = (world: World): readonly Fault[] => {
  const faults: Fault[] = [];
  for (const [key, { sku, claims }] of world.stocks) {
    for (const { reservationId, orderId = '' } of [...claims.values()].filter(({ isByPerson }) => isByPerson)) {
      const order = orderOf(world, orderId);
      if (order === undefined || order.excludesHolds || !order.lines.some((line) => line.sku === sku)) continue;
      const lacking = new Set(unsourcedOf(order).map(({ lineId }) => lineId));
      const isLacking = order.lines.some((line) => line.sku === sku && lacking.has(line.lineId));
      if (!isEnded(order) && (order.held || !order.allowSplit || !isLacking)) continue;
      const state = isEnded(order) ? 'has ended' : 'waits for it';
      faults.push({
        what: `${key} holds ${reservationId} for order ${orderId}, which ${state}`,
        about: [key, `order ${orderId}`],
      });
    }
  }
  return faults;
};

const endFaults = (world: World): readonly Fault[] =>
  [...world.shipments].flatMap(([key, { end, orderId, shipmentId }]) => {
    const sent = orderOf(world, orderId)?.shipments.find((each) => each.shipmentId === shipmentId);
    const told = sent?.turnedBack === true ? 'turned_back' : sent?.delivered === true ? 'delivered' : 'none';
    return told === end
      ? []
      : [{ what: `${key} is ${end}, and ${told} to its order`, about: [key, `order ${orderId}`] }];
  });

const missingShipments = (world: World): readonly Fault[] =>
  [...world.orders].flatMap(([key, { shipments }]) =>
    shipments
      .filter(({ shipmentId }) => !world.shipments.has(`shipment ${shipmentId}`))
      .map(({ shipmentId }) => ({ what: `${key} has shipment ${shipmentId}, which is nowhere`, about: [key] })),
  );

export const faultsAtRest = (world: World): readonly Fault[] => [
  ...claimFaults(world),
  ...waitingFaults(world),
  ...holdFaults(world),
  ...endFaults(world),
  ...missingShipments(world),
];
