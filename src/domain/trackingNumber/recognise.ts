/** Who may have issued a tracking number, and whether the carrier that is named may (R12.2). */
import { type CarrierKey, carrierKeys, type Format, formats, type Parts } from './formats.ts';

/** As it is compared: people and labels group it with blanks. */
export const compactNumber = (trackingNumber: string): string => trackingNumber.replaceAll(/\s/g, '').toUpperCase();

/** The check digit is right, and what else can be told from the number; both hold where a form has none of it. */
const isSound = (parts: Parts, { checkDigit, prefix = '', isPossible }: Format): boolean => {
  const { serial = '', check = '' } = parts;
  const checked = serial.startsWith(prefix) ? serial : `${prefix}${serial}`;
  return (checkDigit?.(checked, check) ?? true) && (isPossible?.(parts) ?? true);
};

/** Carriers that a number of this form may be of; none: it is not of this form. */
const issuersBy = (compact: string, format: Format): readonly CarrierKey[] => {
  const match = format.pattern.exec(compact);
  if (match === null) return [];
  const parts: Parts = match.groups ?? {};
  return isSound(parts, format) ? [format.carrier, ...(format.others?.(parts) ?? [])] : [];
};

/** In the order of `carrierKeys`, each once. Never who did: several carriers share forms, and use numbers again. */
export const possibleIssuers = (trackingNumber: string): readonly CarrierKey[] => {
  const compact = compactNumber(trackingNumber);
  const found = new Set(formats.flatMap((format) => issuersBy(compact, format)));
  return carrierKeys.filter((key) => found.has(key));
};

/** What people call them, beside their keys: letters and digits alone, in small letters. */
const otherNames: { readonly [name: string]: CarrierKey } = {
  canadapostcorporation: 'canada_post',
  deutschepostdhl: 'dhl',
  federalexpress: 'fedex',
  odfl: 'old_dominion',
  olddominionfreightline: 'old_dominion',
  unitedparcelservice: 'ups',
  unitedstatespostalservice: 'usps',
  upsdap: 'ups',
  upsmailinnovations: 'ups',
  upssurepost: 'ups',
  uspostalservice: 'usps',
};
/** Names that begin so are services of that carrier: `FedEx SmartPost`, `DHL Paket`. */
const families = [
  'amazon',
  'canada_post',
  'dhl',
  'dpd',
  'fedex',
  'lasership',
  'ontrac',
  'purolator',
  'speedee',
  'usps',
] as const;

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
const byPlainName: ReadonlyMap<string, CarrierKey> = new Map([
  ...Object.entries(otherNames),
  ...carrierKeys.map((key) => [plain(key), key] as const),
]);

/** `null`: a carrier whose numbers we do not know. */
const carrierKeyOf = (name: string): CarrierKey | null => {
  const bare = plain(name);
  return byPlainName.get(bare) ?? families.find((family) => bare.startsWith(plain(family))) ?? null;
};

/** By which carriers are compared, however somebody has written the name: `UPS`, `ups`, `United Parcel Service`. */
export const carrierSlug = (name: string): string => carrierKeyOf(name) ?? plain(name);

/**
 * Their parcels travel under many more forms than the tables have: each national network has its own. So a number that is of
 * none of these forms says nothing.
 */
const knownInPart: ReadonlySet<CarrierKey> = new Set(['amazon', 'dhl', 'dpd', 'postal_service', 'yodel']);

export const numberVerdicts = ['matches', 'differs', 'not_checked'] as const;

export interface NumberCheck {
  /**
   * `matches`: the named carrier issues such numbers, and the check digit is right. `differs`: it does not, or the digit is
   * wrong. `not_checked`: no carrier is named, or one of whose numbers we do not know all forms.
   */
  readonly verdict: (typeof numberVerdicts)[number];
  /** Who may have issued it, by its form and check digit. */
  readonly mayBeOf: readonly CarrierKey[];
}

export const checkNumber = (trackingNumber: string, carrier: string | undefined): NumberCheck => {
  const mayBeOf = possibleIssuers(trackingNumber);
  const key = carrier === undefined ? null : carrierKeyOf(carrier);
  if (key === null) return { verdict: 'not_checked', mayBeOf };
  if (mayBeOf.includes(key)) return { verdict: 'matches', mayBeOf };
  return { verdict: knownInPart.has(key) ? 'not_checked' : 'differs', mayBeOf };
};
