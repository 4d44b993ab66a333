/**
 * Since when a carrier that is asked does not answer (R22.2): what is shown of its parcels is what was known by then, and more
 * may have happened.
 */
import { carrierSlug } from '../../domain/trackingNumber/recognise.ts';
import type { ShipmentDocument } from '../../projections/shipments/projection.ts';
import type { CarrierPorts } from '../ports.ts';

/** Nothing more is expected of what has arrived, and of what never left. */
const isOnItsWay = ({ deliveredAt, voidedAt, status }: ShipmentDocument): boolean =>
  deliveredAt === null && voidedAt === undefined && status !== 'return_to_sender';

export interface StaleTracking {
  readonly whole: { readonly stale: boolean; readonly staleSince: string | null };
  /** By shipment; one that is missing is as new as its carrier. */
  readonly byShipment: ReadonlyMap<string, string>;
}

export const staleTracking = async (
  shipments: readonly ShipmentDocument[],
  { away }: Pick<CarrierPorts, 'away'>,
): Promise<StaleTracking> => {
  const waiting = shipments
    .filter(isOnItsWay)
    .flatMap(({ shipmentId, carrier }) =>
      carrier === undefined ? [] : [{ shipmentId, carrier: carrierSlug(carrier) }],
    );
  const since = await away([...new Set(waiting.map(({ carrier }) => carrier))]);
  const byShipment = new Map(
    waiting.flatMap(({ shipmentId, carrier }) => {
      const at = since.get(carrier);
      return at === undefined ? [] : [[shipmentId, at] as const];
    }),
  );
  const [earliest = null] = [...byShipment.values()].toSorted();
  return { whole: { stale: earliest !== null, staleSince: earliest }, byShipment };
};
