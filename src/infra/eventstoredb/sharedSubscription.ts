/** One live subscription for all followers of this process, into a tail that they share. */
import { createDoorbell, type Doorbell } from '../wakeSignal.ts';
import type { Horizon } from './highWaterMark.ts';
import { type Pulled, type PullPorts, pull } from './pull.ts';
import { createTail, type Tail, type TailEntry } from './recentEvents.ts';
import { positionOf, tryDecode } from './records.ts';

export interface Hub {
  /** Begins at the newest event, unless it runs already. */
  start(): void;
  /**
   * `undefined` until the server was reached once.
   * @throws StoreUnavailable when the log may not be followed; the next `start` tries again
   */
  tail(): Tail | undefined;
  /** Rings when the tail has grown, and when following failed for good. */
  readonly bell: Doorbell;
  /** Resolves when it runs no more, which `stopped` brings about. */
  ended(): Promise<void>;
}

/** Taken in one go. Large, as nothing waits for anything in between. */
const batchMax = 512;

const entriesOf = ({ resolved }: Pulled): TailEntry[] =>
  resolved.flatMap((each) => {
    const [position, event] = [positionOf(each), tryDecode(each)];
    return position === null || event === null ? [] : [{ position, type: each.event?.type ?? '', event }];
  });

/**
 * It asks for everything, events of the system too: each of them moves the followers on, so that none waits for the
 * position of an event that nobody asked for and that is the newest of the log.
 */
export const createHub = (ports: PullPorts, horizon: Horizon, stopped: AbortSignal): Hub => {
  const bell = createDoorbell();
  let tail: Tail | undefined;
  let failure: Error | undefined;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    const from = tail === undefined ? 'head' : tail.end();
    try {
      for await (const pulled of pull(ports, { from, types: null, batchMax, signal: stopped })) {
        tail ??= createTail(pulled.upTo);
        if (pulled.upTo === null) continue;
        tail.push(entriesOf(pulled), pulled.upTo);
        horizon.reach(pulled.upTo);
        bell.ring();
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error('following the log failed', { cause: error });
      bell.ring();
    } finally {
      running = undefined;
    }
  };

  return {
    start: () => {
      if (running !== undefined || stopped.aborted) return;
      failure = undefined;
      running = run();
    },
    tail: () => {
      if (failure !== undefined) throw failure;
      return tail;
    },
    bell,
    ended: async () => {
      await running;
    },
  };
};
