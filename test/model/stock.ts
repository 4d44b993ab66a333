/**
 * A stock as docs/openapi.json and docs/architecture.md, "Facts and promises" describe it: figures, claims, and what a
 * fact takes from them (T28).
 */
import {
  approve,
  heldFor,
  isLarge,
  type Proposal,
  proposalsAfter,
  propose,
  reject,
  retirementRefusals,
  settled,
} from './approvals.ts';
import { type Decision, type EventData, type Expected, type Figures, type LogEvent, record, refuse } from './log.ts';

export interface Claim {
  readonly reservationId: string;
  readonly quantity: number;
  readonly orderId?: string | undefined;
  readonly lineId?: string | undefined;
  readonly expiresAt: string;
  /** Made by hand, and not by the service for an order. */
  readonly isByPerson: boolean;
  /** The higher, the newer; one that goes on from another is as old as that. */
  readonly age: number;
  /** Shipments that took from it. */
  readonly shipments: readonly string[];
}

export interface Stock {
  readonly warehouseId: string;
  readonly sku: string;
  readonly status: 'active' | 'retired';
  readonly figures: Figures;
  readonly registeredAt: string;
  readonly claims: ReadonlyMap<string, Claim>;
  /** The oldest first. */
  readonly proposals: readonly Proposal[];
  readonly revision: number;
  readonly updatedAt: string;
}

const nothing: Figures = { onHand: 0, reserved: 0, quarantined: 0, safetyStock: 0 };
const quantityMax = 2_147_483_647;

export const availableOf = ({ onHand, reserved, quarantined, safetyStock }: Figures): number =>
  Math.max(0, onHand - reserved - quarantined - safetyStock);

const moves: { readonly [type: string]: (figures: Figures, data: EventData) => Figures } = {
  StockRegistered: (_, { onHand, safetyStock }) => ({ ...nothing, onHand, safetyStock }),
  StockReceived: (f, { quantity }) => ({ ...f, onHand: f.onHand + quantity }),
  StockAdjusted: (f, { delta }) => ({ ...f, onHand: f.onHand + delta }),
  StockCounted: (f, { delta }) => ({ ...f, onHand: f.onHand + delta }),
  StockReserved: (f, { quantity }) => ({ ...f, reserved: f.reserved + quantity }),
  StockReservationReleased: (f, { quantity }) => ({ ...f, reserved: f.reserved - quantity }),
  StockReservationExpired: (f, { quantity }) => ({ ...f, reserved: f.reserved - quantity }),
  StockReservationLapsed: (f, { quantity }) => ({ ...f, reserved: f.reserved - quantity }),
  StockShipped: (f, { quantity }) => ({ ...f, onHand: f.onHand - quantity, reserved: f.reserved - quantity }),
  StockDeparted: (f, { quantity }) => ({ ...f, onHand: f.onHand - quantity }),
  StockQuarantined: (f, { quantity }) => ({ ...f, quarantined: f.quarantined + quantity }),
  StockQuarantineReleased: (f, { quantity }) => ({ ...f, quarantined: f.quarantined - quantity }),
  StockQuarantineReduced: (f, { quantity }) => ({ ...f, quarantined: f.quarantined - quantity }),
  StockChangeProposed: (f, { held }) => ({ ...f, quarantined: f.quarantined + held }),
  StockChangeApproved: (f, { freed }) => ({ ...f, quarantined: f.quarantined - freed }),
  StockChangeRejected: (f, { freed }) => ({ ...f, quarantined: f.quarantined - freed }),
  StockPolicySet: (f, { safetyStock }) => ({ ...f, safetyStock }),
  StockRetired: (f) => f,
  StockDiscrepancyRecorded: (f) => f,
  StockReservationTakenOver: (f) => f,
};

type Move = Pick<LogEvent, 'type' | 'data'>;

/** @throws RangeError for an event that the model does not know: it must be taught what it means. */
export const moveFigures = (figures: Figures, { type, data }: Move): Figures => {
  const move = moves[type];
  if (move === undefined) throw new RangeError(`The model does not know ${type}.`);
  return move(figures, data);
};

const ends = ['StockReservationReleased', 'StockReservationExpired', 'StockReservationLapsed', 'StockShipped'];

/** Without pieces a claim is gone. */
const lessen = (claims: Map<string, Claim>, reservationId: string, quantity: number, shipment?: string): void => {
  const claim = claims.get(reservationId);
  if (claim === undefined) return;
  const left = { ...claim, quantity: claim.quantity - quantity };
  if (left.quantity <= 0) claims.delete(reservationId);
  else
    claims.set(reservationId, shipment === undefined ? left : { ...left, shipments: [...claim.shipments, shipment] });
};

const claimsAfter = ({ claims }: Stock, { type, data, actor, revision }: LogEvent): ReadonlyMap<string, Claim> => {
  const { reservationId, fromReservationId, quantity, orderId, lineId, expiresAt, shipmentId } = data;
  const after = new Map(claims);
  const fresh = { reservationId, quantity, orderId, lineId, expiresAt, shipments: [] };
  if (type === 'StockReserved')
    after.set(reservationId, { ...fresh, isByPerson: actor.kind !== 'system', age: revision });
  if (type === 'StockReservationTakenOver') {
    const age = claims.get(fromReservationId)?.age ?? revision;
    lessen(after, fromReservationId, quantity);
    after.set(reservationId, { ...fresh, isByPerson: false, age });
  }
  if (ends.includes(type)) lessen(after, reservationId, quantity, type === 'StockShipped' ? shipmentId : undefined);
  return after;
};

export const applyToStock = (stock: Stock | undefined, event: LogEvent): Stock => {
  const { type, data, revision, recordedAt } = event;
  const { warehouseId, sku, registeredAt } = data;
  const at = { warehouseId, sku, revision, updatedAt: recordedAt };
  const figures = moveFigures(stock?.figures ?? nothing, event);
  if (stock === undefined || type === 'StockRegistered') {
    return { ...at, status: 'active', figures, registeredAt, claims: new Map(), proposals: [] };
  }
  const status = type === 'StockRetired' ? 'retired' : stock.status;
  const proposals = proposalsAfter(stock, event, figures.quarantined);
  return { ...stock, ...at, status, figures, claims: claimsAfter(stock, event), proposals };
};

/** Claims lapse, the newest first; then marks; then what is missing is told. */
const consequences = (stock: Stock, done: readonly Expected[], missing: number): readonly Expected[] => {
  const figures = done.reduce((f, { type, data }) => moveFigures(f, { type, data: data as EventData }), stock.figures);
  const shipped = new Map(
    done.filter(({ type }) => type === 'StockShipped').map(({ data }) => [data.reservationId, data.quantity ?? 0]),
  );
  const { onHand, reserved, quarantined } = figures;
  const events: Expected[] = [];
  let lost = Math.min(reserved, Math.max(0, reserved + quarantined - onHand));
  for (const { reservationId, quantity } of [...stock.claims.values()].sort((a, b) => b.age - a.age)) {
    const taken = Math.min(lost, quantity - (shipped.get(reservationId) ?? 0));
    if (taken > 0) events.push({ type: 'StockReservationLapsed', data: { reservationId, quantity: taken } });
    lost -= taken;
  }
  if (quarantined > onHand) events.push({ type: 'StockQuarantineReduced', data: { quantity: quarantined - onHand } });
  if (missing > 0) events.push({ type: 'StockDiscrepancyRecorded', data: { missing } });
  return events;
};

export const fact = (stock: Stock, done: readonly Expected[], missing: number): Decision =>
  record(...done, ...consequences(stock, done, missing));

/** What is asked of a stock: the kinds of bulk rows, and the other routes. */
export type StockAsk =
  | { readonly kind: 'register'; readonly onHand: number; readonly safetyStock: number }
  | { readonly kind: 'receipt'; readonly quantity: number }
  | { readonly kind: 'adjustment'; readonly delta: number; readonly reason: string }
  | { readonly kind: 'set'; readonly onHand: number; readonly reason: string }
  | { readonly kind: 'quarantine'; readonly quantity: number; readonly reason: string }
  | { readonly kind: 'quarantine-release'; readonly quantity: number }
  | { readonly kind: 'policy'; readonly safetyStock: number }
  | { readonly kind: 'retire' }
  | { readonly kind: 'approve'; readonly approvalId: string }
  | { readonly kind: 'reject'; readonly approvalId: string }
  | { readonly kind: 'reserve'; readonly quantity: number; readonly orderId?: string; readonly lineId?: string }
  | { readonly kind: 'release'; readonly reservationId: string };

const decideActive = (stock: Stock, ask: Exclude<StockAsk, { kind: 'register' }>, by: string): Decision => {
  const { figures, claims } = stock;
  const { onHand, quarantined } = figures;
  switch (ask.kind) {
    case 'receipt':
      if (onHand + ask.quantity > quantityMax) return refuse('QUANTITY_TOO_LARGE');
      return record({ type: 'StockReceived', data: { quantity: ask.quantity } });
    case 'adjustment': {
      const missing = Math.max(0, -ask.delta - onHand);
      if (onHand + ask.delta > quantityMax) return refuse('QUANTITY_TOO_LARGE');
      if (isLarge(ask.delta)) return propose(stock, ask, by);
      return fact(
        stock,
        [{ type: 'StockAdjusted', data: { delta: ask.delta + missing, reason: ask.reason } }],
        missing,
      );
    }
    case 'set': {
      const { onHand: counted, reason } = ask;
      const delta = counted - onHand;
      if (isLarge(delta)) return propose(stock, { kind: 'count', counted, delta, reason }, by);
      return fact(stock, [...settled(stock.proposals), { type: 'StockCounted', data: { counted, delta, reason } }], 0);
    }
    case 'quarantine': {
      const quantity = Math.min(ask.quantity, onHand - quarantined);
      const done: Expected = { type: 'StockQuarantined', data: { quantity, reason: ask.reason } };
      return fact(stock, [done], ask.quantity - quantity);
    }
    case 'quarantine-release':
      if (ask.quantity > quarantined - heldFor(stock)) return refuse('INSUFFICIENT_STOCK');
      return record({ type: 'StockQuarantineReleased', data: { quantity: ask.quantity } });
    case 'policy':
      if (ask.safetyStock === figures.safetyStock) return record();
      return record({ type: 'StockPolicySet', data: { safetyStock: ask.safetyStock } });
    case 'retire': {
      const refusals = retirementRefusals(stock);
      return refusals.length > 0 ? refuse(...refusals) : propose(stock, { kind: 'retirement' }, by);
    }
    case 'approve':
      return approve(stock, ask.approvalId, by);
    case 'reject':
      return reject(stock, ask.approvalId, by);
    case 'reserve': {
      if (ask.quantity > availableOf(figures)) return refuse('INSUFFICIENT_STOCK');
      const { kind: _, ...data } = ask;
      return record({ type: 'StockReserved', data });
    }
    case 'release': {
      const claim = claims.get(ask.reservationId);
      if (claim === undefined) return refuse('RESERVATION_NOT_FOUND');
      const { reservationId, quantity } = claim;
      return record({ type: 'StockReservationReleased', data: { reservationId, quantity } });
    }
    default:
      return ask satisfies never;
  }
};

const decideRetired = ({ kind }: StockAsk): Decision => {
  if (kind === 'approve' || kind === 'reject') return refuse('APPROVAL_ENDED');
  return kind === 'retire' ? record() : refuse('STOCK_RETIRED');
};

interface Said {
  /** What the client said; absent: now, which no registration is after. */
  readonly occurredAt?: string | undefined;
  /** Subject of who asks. */
  readonly by?: string;
}

export const decideStock = (stock: Stock | undefined, ask: StockAsk, { occurredAt, by = '' }: Said = {}): Decision => {
  if (ask.kind === 'register') {
    if (stock?.status === 'active') return refuse('STOCK_ALREADY_REGISTERED');
    const { onHand, safetyStock } = ask;
    return record({ type: 'StockRegistered', data: { onHand, safetyStock } });
  }
  if (stock === undefined) return refuse('STOCK_NOT_FOUND');
  if (stock.status === 'retired') return decideRetired(ask);
  const decided = decideActive(stock, ask, by);
  const isTooEarly = occurredAt !== undefined && occurredAt < stock.registeredAt;
  return isTooEarly ? refuse('OCCURRED_BEFORE_REGISTRATION', ...decided.refusals) : decided;
};

interface Departure {
  readonly reservationId: string;
  readonly quantity: number;
  readonly shipmentId: string;
}

/** Goods that left: from their claim, else from what is there, else they were not known of. */
export const decideDeparture = (stock: Stock, { reservationId, quantity, shipmentId }: Departure): Decision => {
  const claim = stock.claims.get(reservationId);
  if (claim?.shipments.includes(shipmentId) === true) return record();
  const covered = Math.min(quantity, claim?.quantity ?? 0);
  const departed = Math.min(quantity - covered, stock.figures.onHand - covered);
  const goods = { reservationId, shipmentId };
  const done: Expected[] = [];
  if (covered > 0) done.push({ type: 'StockShipped', data: { ...goods, quantity: covered } });
  if (departed > 0) done.push({ type: 'StockDeparted', data: { ...goods, quantity: departed } });
  return fact(stock, done, quantity - covered - departed);
};

/** As `GET …/inventory/{sku}` shows it. */
export const showStock = ({ warehouseId, sku, status, figures, revision, updatedAt }: Stock) => ({
  warehouseId,
  sku,
  ...figures,
  incoming: 0,
  available: availableOf(figures),
  status,
  revision,
  updatedAt,
});
