import type { Position } from '../message.ts';
import type { EventSource } from '../ports.ts';
import { comparePositions } from '../position.ts';

/**
 * The log was restored from a backup that is older than the read models. Its positions are given out again, so whoever
 * went on from there would wait in silence, and then skip what was written meanwhile.
 */
export class CheckpointAhead extends Error {
  override readonly name = 'CheckpointAhead';
}

/**
 * Looks at a checkpoint before anything is read from there. Once it was ahead it stays so for this process, as a log that
 * grows past it hides what is wrong.
 * @throws CheckpointAhead from what it returns
 */
export const createAheadGuard = (
  name: string,
  source: Pick<EventSource, 'head'>,
): ((stored: Position | null) => Promise<void>) => {
  let ahead: CheckpointAhead | null = null;
  return async (stored) => {
    if (ahead !== null) throw ahead;
    if (stored === null) return;
    // Asked after the checkpoint was read, so a log that was not restored is never behind it.
    const head = await source.head();
    if (head !== null && comparePositions(stored, head) <= 0) return;
    ahead = new CheckpointAhead(
      `${name} has handled ${stored.commit}, but the log ends at ${head?.commit ?? 0n}. If the log was restored, drop the ` +
        'read models and restart: they are made anew. See docs/disaster-recovery.md.',
    );
    throw ahead;
  };
};
