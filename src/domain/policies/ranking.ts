/** Which warehouse is asked first. Pure: the caller brings the points. */
import type { SourcingStrategy } from '../order/shapes.ts';

/** Degrees, WGS 84. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Candidate extends Point {
  readonly warehouseId: string;
  readonly priority: number;
  readonly countryCode: string;
  readonly postalCode: string;
}

export interface Destination {
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** `null` when nothing tells where it is; then only the border counts. */
  readonly point: Point | null;
}

/**
 * What a border costs, as kilometres: a choice, not a measurement. Another carrier takes over and the parcel goes through
 * one more hub, about the time in which a lorry goes 200 km on. So a depot across the border wins when it is that much
 * nearer.
 */
export const borderKm = 200;

/** Mean radius of the earth (IUGG). */
const earthRadiusKm = 6_371.0088;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance by the haversine formula: within 0.5 % of the ellipsoid's. */
export const distanceKm = (a: Point, b: Point): number => {
  const half = (from: number, to: number): number => Math.sin(radians(to - from) / 2) ** 2;
  const latitudes = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude));
  const chord = half(a.latitude, b.latitude) + latitudes * half(a.longitude, b.longitude);
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
};

/** How far a warehouse is, in kilometres, with what the border costs. */
export const remotenessOf = (candidate: Candidate, { countryCode, point }: Destination): number =>
  (point === null ? 0 : distanceKm(candidate, point)) + (candidate.countryCode === countryCode ? 0 : borderKm);

/** Best first: the preferred one, then by the strategy, then by priority and id. */
export const rankCandidates = (
  candidates: readonly Candidate[],
  strategy: SourcingStrategy,
  destination: Destination,
  preferredWarehouseId: string | null,
): readonly string[] => {
  if (candidates.length < 2) return candidates.map(({ warehouseId }) => warehouseId);
  const remoteness = new Map(
    candidates.map((candidate) => [
      candidate.warehouseId,
      strategy === 'nearest' ? remotenessOf(candidate, destination) : 0,
    ]),
  );
  const preference = ({ warehouseId, priority }: Candidate): readonly number[] => [
    warehouseId === preferredWarehouseId ? 0 : 1,
    remoteness.get(warehouseId) ?? 0,
    priority,
  ];
  const ranked = candidates.map((candidate) => ({ id: candidate.warehouseId, preference: preference(candidate) }));
  type Ranked = (typeof ranked)[number];
  const compare = (a: Ranked, b: Ranked): number =>
    a.preference.map((figure, index) => figure - (b.preference[index] ?? 0)).find((difference) => difference !== 0) ??
    (a.id < b.id ? -1 : 1);
  return ranked.sort(compare).map(({ id }) => id);
};

/** What is known of where goods go. */
export interface DestinationAddress {
  readonly countryCode: string;
  readonly postalCode?: string | null;
  readonly latitude?: number;
  readonly longitude?: number;
}

const plain = (postalCode: string): string => postalCode.toUpperCase().replace(/[\s-]/g, '');

const sharedPrefix = (a: string, b: string): number => {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length += 1;
  return length;
};

/**
 * The point of the warehouse in that country whose postal code begins most alike: postal codes are hierarchical, so it
 * is the one thing that a postal code tells without a table of the world's. `null` where none begins alike.
 */
const pointByPostalCode = (
  { countryCode, postalCode }: DestinationAddress,
  warehouses: readonly Candidate[],
): Point | null => {
  const wanted = plain(postalCode ?? '');
  let best: { readonly shared: number; readonly warehouse: Candidate } | null = null;
  for (const warehouse of warehouses) {
    if (warehouse.countryCode !== countryCode) continue;
    const shared = sharedPrefix(plain(warehouse.postalCode), wanted);
    if (shared > (best?.shared ?? 0)) best = { shared, warehouse };
  }
  return best?.warehouse ?? null;
};

/**
 * Where an address is, as well as it tells: its own point; else that of the warehouse whose postal code begins most
 * alike; else the middle of the country.
 */
export const destinationOf = (
  address: DestinationAddress,
  warehouses: readonly Candidate[],
  countryPoint: (countryCode: string) => Point | null,
): Destination => {
  const { countryCode, latitude, longitude } = address;
  if (latitude !== undefined && longitude !== undefined) return { countryCode, point: { latitude, longitude } };
  return { countryCode, point: pointByPostalCode(address, warehouses) ?? countryPoint(countryCode) };
};
