/**
 * What things are called in EPCIS: by their key of GS1 where they have one (GS1 Digital Link), else by an address below ours, as
 * the Core Business Vocabulary lets a company name its own (CBV 2.0, section 8).
 */
import { gtin14Of } from '../../domain/gs1.ts';

const gs1Url = 'https://id.gs1.org';

export interface EpcisNames {
  /** By SKU and warehouse id; what has none is absent. */
  readonly gtins: ReadonlyMap<string, string>;
  readonly glns: ReadonlyMap<string, string>;
  /** Of a parcel; `undefined`: it has none. */
  readonly sscc: (shipmentId: string, parcelId: string) => string | undefined;
  /** Where the service is reached, without a `/` at the end. */
  readonly baseUrl: string;
}

const named = (baseUrl: string, kind: 'class' | 'loc' | 'obj' | 'bt', ...parts: readonly string[]): string =>
  [baseUrl, kind, ...parts.map(encodeURIComponent)].join('/');

export const createEpcisIds = ({ gtins, glns, sscc, baseUrl }: EpcisNames) => ({
  classOf: (sku: string): string => {
    const gtin = gtins.get(sku);
    return gtin === undefined ? named(baseUrl, 'class', sku) : `${gs1Url}/01/${gtin14Of(gtin)}`;
  },
  boxOf: (sku: string, boxCode: string): string => named(baseUrl, 'class', sku, boxCode),
  placeOf: (warehouseId: string): string => {
    const gln = glns.get(warehouseId);
    return gln === undefined ? named(baseUrl, 'loc', warehouseId) : `${gs1Url}/414/${gln}`;
  },
  parcelOf: (shipmentId: string, parcelId: string): string => {
    const serial = sscc(shipmentId, parcelId);
    return serial === undefined ? named(baseUrl, 'obj', shipmentId, parcelId) : `${gs1Url}/00/${serial}`;
  },
  shipmentOf: (shipmentId: string): string => named(baseUrl, 'obj', shipmentId),
  /** `kind`: whose number it is, as the same digits may be an order's and a supplier's. */
  transactionOf: (kind: 'order' | 'po' | 'asn' | 'inbound' | 'transfer' | 'return', id: string): string =>
    named(baseUrl, 'bt', kind, id),
});

export type EpcisIds = ReturnType<typeof createEpcisIds>;

/** The vocabulary of GS1, and the prefix of what we add to an event. */
export const contextOf = (baseUrl: string) =>
  ['https://ref.gs1.org/standards/epcis/epcis-context.jsonld', { stockledger: `${baseUrl}/epcis/` }] as const;
