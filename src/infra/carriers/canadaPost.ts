/** Canada Post: the details of a number, in English or in French. */
import { type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, reportsMax, statusMember, textAt, timeOf, wordsOf } from './bodies.ts';
import { statusInWords } from './words.ts';
import { readXml } from './xml.ts';

/** Events that say the same in both languages. */
const statuses: { readonly [event: string]: ParcelStatus } = {
  '0100': 'in_transit',
  '0173': 'delayed',
  '0174': 'out_for_delivery',
  '0500': 'out_for_delivery',
  '1496': 'delivered',
  '1498': 'delivered',
  '2300': 'in_transit',
  '3000': 'pre_transit',
};
/** That a signature can be looked at: nothing has happened to the parcel. */
const signatureShown = '20';

/** As it writes them, in English and in French. */
const zones: { readonly [zone: string]: string } = {
  NST: '-03:30',
  NDT: '-02:30',
  HNT: '-03:30',
  HAT: '-02:30',
  AST: '-04:00',
  ADT: '-03:00',
  HNA: '-04:00',
  HAA: '-03:00',
  EST: '-05:00',
  EDT: '-04:00',
  HNE: '-05:00',
  HAE: '-04:00',
  CST: '-06:00',
  CDT: '-05:00',
  HNC: '-06:00',
  HAC: '-05:00',
  MST: '-07:00',
  MDT: '-06:00',
  HNR: '-07:00',
  HAR: '-06:00',
  PST: '-08:00',
  PDT: '-07:00',
  HNP: '-08:00',
  HAP: '-07:00',
};
/** Where most of its parcels are. */
const zoneElse = '-05:00';

const whenOf = (occurrence: unknown): string | undefined => {
  const date = textAt(occurrence, 'event-date');
  const clock = textAt(occurrence, 'event-time');
  if (date === undefined || clock === undefined) return undefined;
  return timeOf(`${date}T${clock}${zones[textAt(occurrence, 'event-time-zone') ?? ''] ?? zoneElse}`);
};

const statusOf = (occurrence: unknown): ParcelStatus | undefined => {
  const event = textAt(occurrence, 'event-identifier') ?? '';
  if (event === signatureShown) return undefined;
  return statuses[event] ?? statusInWords(textAt(occurrence, 'event-description'));
};

/** @throws CarrierUnreadable */
export const readCanadaPost = (body: Uint8Array): readonly CarrierReport[] => {
  const document = readXml(body);
  // It does not know the number.
  if (at(document, 'messages') !== undefined) return [];
  const detail = at(document, 'tracking-detail');
  const trackingNumber = numberAt(detail, 'pin') ?? numberAt(detail, 'dnc');
  if (trackingNumber === undefined) throw new CarrierUnreadable('The answer is no tracking-detail.');
  return listAt(detail, 'significant-events', 'occurrence')
    .slice(0, reportsMax)
    .flatMap((occurrence) => {
      const reportedAt = whenOf(occurrence);
      if (reportedAt === undefined) return [];
      const places = [textAt(occurrence, 'event-site'), textAt(occurrence, 'event-province')];
      const words = wordsOf([textAt(occurrence, 'event-description')], places);
      return [{ trackingNumber, ...statusMember(statusOf(occurrence)), ...words, reportedAt }];
    });
};
