/** Ends reservations that are past their time, by an event (B4). Run every second or so; repeating it is harmless. */
import type { Handlers } from '../commands/handlers.ts';
import { systemContext } from '../commands/handlers.ts';
import { lookUp } from '../domain/bucketMap.ts';
import { stockStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/outcome.ts';
import { eachLimited } from '../eventsourcing/concurrency.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { DueReservation, DueReservations, LapseWatch } from './ports.ts';

/** Reservations that are looked up together. */
const pageMax = 500;
/** Commands at once: enough to fill a group commit, and few beside those of buyers. */
const concurrency = 64;

export interface ExpiryPorts {
  readonly stock: Handlers['stock'];
  readonly due: DueReservations;
  readonly watch: LapseWatch;
  readonly clock: Clock;
}

/** Ends all that are due when it begins, page by page, or until aborted. @returns how many were past their time. */
export type ExpireReservations = (signal?: AbortSignal) => Promise<number>;

export const createExpireReservations = ({ stock, due, watch, clock }: ExpiryPorts): ExpireReservations => {
  const expire = async ({ warehouseId, sku, reservationId, expiresAt }: DueReservation, now: string): Promise<void> => {
    const stream = stockStream(warehouseId, sku);
    const { state, revision } = await stock.load(stream);
    // The list that it is from is some milliseconds behind, and what a sweep has just ended is in the next one's.
    if (state.phase === 'absent' || lookUp(state.reservations, reservationId) === undefined) return;
    const commandId = derivedId(`expire/${stream}/${reservationId}@${revision}`);
    const command = { warehouseId, sku, occurredAt: now, reservationId, now };
    const outcome = await stock(stream, { type: 'ExpireReservation', ...command }, systemContext(commandId));
    if (outcome.kind === 'recorded') watch.ended(Date.parse(clock.now()) - Date.parse(expiresAt));
  };

  /** One that can't be ended holds up none of the others. @returns the failures. */
  const expirePage = async (page: readonly DueReservation[], now: string): Promise<readonly unknown[]> => {
    const failures: unknown[] = [];
    await eachLimited(page, concurrency, (each) =>
      expire(each, now).catch((error: unknown) => void failures.push(error)),
    );
    return failures;
  };

  return async (signal) => {
    const now = clock.now();
    const failures: unknown[] = [];
    let count = 0;
    for (let after: DueReservation | undefined; signal?.aborted !== true; ) {
      const page = await due.dueAt(now, pageMax, after);
      if (after === undefined) watch.oldestDue(Date.parse(now) - Date.parse(page[0]?.expiresAt ?? now));
      const failed = await expirePage(page, now);
      failures.push(...failed);
      count += page.length;
      after = page.at(-1);
      // Where all of a page fail, the store is away.
      if (page.length < pageMax || failed.length === page.length) break;
    }
    if (failures.length > 0) throw failures[0];
    return count;
  };
};
