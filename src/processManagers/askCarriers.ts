/**
 * Asks carriers that send nothing by themselves about the shipments that are on their way with them (R12.2), round after
 * round. One that does not answer keeps its place: its round goes on from there when it is back, and meanwhile readers are
 * told since when it is away (R22.2).
 */
import {
  type CarrierAdapter,
  CarrierAway,
  type CarrierReport,
  type Carriers,
  CarrierUnreadable,
  type CarrierWatch,
} from '../commands/carrierPorts.ts';
import type { NumberedShipmentFacts } from '../commands/carrierReports.ts';
import type { Clock } from '../eventsourcing/ports.ts';

/** How far a carrier was asked. */
export interface CarrierRound {
  readonly beganAt: string;
  readonly after: string | null;
  readonly awaySince: string | null;
}

export interface CarrierAskingPorts {
  readonly carriers: Carriers;
  /** By id; `after`: those that follow it. */
  readonly onTheirWay: (
    carrier: string,
    after: string | null,
    limit: number,
  ) => Promise<readonly NumberedShipmentFacts[]>;
  readonly carrierRounds: {
    get(carrier: string): Promise<CarrierRound | null>;
    put(carrier: string, round: CarrierRound): Promise<void>;
  };
  readonly takeCarrierReports: (adapter: string, reports: readonly CarrierReport[]) => Promise<unknown>;
  readonly carrierWatch: CarrierWatch;
  readonly clock: Clock;
}

/** So many shipments are asked for side by side; how many requests are under way at once is the adapter's. */
const pageMax = 20;
/** Between the beginnings of two rounds: a parcel is scanned a few times a day, and carriers count requests. */
export const roundEveryMs = 30 * 60_000;

/** After its dispatch. What has not arrived by then never will, and carriers give a number to another parcel. */
export const askedForMs = 180 * 24 * 3_600_000;

/** Between two looks whether a round is due, or a carrier is back. */
export const askEveryMs = 10_000;

type Asking = CarrierAdapter & Required<Pick<CarrierAdapter, 'ask'>>;

const canAsk = (adapter: CarrierAdapter): adapter is Asking => adapter.ask !== undefined;

const numbersOf = ({ trackingNumber, parcels }: NumberedShipmentFacts): readonly string[] => {
  const all = [trackingNumber, ...parcels.map((parcel) => parcel.trackingNumber)];
  return all.filter((number) => number !== undefined);
};

/** One for each carrier that can be asked; `look` does what is due, and can be called as often as one likes. */
export const createCarrierAsking = (ports: CarrierAskingPorts) => {
  const { carriers, onTheirWay, carrierRounds, takeCarrierReports, carrierWatch, clock } = ports;

  /** @returns why it does not answer; `null`: it does */
  const askFor = async ({ name, ask }: Asking, trackingNumber: string, signal: AbortSignal): Promise<string | null> => {
    try {
      const reports = await ask(trackingNumber, signal);
      await takeCarrierReports(name, reports);
      return null;
    } catch (error) {
      if (error instanceof CarrierAway) return error.message;
      if (!(error instanceof CarrierUnreadable)) throw error;
      carrierWatch.told(name, 'unreadable', 1);
      return null;
    }
  };

  const isOver = ({ after, beganAt }: CarrierRound): boolean =>
    after === null && Date.parse(clock.now()) - Date.parse(beganAt) < roundEveryMs;

  /** Where to begin, or to go on; `null`: nothing is due. One that is away is looked at each time. */
  const dueRound = (known: CarrierRound | null): CarrierRound | null => {
    const now = clock.now();
    if (known === null) return { beganAt: now, after: null, awaySince: null };
    if (known.awaySince === null && isOver(known)) return null;
    return known.after === null ? { ...known, beganAt: now } : known;
  };

  /** @returns the round after the page; `null`: the process is to stop. */
  const askPage = async (carrier: Asking, round: CarrierRound, signal: AbortSignal): Promise<CarrierRound | null> => {
    const page = await onTheirWay(carrier.name, round.after, pageMax);
    const oldestMs = Date.parse(clock.now()) - askedForMs;
    const awaited = page.filter(({ dispatchedAt }) => Date.parse(dispatchedAt) >= oldestMs);
    const numbers = [...new Set(awaited.flatMap(numbersOf))];
    const answered = await Promise.all(numbers.map((number) => askFor(carrier, number, signal)));
    if (signal.aborted) return null;
    const reason = answered.find((each) => each !== null) ?? null;
    carrierWatch.away(carrier.name, reason);
    if (reason !== null) return { ...round, awaySince: round.awaySince ?? clock.now() };
    const last = page.length < pageMax ? undefined : page.at(-1);
    return { ...round, after: last?.shipmentId ?? null, awaySince: null };
  };

  const look = async (carrier: Asking, signal: AbortSignal): Promise<void> => {
    const { name } = carrier;
    let round = dueRound(await carrierRounds.get(name));
    while (round !== null) {
      round = await askPage(carrier, round, signal);
      if (round === null) return;
      await carrierRounds.put(name, round);
      if (round.awaySince !== null || round.after === null) return;
    }
  };

  return [...carriers.values()].filter(canAsk).map((carrier) => ({
    name: carrier.name,
    look: (signal: AbortSignal) => look(carrier, signal),
  }));
};
