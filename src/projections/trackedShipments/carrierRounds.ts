/**
 * How far each carrier was asked about its shipments, and since when it can't be: beside the log and its read models, as it is
 * no fact about a shipment. What stands here may be lost: then all are asked again.
 */
import type { Documents } from '../../eventsourcing/projecting/documents.ts';

export interface CarrierRound {
  /** When the first shipment of this round was asked for, ISO 8601 UTC. */
  readonly beganAt: string;
  /** The last shipment that was asked for; `null`: the round is over. */
  readonly after: string | null;
  /** Since when it could not be asked, ISO 8601 UTC; `null`: it can. */
  readonly awaySince: string | null;
}

/** No projection makes it, so a rebuild leaves it as it is. */
const collection = 'carrier_rounds';

export interface CarrierRounds {
  /** Creates the collection; must be awaited before anything else. */
  prepare(): Promise<void>;
  get(carrier: string): Promise<CarrierRound | null>;
  /** Only who holds the lease of the sweeps writes. */
  put(carrier: string, round: CarrierRound): Promise<void>;
  /** Since when these carriers can't be asked; those that can are missing. */
  away(carriers: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export const createCarrierRounds = (documents: Documents): CarrierRounds => ({
  prepare: () => documents.ensure({ name: collection, indexes: [] }),
  get: async (carrier) => (await documents.get<CarrierRound>(collection, carrier))?.document ?? null,
  put: async (carrier, round) => {
    const expected = (await documents.get<CarrierRound>(collection, carrier))?.position ?? null;
    // There is no event to take the position of: it counts the writes.
    await documents.write(collection, [{ id: carrier, document: round, position: (expected ?? 0n) + 1n, expected }]);
  },
  away: async (carriers) => {
    if (carriers.length === 0) return new Map();
    const found = await documents.getMany<CarrierRound>(collection, carriers);
    return new Map(
      [...found].flatMap(([carrier, { document }]) =>
        document.awaySince === null ? [] : [[carrier, document.awaySince]],
      ),
    );
  },
});
