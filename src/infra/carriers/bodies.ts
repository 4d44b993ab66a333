/** Reading what others wrote: nothing is taken for granted, and every text is cut to what we keep. */
import { CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';

/** As `TrackingEventBody` takes them from partners (`src/http/schemas/shipments.ts`). */
const detailCharsMax = 500;
const locationCharsMax = 200;
/** The longest number that a shipment may have. */
const numberCharsMax = 64;
/** As many as are kept of one parcel (`reportsPerParcelMax`): of a longer list the newest are read. */
export const reportsMax = 500;

/** What is at this path; `undefined`: nothing. */
export const at = (value: unknown, ...path: readonly string[]): unknown => {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    inner = (inner as { readonly [member: string]: unknown })[name];
  }
  return inner;
};

/** One is a list of one: XML does not tell them apart. */
export const listAt = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, ...path);
  return found === undefined || found === null || found === '' ? [] : [found].flat();
};

/** Without blanks around it; `undefined` where there is none, or only blanks. */
export const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = at(value, ...path);
  if (typeof found !== 'string' && typeof found !== 'number') return undefined;
  const text = String(found).toWellFormed().replaceAll(/\s+/g, ' ').trim();
  return text === '' ? undefined : text;
};

export const numberAt = (value: unknown, ...path: readonly string[]): string | undefined =>
  textAt(value, ...path)?.slice(0, numberCharsMax);

/** U+0000 and controls of writing direction show a text as another than it is. */
const shown = (text: string): string => text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '');

interface Words {
  readonly detail?: string;
  readonly location?: string;
}

/** The carrier's words as they are kept. */
export const wordsOf = (details: readonly (string | undefined)[], places: readonly (string | undefined)[]): Words => {
  const join = (texts: readonly (string | undefined)[]): string =>
    shown(texts.filter((text) => text !== undefined).join(', '));
  const detail = join(details).slice(0, detailCharsMax).toWellFormed();
  const location = join(places).slice(0, locationCharsMax).toWellFormed();
  return { ...(detail === '' ? {} : { detail }), ...(location === '' ? {} : { location }) };
};

/** With the date, the time and where it is from UTC; a text without a place is read as UTC. ISO 8601 UTC with milliseconds. */
export const timeOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
  const ms = Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
};

export const statusMember = (status: ParcelStatus | undefined): { readonly status?: ParcelStatus } =>
  status === undefined ? {} : { status };

export const readJson = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    throw new CarrierUnreadable('The body is no JSON.', { cause: error });
  }
};
