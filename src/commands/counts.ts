/** A count is about the shelf when counting began: what has moved since is counted in, and not undone (B9, docs/counts.md). */
import type { CountBegin, StockCommandOf } from '../domain/stock/commands.ts';
import type { StockEvent } from '../domain/stock/events.ts';
import { stockStream } from '../domain/values.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import { refuse } from '../eventsourcing/message.ts';
import type { EventStore } from '../eventsourcing/ports.ts';
import type { Recorded } from '../eventsourcing/projecting/projection.ts';
import type { Handlers } from './handlers.ts';
import type { CountRefusal, StockChange, StockOutcome } from './stock.ts';

/** Changes of one stock while somebody counts it: a day of the busiest shelf. More are read for nobody. */
const changesMax = 10_000;
/** Decoded in some ten milliseconds. */
const pageEvents = 500;
/** Each loses only to a change in the milliseconds between its look and its record. */
const attemptsMax = 10;

export interface CountRequest {
  /** What was on the shelf when the stock was at `baseRevision`. */
  readonly count: Omit<StockCommandOf<'SetStock'>, 'began' | 'approval' | 'note'>;
  readonly baseRevision: number;
  readonly note?: string;
}

interface CountPorts {
  readonly changeStock: (change: StockChange) => Promise<StockOutcome>;
  readonly events: Pick<EventStore, 'readStream'>;
}

const lost = (detail: string): StockOutcome => ({
  kind: 'refused',
  refusal: refuse<CountRefusal>('COUNT_BASE_NOT_FOUND', detail).refused,
});

type Look = { readonly began: CountBegin; readonly head: number } | { readonly objection: string };

/**
 * What later counts have put right, and what was proposed before counting began and approved since: pieces that were gone
 * from the shelf already. Neither is a movement.
 */
const correctedIn = (since: readonly Recorded<StockEvent>[]): number => {
  const proposed = new Set<string>();
  let corrected = 0;
  let isApproved = false;
  for (const { type, data } of since) {
    if (type === 'StockChangeProposed') proposed.add(data.approvalId);
    // What was approved follows in the same append.
    if (type === 'StockChangeApproved') isApproved = !proposed.has(data.approvalId);
    if (type === 'StockCounted' || (type === 'StockAdjusted' && isApproved)) {
      corrected += data.delta;
      isApproved = false;
    }
  }
  return corrected;
};

const beganAt = ([base, ...since]: readonly Recorded<StockEvent>[]): Look => {
  if (base === undefined) return { objection: 'The stock has never had this revision.' };
  const all = [base, ...since];
  if (all.some(({ type }) => type === 'StockRetired')) return { objection: 'The stock was retired since.' };
  const began = {
    revision: base.revision,
    onHand: base.data.after.onHand,
    corrected: correctedIn(since),
    proposed: since.flatMap((event) => (event.type === 'StockChangeProposed' ? [event.data.approvalId] : [])),
  };
  return { began, head: base.revision + since.length };
};

export const createCountUseCases = ({ stock }: Pick<Handlers, 'stock'>, { changeStock, events }: CountPorts) => {
  const lookFrom = async (stream: string, revision: number): Promise<Look> => {
    const seen: Recorded<StockEvent>[] = [];
    for (;;) {
      const page = await events.readStream(stream, revision + seen.length, pageEvents);
      // A stream of a stock holds events of stocks only.
      seen.push(...(page as readonly Recorded<StockEvent>[]));
      if (page.length < pageEvents) return beganAt(seen);
      if (seen.length > changesMax) return { objection: `The stock has had ${changesMax} changes since.` };
    }
  };

  return {
    /**
     * Decided at the revision up to which the time since was looked at, as another count in between would correct the same
     * twice. A caller's own `ifMatch` stands in its place, and its conflict is the caller's.
     */
    countStock: async ({ count, baseRevision, note }: CountRequest, context: CommandContext): Promise<StockOutcome> => {
      const stream = stockStream(count.warehouseId, count.sku);
      const said = note === undefined ? {} : { note };
      if (context.isRetry === true && (await stock.hasRecorded(stream, context.commandId))) {
        return changeStock({ command: count, context, ...said });
      }
      if ((await stock.load(stream)).state.phase === 'absent') return changeStock({ command: count, context, ...said });
      for (let attempt = 1; ; attempt += 1) {
        const look = await lookFrom(stream, baseRevision);
        if ('objection' in look) return lost(look.objection);
        const { began, head } = look;
        const at = { ...context, ifMatch: context.ifMatch ?? [head] };
        const outcome = await changeStock({ command: { ...count, began }, context: at, ...said });
        if (outcome.kind !== 'stale' || context.ifMatch !== undefined || attempt === attemptsMax) return outcome;
      }
    },
  };
};
