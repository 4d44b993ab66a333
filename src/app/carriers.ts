/** Carriers put together: what they report is told to shipments, and those that send nothing are asked (docs/couriers.md). */
import type { FastifyBaseLogger } from 'fastify';
import type { Carriers, CarrierWatch } from '../commands/carrierPorts.ts';
import { createCarrierReports } from '../commands/carrierReports.ts';
import type { UseCases } from '../commands/index.ts';
import type { NewId } from '../commands/ports.ts';
import { type Clock, type EventSource, StoreUnavailable } from '../eventsourcing/ports.ts';
import type { CarrierPorts } from '../http/ports.ts';
import { createCarrierAsking } from '../processManagers/askCarriers.ts';
import type { ReadModels } from '../projections/index.ts';

interface CarrierSideOptions {
  /** Absent: none is configured. */
  readonly carriers?: Carriers;
  readonly events: Pick<EventSource, 'head'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly logger: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

/** As long as a read with a position waits by default (docs/openapi.json). */
const catchUpMaxMs = 2_000;

const escapeLabel = (text: string): string => text.replaceAll(/[\\"\n]/g, '_');

/** Lines of `GET /metrics`, in the Prometheus text format, and a line of the log when a carrier goes and comes. */
const createCarrierMeasures = (logger: Pick<FastifyBaseLogger, 'info' | 'warn'>) => {
  const told = new Map<string, number>();
  const away = new Map<string, number>();
  const watch: CarrierWatch = {
    told: (carrier, fate, count) => {
      const labels = `{carrier="${escapeLabel(carrier)}",fate="${fate}"}`;
      told.set(labels, (told.get(labels) ?? 0) + count);
      if (fate === 'unreadable' && count > 0) logger.warn({ carrier }, 'what the carrier says can not be read');
    },
    away: (carrier, reason) => {
      const labels = `{carrier="${escapeLabel(carrier)}"}`;
      const wasAway = away.get(labels) === 1;
      away.set(labels, reason === null ? 0 : 1);
      if (reason !== null && !wasAway) logger.warn({ carrier, reason }, 'the carrier does not answer');
      if (reason === null && wasAway) logger.info({ carrier }, 'the carrier answers again');
    },
  };
  return {
    watch,
    lines: () => [
      '# HELP stockledger_carrier_reports_total Reports of carriers, by what became of them.',
      '# TYPE stockledger_carrier_reports_total counter',
      ...[...told].map(([labels, count]) => `stockledger_carrier_reports_total${labels} ${count}`),
      '# HELP stockledger_carrier_away Whether a carrier that is asked did not answer at the latest look.',
      '# TYPE stockledger_carrier_away gauge',
      ...[...away].map(([labels, isAway]) => `stockledger_carrier_away${labels} ${isAway}`),
    ],
  };
};

export const createCarrierSide = (
  { carriers = new Map(), events, clock, newId, logger }: CarrierSideOptions,
  { trackParcel }: Pick<UseCases, 'trackParcel'>,
  { trackedShipments, carrierRounds }: Pick<ReadModels, 'trackedShipments' | 'carrierRounds'>,
) => {
  const { watch: carrierWatch, lines } = createCarrierMeasures(logger);
  const catchUp = async (): Promise<void> => {
    const head = await events.head();
    if (head === null || (await trackedShipments.model.waitFor(head, catchUpMaxMs))) return;
    throw new StoreUnavailable('which shipments there are can not be said yet', 'not_written');
  };
  const { withNumber, onTheirWay } = trackedShipments.queries;
  const reports = createCarrierReports({ trackParcel, shipments: { withNumber, catchUp }, clock, newId, carrierWatch });
  const { takeCarrierReports } = reports;
  const asking = createCarrierAsking({ carriers, onTheirWay, carrierRounds, takeCarrierReports, carrierWatch, clock });
  const asked = new Set(asking.map(({ name }) => name));
  const forHttp: CarrierPorts = {
    webhookOf: (name) => {
      const adapter = carriers.get(name);
      return adapter?.webhook === undefined ? null : adapter;
    },
    take: reports.takeCarrierMessage,
    away: (names) => carrierRounds.away(names.filter((name) => asked.has(name))),
  };
  return { forHttp, asking, lines };
};
