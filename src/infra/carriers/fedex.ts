/** FedEx: the answer to a TrackRequest, as its web services write it. */
import { CarrierAway, type CarrierReport, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import type { ParcelStatus } from '../../domain/shipment/events.ts';
import { at, listAt, numberAt, reportsMax, statusMember, textAt, timeOf, wordsOf } from './bodies.ts';
import { readXml } from './xml.ts';

const inTransit = [
  'AA',
  'AF',
  'AO',
  'AR',
  'CC',
  'DP',
  'EA',
  'ED',
  'FD',
  'IP',
  'IT',
  'LO',
  'OF',
  'PF',
  'PL',
  'PU',
  'TR',
];

const statuses: { readonly [code: string]: ParcelStatus } = {
  ...Object.fromEntries(inTransit.map((code) => [code, 'in_transit' as const])),
  DE: 'exception',
  DL: 'delivered',
  DY: 'delayed',
  HL: 'available_for_pickup',
  HP: 'available_for_pickup',
  OC: 'pre_transit',
  OD: 'out_for_delivery',
  RS: 'return_to_sender',
  SE: 'exception',
};

/** A delivery exception whose reason is that nobody was there to take it. */
const nobodyThere = /not in|not available|closed|not home|signature/i;

const statusOf = (event: unknown): ParcelStatus | undefined => {
  const code = textAt(event, 'EventType') ?? '';
  const reason = textAt(event, 'StatusExceptionDescription') ?? '';
  return code === 'DE' && nobodyThere.test(reason) ? 'attempted_delivery' : statuses[code];
};

const reportsOf = (details: unknown): readonly CarrierReport[] => {
  const trackingNumber = numberAt(details, 'TrackingNumber');
  if (trackingNumber === undefined) return [];
  return listAt(details, 'Events')
    .slice(0, reportsMax)
    .flatMap((event) => {
      const reportedAt = timeOf(textAt(event, 'Timestamp'));
      if (reportedAt === undefined) return [];
      const words = [textAt(event, 'EventDescription'), textAt(event, 'StatusExceptionDescription')];
      const place = (name: string) => textAt(event, 'Address', name);
      const places = [place('City'), place('StateOrProvinceCode'), place('CountryCode')];
      return [{ trackingNumber, ...statusMember(statusOf(event)), ...wordsOf(words, places), reportedAt }];
    });
};

/** @throws CarrierUnreadable; CarrierAway when it says that it can't answer now */
export const readFedex = (body: Uint8Array): readonly CarrierReport[] => {
  const document = readXml(body);
  // Alone, or in an envelope of SOAP.
  const reply = at(document, 'TrackReply') ?? at(document, 'Envelope', 'Body', 'TrackReply');
  if (reply === undefined) throw new CarrierUnreadable('The answer is no TrackReply.');
  const completed = listAt(reply, 'CompletedTrackDetails');
  const severities = [reply, ...completed].map((part) => textAt(part, 'HighestSeverity'));
  if (severities.includes('FAILURE')) throw new CarrierAway('FedEx could not process the request.');
  return completed.flatMap((part) => listAt(part, 'TrackDetails')).flatMap(reportsOf);
};
