/** Ends reservations that are past their time, by an event (B4). Run every second or so; repeating it is harmless. */
import { stockStream } from '../domain/values.ts';
import type { Handlers } from './handlers.ts';
import { derivedId } from './ids.ts';
import { eachLimited } from './keyed.ts';
import type { Clock, DueReservations } from './ports.ts';
import { systemContext } from './systemContext.ts';

/** Reservations of one sweep: a burst is worked off over several, so that it doesn't crowd out buyers. */
const dueMax = 500;
const concurrency = 64;

/** @returns how many were past their time; when it is `dueMax`, there may be more. */
export const createExpireReservations =
  ({ stock }: Pick<Handlers, 'stock'>, due: DueReservations, clock: Clock) =>
  async (): Promise<number> => {
    const now = clock.now();
    const reservations = await due.dueAt(now, dueMax);
    await eachLimited(reservations, concurrency, async ({ warehouseId, sku, reservationId }) => {
      const stream = stockStream(warehouseId, sku);
      const { revision } = await stock.load(stream);
      const commandId = derivedId(`expire/${stream}/${reservationId}@${revision}`);
      const command = { warehouseId, sku, occurredAt: now, reservationId, now };
      await stock(stream, { type: 'ExpireReservation', ...command }, systemContext(commandId));
    });
    return reservations.length;
  };
