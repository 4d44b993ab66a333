/**
 * What tracking numbers look like, by carrier. A number is written without blanks and in capitals. Several carriers may
 * have issued a number of one form, and carriers use numbers again: a form says who may have issued it, and no more.
 */
import { type CheckDigit, luhn, mod7, mod10, mod11Then10, mod37Then36, s10 } from './checkDigits.ts';
import { isPostalCountry } from './postalCountries.ts';

/** As adapters and answers name them. `postal_service`: that of the country which the number ends in. */
export const carrierKeys = [
  'amazon',
  'canada_post',
  'canpar',
  'dhl',
  'dpd',
  'fedex',
  'gofo',
  'landmark',
  'lasership',
  'old_dominion',
  'ontrac',
  'postal_service',
  'purolator',
  'speedee',
  'ups',
  'usps',
  'yodel',
  'yunexpress',
] as const;
export type CarrierKey = (typeof carrierKeys)[number];

export interface Parts {
  /** What the check digit is made of. */
  readonly serial?: string;
  readonly check?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
}

export interface Format {
  readonly carrier: CarrierKey;
  /** Carriers whose parcels travel under such numbers too. */
  readonly others?: (parts: Parts) => readonly CarrierKey[];
  readonly pattern: RegExp;
  readonly checkDigit?: CheckDigit;
  /** What is put before the serial, where it does not begin with it, to make the check digit. */
  readonly prefix?: string;
  readonly isPossible?: (parts: Parts) => boolean;
}

/** By the last two letters of a number of the Universal Postal Union. */
const postOf: { readonly [country: string]: CarrierKey } = { US: 'usps', CA: 'canada_post' };

/** Ends at the door with USPS, and begins with another one of these. */
const handedOver = (): readonly CarrierKey[] => ['fedex', 'ups', 'dhl'];

/** The destination before the number, as USPS prints both in one bar code: 420 and a ZIP code of 5 or 9 digits. */
const anyZip = String.raw`(?:420\d{5}(?:\d{4})?)?`;
/** Mailers of 9 digits begin with 9, those of 6 do not. */
const mailer = String.raw`(?:9\d{8}(?:\d{11}|\d{7})|[0-8]\d{5}(?:\d{14}|\d{10}))`;

const fedexExpress = mod11Then10(3, 1, 7);
const fedexGround = mod11Then10(1, 7, 3);

export const formats: readonly Format[] = [
  { carrier: 'amazon', pattern: /^TB[ACM]\d{12}$/ },
  { carrier: 'amazon', pattern: /^[ACF]\d{10}$/ },
  { carrier: 'canada_post', pattern: /^(?<serial>\d{15})(?<check>\d)$/, checkDigit: mod10(3, 1) },
  { carrier: 'canpar', pattern: /^[CDKLSUXZ]\d{21}$/ },
  { carrier: 'dhl', pattern: /^(?<serial>\d{9,10})(?<check>\d)$/, checkDigit: mod7 },
  { carrier: 'dhl', pattern: /^J[A-Z]{2,3}\d{9,10}$/ },
  { carrier: 'dhl', pattern: /^(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)\d[0-9A-Z]{9,38}$/ },
  { carrier: 'dhl', pattern: /^\d{14}$/ },
  { carrier: 'dpd', pattern: /^(?<serial>\d{27})(?<check>[0-9A-Z])$/, checkDigit: mod37Then36 },
  { carrier: 'dpd', pattern: /^(?<serial>\d{14})(?<check>[0-9A-Z])$/, checkDigit: mod37Then36 },
  { carrier: 'fedex', pattern: /^(?<serial>\d{11})(?<check>\d)$/, checkDigit: fedexExpress },
  { carrier: 'fedex', pattern: /^[0-8]\d{19}(?<serial>\d{13})(?<check>\d)$/, checkDigit: fedexGround },
  { carrier: 'fedex', pattern: /^3\d{15}(?<serial>\d{11})(?<check>\d)\d{4}$/, checkDigit: fedexExpress },
  { carrier: 'fedex', pattern: /^(?<serial>\d{14})(?<check>\d)$/, checkDigit: mod10(1, 3) },
  { carrier: 'fedex', pattern: /^\d{2}(?<serial>\d{15})(?<check>\d)$/, checkDigit: mod10(3, 1) },
  { carrier: 'fedex', pattern: /^96\d{5}(?<serial>\d{14})(?<check>\d)$/, checkDigit: mod10(1, 3) },
  { carrier: 'fedex', pattern: /^96\d{18}(?<serial>\d{13})(?<check>\d)$/, checkDigit: fedexGround },
  { carrier: 'gofo', pattern: /^GFUS\d{14}$/ },
  { carrier: 'landmark', pattern: /^LTN\d{8}N1$/ },
  { carrier: 'lasership', pattern: /^L[AEHINX][1-3]\d{7}$/ },
  { carrier: 'lasership', pattern: /^1LS7[12]\d{10}$/ },
  { carrier: 'lasership', pattern: /^1LS7[12]\d{2}01[1-4]\d{6}-1$/ },
  { carrier: 'lasership', pattern: /^1LSCX[0-9A-Z]{10}$/ },
  { carrier: 'old_dominion', pattern: /^(?<serial>(?:77[78]|072|780)\d{7})(?<check>\d)$/, checkDigit: luhn },
  { carrier: 'old_dominion', pattern: /^(?<serial>80\d{8})(?<check>\d)$/, checkDigit: luhn },
  { carrier: 'ontrac', pattern: /^C(?<serial>\d{13})(?<check>\d)$/, checkDigit: mod10(1, 2), prefix: '4' },
  { carrier: 'ontrac', pattern: /^D(?<serial>\d{13})(?<check>\d)$/, checkDigit: mod10(1, 2), prefix: '5' },
  {
    carrier: 'postal_service',
    others: ({ country = '' }) => [postOf[country] ?? []].flat(),
    pattern: /^[A-Z]{2}(?<serial>\d{8})(?<check>\d)(?<country>[A-Z]{2})$/,
    checkDigit: s10,
    isPossible: ({ country = '' }) => isPostalCountry(country),
  },
  { carrier: 'purolator', pattern: /^(?<serial>[0-5]\d{10})(?<check>\d)$/, checkDigit: luhn },
  { carrier: 'purolator', pattern: /^[A-Z]{3}\d{9}$/ },
  { carrier: 'speedee', pattern: /^SP\d{18}$/ },
  { carrier: 'ups', pattern: /^1Z(?<serial>[0-9A-Z]{15})(?<check>\d)$/, checkDigit: mod10(1, 2) },
  { carrier: 'ups', pattern: /^[AHJKTV](?<serial>\d{9})(?<check>\d)$/, checkDigit: mod10(1, 2) },
  { carrier: 'usps', pattern: /^(?<serial>\d{19})(?<check>\d)$/, checkDigit: mod10(3, 1) },
  {
    carrier: 'usps',
    pattern: new RegExp(`^${anyZip}(?<serial>(?:91)?\\d{19})(?<check>\\d)$`),
    checkDigit: mod10(3, 1),
    prefix: '91',
  },
  {
    carrier: 'usps',
    pattern: new RegExp(`^${anyZip}(?<serial>94\\d{3}(?:${mailer}|9\\d{23}))(?<check>\\d)$`),
    checkDigit: mod10(3, 1),
  },
  {
    carrier: 'usps',
    others: handedOver,
    pattern: new RegExp(`^${anyZip}(?<serial>(?:92(?=\\d{3}9)|93(?=\\d{3}[0-8])|95)\\d{3}${mailer})(?<check>\\d)$`),
    checkDigit: mod10(3, 1),
  },
  { carrier: 'yodel', pattern: /^JJ?D\d{16}$/ },
  { carrier: 'yunexpress', pattern: /^YT\d{16}$/ },
];
