/**
 * Every format of a text in a request, each with the one parser that reads it. A text that the parser does not take is
 * refused; what the parser makes of it is what the route gets. So no route parses again, and none can fail at it.
 */
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { DataValidateFunction, DataValidationCxt } from 'ajv/dist/types/index.js';
import { iso31661Alpha2ToAlpha3 } from 'iso-3166/1-a2-to-1-a3.js';
import { isGln, isGtin, isSscc } from '../../domain/gs1.ts';
import { futureToleranceMs, printableFault, skuFault, uuidPattern } from '../../domain/values.ts';
import { Problem } from '../problems/problem.ts';

const timePattern =
  /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$/;

/** `2026-11-24T09:30:00.000Z`: the only length that compares as text, and the one of the years 0000 to 9999. */
const utcLength = 24;

/** A minute's 61st second is only ever the last of a day in UTC; it has the number of the one after it (POSIX time). */
const isLastMinute = (ms: number): boolean => new Date(ms).toISOString().slice(-13, -8) === '23:59';

const offsetMsOf = (sign = '+', hours = '0', minutes = '0'): number =>
  (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;

/** Of a day that exists in its month, and a minute of it. */
const startOfMinute = (date: string, hoursAndMinutes: string): number | null => {
  const ms = Date.parse(`${date}T${hoursAndMinutes}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date) ? ms : null;
};

/**
 * A time of RFC 3339, or of ISO 8601 with a shorter offset (`+01`, `+0100`) as carriers write it. A day must exist in its
 * month, and 23:59:60 UTC is taken for the second after it.
 * @returns UTC with milliseconds, so that times compare as text; `null`: no such time.
 */
export const parseTime = (text: string): string | null => {
  const found = timePattern.exec(text);
  if (found === null) return null;
  const [, date = '', minute = '', seconds = '', fraction = '', ...offset] = found;
  const start = startOfMinute(date, minute);
  if (start === null) return null;
  const atMs = start - offsetMsOf(...offset);
  if (seconds === '60' && !isLastMinute(atMs)) return null;
  const milliseconds = Number(seconds) * 1_000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  const time = new Date(atMs + milliseconds).toISOString();
  return time.length === utcLength ? time : null;
};

/** The value, normalised, or what is wrong with the text, as the end of a sentence. */
type FormatReading = { readonly value: string } | { readonly fault: string };
type Format = (text: string) => FormatReading;

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
  gtin: only(isGtin, 'must be a GTIN of 8, 12, 13 or 14 digits, the last of which checks the others'),
  gln: only(isGln, 'must be a GLN of 13 digits, the last of which checks the others'),
  sscc: only(isSscc, 'must be an SSCC of 18 digits, the last of which checks the others'),
} as const satisfies { readonly [name: string]: Format };

export type FormatName = keyof typeof formats;

/** The longest text with a format is a URL. A longer one is refused unread. */
const textCharsMax = 2_048;

const validatorOf = (name: string): DataValidateFunction => {
  if (!Object.hasOwn(formats, name)) throw new Error(`no parser for the format ${name}`);
  const parse = formats[name as FormatName];
  const validate: DataValidateFunction = (text: string, context?: DataValidationCxt) => {
    const reading = text.length > textCharsMax ? { fault: 'is too long' } : parse(text);
    if ('fault' in reading) {
      validate.errors = [{ keyword: 'format', params: { format: name }, message: reading.fault }];
      return false;
    }
    if (context !== undefined) {
      (context.parentData as Record<string, unknown>)[context.parentDataProperty] = reading.value;
    }
    return true;
  };
  return validate;
};

/** A format that has no parser is an error when the schema is compiled: at the start. */
export const useFormats = (ajv: Ajv2020): void => {
  ajv.removeKeyword('format');
  ajv.addKeyword({
    keyword: 'format',
    type: 'string',
    schemaType: 'string',
    // ajv turns `validateFormats` off for the meta-schema, which has formats without a parser here.
    compile: (name: string, _schema, { opts }) => (opts.validateFormats ? validatorOf(name) : () => true),
  });
};

/**
 * For what only has to know that there are such formats: answers were parsed when they came, by the rules of then.
 * A name that `ajv-formats` has too would be judged by it where an answer has variants: it has no `idn-email`.
 */
export const unjudgedFormats = Object.fromEntries(Object.keys(formats).map((name) => [name, true as const]));

/** Business time of a command. @throws Problem when it lies further ahead than clocks differ (docs/times.md). */
export const businessTime = (time: string | undefined, now: string): string => {
  if (time === undefined) return now;
  if (Date.parse(time) > Date.parse(now) + futureToleranceMs) {
    throw new Problem('OCCURRED_IN_FUTURE', 'A time may be at most 5 minutes ahead of ours.');
  }
  return time;
};
