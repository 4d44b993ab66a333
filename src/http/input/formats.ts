/**
 * Every format of a text in a request, each with the one parser that reads it. A text that the parser does not take is
 * refused; what the parser makes of it is what the route gets. So no route parses again, and none can fail at it.
 */
import { iso31661Alpha2ToAlpha3 } from 'iso-3166/1-a2-to-1-a3.js';
import { printableFault, skuFault, uuidPattern } from '../../domain/values.ts';
import { parseTime } from './parseTime.ts';

/** The value, normalised, or what is wrong with the text, as the end of a sentence. */
export type Reading = { readonly value: string } | { readonly fault: string };
export type Format = (text: string) => Reading;

/** Kosovo has no code of ISO's; carriers, the EU and CLDR write it XK. */
const countries: ReadonlySet<string> = new Set([...Object.keys(iso31661Alpha2ToAlpha3), 'XK']);
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const uuid = new RegExp(uuidPattern);
/** Only the receiving server knows what stands before its `@` (RFC 5321 §2.3.11); names of hosts may be of any script. */
const emailPattern = /^[^\s@]+@[^\s@]+$/u;
/** The least that is dialled anywhere; digits of any script, and what people write around them. */
const phonePattern = /(?:\p{Nd}.*){3}/u;
/** Names of the IANA database, no bare offsets: they know no daylight saving. */
const timeZonePattern = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/;

const only =
  (isValid: (text: string) => boolean, fault: string): Format =>
  (text) =>
    isValid(text) ? { value: text } : { fault };

const printable: Format = (text) => {
  const fault = printableFault(text);
  return fault === null ? { value: text.normalize('NFC') } : { fault };
};

const readTimeZone = (text: string): string | null => {
  if (!timeZonePattern.test(text)) return null;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
    // Another name is the one that this one was linked to: as it was given says more.
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
  } catch {
    return null;
  }
};

const orFault =
  (read: (text: string) => string | null, fault: string): Format =>
  (text) => {
    const value = read(text);
    return value === null ? { fault } : { value };
  };

export const formats = {
  'date-time': orFault(parseTime, 'must be a time that exists, for example 2026-11-24T09:30:00Z (RFC 3339)'),
  uuid: orFault((text) => {
    const lower = text.toLowerCase();
    return uuid.test(lower) ? lower : null;
  }, 'must be a UUID'),
  uri: only((text) => printableFault(text) === null && URL.canParse(text), 'must be a URL'),
  'idn-email': only((text) => printableFault(text) === null && emailPattern.test(text), 'must be an e-mail address'),
  phone: only((text) => printableFault(text) === null && phonePattern.test(text), 'must be a telephone number'),
  'country-code': only((text) => countries.has(text), 'must be a country code of ISO 3166-1, for example DE'),
  currency: only((text) => currencies.has(text), 'must be a currency code of ISO 4217, for example EUR'),
  'time-zone': orFault(readTimeZone, 'must be a time zone of the IANA database, for example Europe/Berlin'),
  sku: (text) => {
    const fault = skuFault(text);
    return fault === null ? { value: text } : { fault };
  },
  printable,
} as const satisfies { readonly [name: string]: Format };

export type FormatName = keyof typeof formats;
