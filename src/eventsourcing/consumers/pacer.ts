/**
 * Long reads take turns: one slice in each turn of the event loop, of all of them together, so that a hundred of them
 * hold no other up for longer than one does.
 */
import type { EventSource } from '../ports.ts';

/** Resolves when it is the caller's turn. What it does at once should take some ten milliseconds. */
export type Pace = () => Promise<void>;

export const createPacer = (): Pace => {
  const waiting: (() => void)[] = [];
  const letNextIn = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letNextIn);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(letNextIn);
    });
};

/** Of a source: each read waits for its turn first. */
export const pacedReads = (source: Pick<EventSource, 'readStream'>, pace: Pace): Pick<EventSource, 'readStream'> => ({
  readStream: async (stream, fromRevision, limit) => {
    await pace();
    return source.readStream(stream, fromRevision, limit);
  },
});
