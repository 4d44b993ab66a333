/** What a change was answered, against what was recorded of it. */
import type { Act } from './acts.ts';
import type { Journal } from './journal.ts';
import { covers, type LogEvent } from './log.ts';

interface Told {
  readonly lapsedReservations?: readonly { readonly reservationId: string; readonly quantity: number }[];
  readonly missing?: number;
}

/** Facts tell what they took from claims, and what of them the ledger did not know of (T28). */
const checkFact = ({ said, issued, ask }: Act, events: readonly LogEvent[], journal: Journal): void => {
  const told = (said?.body ?? {}) as Told;
  if (told.lapsedReservations === undefined) return;
  const lapsed = events
    .filter(({ type }) => type === 'StockReservationLapsed')
    .map(({ data: { reservationId, quantity } }) => ({ reservationId, quantity }));
  const missing = events.find(({ type }) => type === 'StockDiscrepancyRecorded')?.data.missing;
  if (!covers(told.lapsedReservations, lapsed) || told.missing !== missing) {
    journal.differ(
      `tells of ${JSON.stringify(told)}, and took ${JSON.stringify({ lapsed, missing })}`,
      [ask.about],
      [issued],
    );
  }
};

/** @param events what was recorded of it, the last one last. */
export const checkAnswer = (act: Act, events: readonly LogEvent[], journal: Journal): void => {
  const { said, issued, ask } = act;
  const revision = events.at(-1)?.revision ?? -1;
  if (said === null) return;
  if (!said.isDone) {
    journal.differ(`answered ${said.code}, and is recorded at revision ${revision}`, [ask.about], [issued]);
    return;
  }
  // A stock answers with the state that the change led to; an order and a shipment as they are by now.
  const isExact = ask.about?.startsWith('stock ') === true;
  // A dispatch is answered with its shipment, which has revisions of its own.
  const isOther = 'shipmentId' in said.body && ask.about?.startsWith('order ') === true;
  const isOff = said.revision !== null && !isOther && (isExact ? said.revision !== revision : said.revision < revision);
  if (isOff) journal.differ(`tells revision ${said.revision}, recorded at ${revision}`, [ask.about], [issued]);
  checkFact(act, events, journal);
};
