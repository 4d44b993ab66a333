/**
 * How far every consumer of the log has come, in this process or in another one. Answers that wait for a position wait
 * here (B8), whichever process runs the consumer.
 */
import { comparePositions, type Position } from '../message.ts';
import type { Checkpoints, ProgressPubSub } from '../ports.ts';

export interface Progress {
  readonly name: string;
  /** Everything up to here was handled. */
  position(): Position | null;
  /** Resolves `true` once handled up to `position`, `false` after `timeoutMs`. */
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  /** Why it stands still, or `null`; of what runs in this process. Never driver text. */
  failure(): string | null;
}

export interface ConsumerProgress {
  /** Only ever forward: what was handled stays handled. */
  moved(name: string, position: Position): void;
  failed(name: string, reason: string | null): void;
  /** Of a consumer that is made of these parts: it is as far as the last of them. */
  progress(name: string, parts?: readonly string[]): Progress;
  /** Learns from the checkpoints what others did before this process began. Nothing else waits for it. */
  lookOnce(): Promise<void>;
}

/** Other processes' progress: news of it, and the checkpoints for what the news did not tell. */
export interface SharedProgress {
  readonly pubSub: ProgressPubSub;
  readonly checkpoints: Pick<Checkpoints, 'get'>;
}

interface Waiter {
  readonly parts: readonly string[];
  readonly position: Position;
  readonly resolve: (reached: boolean) => void;
}

/** News may be lost; a waiter then learns it from the checkpoint this much later at the most. */
const lookEveryMs = 250;

const earliest = (positions: readonly (Position | null)[]): Position | null =>
  positions.reduce((first, position) =>
    first === null || position === null ? null : comparePositions(position, first) < 0 ? position : first,
  ) ?? null;

export const createConsumerProgress = (elsewhere?: SharedProgress): ConsumerProgress => {
  const positions = new Map<string, Position>();
  const failures = new Map<string, string>();
  const waiters = new Set<Waiter>();
  /** All that anybody asked about. */
  const known = new Set<string>();
  let looking: NodeJS.Timeout | null = null;

  const at = (parts: readonly string[]): Position | null => earliest(parts.map((part) => positions.get(part) ?? null));

  const hasReached = (parts: readonly string[], position: Position): boolean => {
    const reached = at(parts);
    return reached !== null && comparePositions(reached, position) >= 0;
  };

  const learn = (name: string, position: Position): void => {
    const before = positions.get(name);
    if (before !== undefined && comparePositions(position, before) <= 0) return;
    positions.set(name, position);
    for (const waiter of waiters) {
      if (!waiter.parts.includes(name) || !hasReached(waiter.parts, waiter.position)) continue;
      waiters.delete(waiter);
      waiter.resolve(true);
    }
  };

  const look = async ({ checkpoints }: SharedProgress, names: ReadonlySet<string>): Promise<void> => {
    const looks = [...names].map(async (name) => {
      const position = await checkpoints.get(name);
      if (position !== null) learn(name, position);
    });
    await Promise.all(looks);
  };

  const keepLooking = (): void => {
    if (elsewhere === undefined || waiters.size === 0 || looking !== null) return;
    looking = setTimeout(() => {
      // Callers of the store are told that it does not answer; here it only means that nothing is learnt.
      void look(elsewhere, new Set([...waiters].flatMap(({ parts }) => parts)))
        .catch(() => undefined)
        .then(() => {
          looking = null;
          keepLooking();
        });
    }, lookEveryMs);
  };

  const waitFor = (parts: readonly string[], position: Position, timeoutMs: number): Promise<boolean> => {
    if (hasReached(parts, position)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        parts,
        position,
        resolve: (reached) => {
          clearTimeout(timer);
          resolve(reached);
        },
      };
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        resolve(false);
      }, timeoutMs);
      waiters.add(waiter);
      keepLooking();
    });
  };

  elsewhere?.pubSub.listen(learn);

  return {
    moved: (name, position) => {
      learn(name, position);
      elsewhere?.pubSub.announce(new Map([[name, position]]));
    },
    failed: (name, reason) => {
      if (reason === null) failures.delete(name);
      else failures.set(name, reason);
    },
    progress: (name, parts = [name]) => {
      for (const part of parts) known.add(part);
      return {
        name,
        position: () => at(parts),
        waitFor: (position, timeoutMs) => waitFor(parts, position, timeoutMs),
        failure: () => parts.map((part) => failures.get(part)).find((reason) => reason !== undefined) ?? null,
      };
    },
    lookOnce: async () => {
      if (elsewhere !== undefined) await look(elsewhere, known);
    },
  };
};
