/** USPS: the answer of Track & Confirm. */
import { CarrierAway, type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, reportsMax, statusMember, textAt, wordsOf } from './bodies.ts';
import { statusInWords } from './words.ts';
import { readXml } from './xml.ts';

/** Codes whose words say something else, or nothing. */
const statuses: { readonly [code: string]: ParcelStatus } = {
  '01': 'delivered',
  '02': 'attempted_delivery',
  '04': 'exception',
  '05': 'exception',
  '08': 'delayed',
  '09': 'return_to_sender',
  '14': 'available_for_pickup',
  '16': 'available_for_pickup',
  GX: 'pre_transit',
  MA: 'pre_transit',
  NP: 'pre_transit',
  OF: 'out_for_delivery',
};

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const datePattern = /^(?<month>[A-Za-z]+) (?<day>\d{1,2}), (?<year>\d{4})$/;
const clockPattern = /^(?<hour>\d{1,2}):(?<minute>\d{2}) (?<half>am|pm)$/i;

/**
 * USPS tells the time of the place and no zone. It is read as that of the east coast in summer, the earliest of the
 * mainland: no report is in the future, and those of one place stay in their order.
 */
const hoursFromUtc = 4;

/** `undefined` for what has no time yet: an item that was announced. */
const timeOf = (date: string | undefined, clock: string | undefined): string | undefined => {
  const { month = '', day, year } = datePattern.exec(date ?? '')?.groups ?? {};
  const { hour, minute, half } = clockPattern.exec(clock ?? '')?.groups ?? {};
  const index = months.indexOf(month.toLowerCase());
  if (index < 0 || half === undefined) return undefined;
  const hours = (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  return new Date(Date.UTC(Number(year), index, Number(day), hours + hoursFromUtc, Number(minute))).toISOString();
};

const reportsOf = (info: unknown): readonly CarrierReport[] => {
  const trackingNumber = numberAt(info, '@ID');
  if (trackingNumber === undefined) return [];
  return [...listAt(info, 'TrackSummary'), ...listAt(info, 'TrackDetail')].slice(0, reportsMax).flatMap((event) => {
    const reportedAt = timeOf(textAt(event, 'EventDate'), textAt(event, 'EventTime'));
    if (reportedAt === undefined) return [];
    const words = textAt(event, 'Event');
    const places = ['EventCity', 'EventState', 'EventCountry'].map((name) => textAt(event, name));
    const status = statuses[textAt(event, 'EventCode') ?? ''] ?? statusInWords(words);
    return [{ trackingNumber, ...statusMember(status), ...wordsOf([words], places), reportedAt }];
  });
};

/** @throws CarrierUnreadable; CarrierAway when it refuses the request as a whole */
export const readUsps = (body: Uint8Array): readonly CarrierReport[] => {
  const document = readXml(body);
  if (at(document, 'Error') !== undefined) {
    throw new CarrierAway(textAt(document, 'Error', 'Description') ?? 'USPS refused the request.');
  }
  if (at(document, 'TrackResponse') === undefined) throw new CarrierUnreadable('The answer is no TrackResponse.');
  return listAt(document, 'TrackResponse', 'TrackInfo').flatMap(reportsOf);
};
