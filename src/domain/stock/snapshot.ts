/** A stock as its snapshots hold it: figures first, then its open reservations a thousand at a time. */
import type { Json, StateCodec } from '../../eventsourcing/message.ts';
import { emptyBucketMap, entriesOf, withEntry } from '../bucketMap.ts';
import { type Arrivals, noArrivals } from './arrivals.ts';
import { newReservation, noClaims, noShipments, type Reservation, withClaim } from './claims.ts';
import { noProposals, type Proposal } from './proposals.ts';
import type { Balance } from './shapes.ts';
import { initialStock, type KnownStock, type Stock } from './state.ts';

interface Figures {
  readonly phase: KnownStock['phase'];
  readonly balance: Balance;
  readonly registeredAt: string;
  readonly claimsMade: number;
  readonly unbooked: readonly (readonly [string, number])[];
}

type Row = readonly [
  reservationId: string,
  quantity: number,
  quantityAsked: number,
  sequence: number,
  shipped: number,
  expiresAtMs: number,
  orderId: string | null,
  lineId: string | null,
  ...shipmentIds: string[],
];

/** Orders with several claims, in the order in which they were made. */
type Several = readonly [orderId: string, ids: readonly string[]];

/** After the figures. */
interface Part {
  readonly rows: readonly Row[];
  readonly several: readonly Several[];
  /** In parts of their own, one each: a note may be long. */
  readonly proposals?: readonly Proposal[];
  readonly arrivals?: Arrivals;
}

const rowsAtOnce = 1_000;
const arrivalsAtOnce = 500;

const rowOf = ([id, reservation]: readonly [string, Reservation]): Row => {
  const { quantity, quantityAsked, sequence, shipped, expiresAtMs, orderId, lineId, shipmentIds } = reservation;
  return [id, quantity, quantityAsked, sequence, shipped, expiresAtMs, orderId ?? null, lineId ?? null, ...shipmentIds];
};

const withRow = (stock: KnownStock, row: Row): KnownStock => {
  const [id, quantity, quantityAsked, sequence, shipped, expiresAtMs, orderId, lineId, ...taken] = row;
  const shipmentIds = taken.length === 0 ? noShipments : taken;
  const owner = { ...(orderId === null ? {} : { orderId }), ...(lineId === null ? {} : { lineId }) };
  const reservation = newReservation({ quantity, quantityAsked, sequence, shipped, expiresAtMs, shipmentIds }, owner);
  return {
    ...stock,
    reservations: withEntry(stock.reservations, id, reservation),
    claimsOfOrders: orderId === null ? stock.claimsOfOrders : withClaim(stock.claimsOfOrders, orderId, id),
  };
};

const withPart = (
  stock: KnownStock,
  { rows, several, proposals = noProposals, arrivals = noArrivals }: Part,
): KnownStock => {
  const { claimsOfOrders, ...rest } = rows.reduce(withRow, stock);
  return {
    ...rest,
    proposals: [...rest.proposals, ...proposals],
    arrivals: [...rest.arrivals, ...arrivals],
    claimsOfOrders: several.reduce((claims, [id, ids]) => withEntry(claims, id, ids), claimsOfOrders),
  };
};

function* inChunks<T>(items: Iterable<T>): Generator<readonly T[]> {
  let chunk: T[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < rowsAtOnce) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function* severalOf(claims: KnownStock['claimsOfOrders']): Generator<Several> {
  for (const [id, ids] of entriesOf(claims)) if (typeof ids !== 'string') yield [id, ids];
}

function* encode(stock: Stock): Generator<Json> {
  if (stock.phase === 'absent') {
    yield null;
    return;
  }
  const { phase, balance, registeredAt, claimsMade, reservations, claimsOfOrders, proposals, arrivals } = stock;
  const unbooked = [...entriesOf(stock.unbooked)];
  yield { phase, balance, registeredAt, claimsMade, unbooked } satisfies Figures as object as Json;
  for (const proposal of proposals) {
    yield { rows: [], several: [], proposals: [proposal] } satisfies Part as object as Json;
  }
  // A line takes some 150 characters, so that not all of them fit one part.
  for (let from = 0; from < arrivals.length; from += arrivalsAtOnce) {
    const some = arrivals.slice(from, from + arrivalsAtOnce);
    yield { rows: [], several: [], arrivals: some } satisfies Part as object as Json;
  }
  for (const chunk of inChunks(entriesOf(reservations))) yield { rows: chunk.map(rowOf), several: [] } satisfies Part;
  // Last: what the rows come to is put right by it.
  for (const chunk of inChunks(severalOf(claimsOfOrders))) yield { rows: [], several: chunk } satisfies Part;
}

const decode = (part: Json, stock: Stock | null): Stock => {
  if (part === null) return initialStock;
  if (stock !== null && stock.phase !== 'absent') return withPart(stock, part as object as Part);
  const { unbooked, ...figures } = part as object as Figures;
  const entries = unbooked.reduce<KnownStock['unbooked']>(
    (map, [key, value]) => withEntry(map, key, value),
    emptyBucketMap,
  );
  const none = { proposals: noProposals, arrivals: noArrivals };
  return { ...figures, ...noClaims, claimsMade: figures.claimsMade, unbooked: entries, ...none };
};

export const stockStates: StateCodec<Stock> = { version: 3, encode, decode };
