/**
 * What carriers report, told to the shipments that they mean (R12.2). They send reports twice, late and out of order, about
 * numbers that were used before, and about parcels of others: none of it is an error that would make them send it again.
 */
import {
  type NumberedParcels,
  type NumberedShipment,
  parcelsMeant,
  shipmentMeant,
} from '../domain/shipment/matching.ts';
import { compactNumber } from '../domain/trackingNumber/recognise.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { type CarrierAdapter, type CarrierReport, CarrierUnreadable, type CarrierWatch } from './carrierPorts.ts';
import { systemActor, systemContext } from './handlers.ts';
import { type NewId, SubjectErased } from './ports.ts';
import type { createShipmentUseCases, TrackingReport } from './shipments.ts';

export type NumberedShipmentFacts = NumberedShipment & NumberedParcels;

/** Which shipments have, or had, a number: as far as the read models have come. */
export interface NumberedShipments {
  withNumber(trackingNumber: string): Promise<readonly NumberedShipmentFacts[]>;
  /** Waits until they have seen all that is in the log now. @throws StoreUnavailable when they do not get there in time */
  catchUp(): Promise<void>;
}

/**
 * `recorded`: it is news. `repeated`: it was told before. `unknown`: no shipment of ours is meant. `ignored`: more about one
 * parcel than is kept, or of a time to come. `unreadable`: a message, not a report.
 */
const reportFates = ['recorded', 'repeated', 'unknown', 'ignored', 'unreadable'] as const;
type ReportFate = (typeof reportFates)[number];
export type ReportCounts = { readonly [Fate in ReportFate]: number };

const nothing: ReportCounts = { recorded: 0, repeated: 0, unknown: 0, ignored: 0, unreadable: 0 };

/** A carrier that names no zone may be read some hours late; a day ahead it is a broken clock. */
const aheadMaxMs = 24 * 3_600_000;

interface CarrierReportPorts {
  readonly trackParcel: ReturnType<typeof createShipmentUseCases>['trackParcel'];
  readonly shipments: NumberedShipments;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly carrierWatch: CarrierWatch;
}

/** One parcel of one shipment that is meant. */
interface Target {
  readonly shipmentId: string;
  readonly parcelId: string;
}

export const createCarrierReports = ({ trackParcel, shipments, clock, newId, carrierWatch }: CarrierReportPorts) => {
  const targetsAmong = (
    known: readonly NumberedShipmentFacts[],
    { trackingNumber, reportedAt, carrier }: CarrierReport & { readonly carrier: string },
  ): readonly Target[] => {
    const number = compactNumber(trackingNumber);
    const meant = shipmentMeant(known, { carrier, reportedAt });
    if (meant === null) return [];
    const { shipmentId } = meant;
    return parcelsMeant(meant, (each) => compactNumber(each) === number).map((parcelId) => ({ shipmentId, parcelId }));
  };

  const tell = async (
    { shipmentId, parcelId }: Target,
    report: CarrierReport,
    adapter: string,
  ): Promise<ReportFate> => {
    const { status, detail, location, reportedAt } = report;
    const bare: TrackingReport = { parcelId, reportedAt, ...(status === undefined ? {} : { status }) };
    const context: CommandContext = {
      ...systemContext(newId()),
      occurredAt: reportedAt < clock.now() ? reportedAt : clock.now(),
      actor: { ...systemActor, subject: `carrier:${adapter}` },
    };
    const words = { ...(detail === undefined ? {} : { detail }), ...(location === undefined ? {} : { location }) };
    const outcome = await trackParcel(shipmentId, { ...bare, ...words }, context).catch((error: unknown) => {
      // Where the parcel is may be kept; words about the customer may not.
      if (error instanceof SubjectErased) return trackParcel(shipmentId, bare, context);
      throw error;
    });
    if (outcome.kind === 'recorded') return 'recorded';
    return outcome.kind === 'refused' ? 'ignored' : 'repeated';
  };

  /** The shipments of each number, looked for once; what was dispatched a moment ago is waited for. */
  const shipmentsOf = async (reports: readonly CarrierReport[]) => {
    const numbers = [...new Set(reports.map(({ trackingNumber }) => trackingNumber))];
    const find = async (number: string) => [number, await shipments.withNumber(number)] as const;
    const found = new Map(await Promise.all(numbers.map(find)));
    const missing = numbers.filter((number) => found.get(number)?.length === 0);
    if (missing.length === 0) return found;
    await shipments.catchUp();
    return new Map([...found, ...(await Promise.all(missing.map(find)))]);
  };

  /** @param adapter whose message it is, and who carries what names no carrier */
  const takeCarrierReports = async (adapter: string, reports: readonly CarrierReport[]): Promise<ReportCounts> => {
    const counts = { ...nothing };
    if (reports.length === 0) return counts;
    const latest = new Date(Date.parse(clock.now()) + aheadMaxMs).toISOString();
    const known = await shipmentsOf(reports);
    // By their time, so that what says nothing of where the parcel is finds what was said before it.
    for (const report of reports.toSorted((a, b) => (a.reportedAt < b.reportedAt ? -1 : 1))) {
      const carrier = report.carrier ?? adapter;
      const targets = targetsAmong(known.get(report.trackingNumber) ?? [], { ...report, carrier });
      if (report.reportedAt > latest) counts.ignored += 1;
      else if (targets.length === 0) counts.unknown += 1;
      else for (const target of targets) counts[await tell(target, report, adapter)] += 1;
    }
    for (const fate of reportFates) carrierWatch.told(adapter, fate, counts[fate]);
    return counts;
  };

  return {
    takeCarrierReports,
    /** A message that was signed, and can't be read all the same, would not be read the next time either. */
    takeCarrierMessage: async ({ name, webhook }: CarrierAdapter, body: Uint8Array): Promise<ReportCounts> => {
      try {
        return await takeCarrierReports(name, webhook?.read(body) ?? []);
      } catch (error) {
        if (!(error instanceof CarrierUnreadable)) throw error;
        carrierWatch.told(name, 'unreadable', 1);
        return { ...nothing, unreadable: 1 };
      }
    },
  };
};
