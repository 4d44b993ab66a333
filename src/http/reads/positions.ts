/** Waiting: for a position (B8), only for one that there is, and in bounds; and for the plan of a new order. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OrderEvent } from '../../domain/order/events.ts';
import { orderStream } from '../../domain/values.ts';
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { LiveEvents } from '../../eventsourcing/consumers/liveEvents.ts';
import { comparePositions, earlierOf, type Position, parsePosition } from '../../eventsourcing/message.ts';
import type { EventSource } from '../../eventsourcing/ports.ts';
import { tellPosition, text, waitSecondsOf } from '../input/headers.ts';
import { callerKey, createConcurrencyLimit } from '../limits.ts';
import { Problem } from '../problems/problem.ts';

/** A waiting request holds a socket and a timer; when a read model is behind, all its readers wait. */
const waitsMax = 1_000;
const waitsPerCallerMax = 250;

export interface PositionGate {
  /** @throws Problem `INVALID_POSITION` for one that nothing was ever written at. */
  require(position: Position): Promise<void>;
  /** @returns whether all have reached it in time. @throws Problem */
  wait(caller: string, position: Position, models: readonly Progress[], timeoutMs: number): Promise<boolean>;
}

interface GatePorts {
  readonly live: Pick<Progress, 'position'>;
  readonly source: Pick<EventSource, 'head'>;
}

const hasReached = (at: Position | null, position: Position): boolean =>
  at !== null && comparePositions(at, position) >= 0;

export const createPositionGate = ({ live, source }: GatePorts): PositionGate => {
  const waits = createConcurrencyLimit({ what: 'waits for a position', total: waitsMax, perCaller: waitsPerCallerMax });

  const requireIt: PositionGate['require'] = async (position) => {
    if (hasReached(live.position(), position)) return;
    // Another process may have written it just now, so the store is asked before it is refused.
    if (hasReached(await source.head(), position)) return;
    throw new Problem('INVALID_POSITION', 'The position lies beyond all there is.');
  };

  return {
    require: requireIt,
    wait: async (caller, position, models, timeoutMs) => {
      const behind = models.filter((model) => !hasReached(model.position(), position));
      if (behind.length === 0) return true;
      await requireIt(position);
      const permit = waits.take(caller, 1);
      try {
        const reached = await Promise.all(behind.map((model) => model.waitFor(position, timeoutMs)));
        return !reached.includes(false);
      } finally {
        permit.release();
      }
    },
  };
};

const waitDefaultSeconds = 2;

/** What all of them have seen; `null` when one has seen nothing. */
export const seenByAll = (models: readonly Progress[]): Position | null => {
  const [first = null, ...others] = models.map((model) => model.position());
  return others.reduce(
    (least, position) => (least === null || position === null ? null : earlierOf(least, position)),
    first,
  );
};

/**
 * Waits until the read models have seen what the caller has seen (B8), and says what the answer has seen.
 * @returns what the caller has seen; `null` when that was not said.
 * @throws Problem `NOT_CAUGHT_UP` when one of them does not get there in time.
 */
export const awaitPosition = async (
  request: FastifyRequest,
  reply: FastifyReply,
  models: readonly Progress[],
  gate: PositionGate,
): Promise<Position | null> => {
  const token = text(request, 'stockledger-min-position');
  const position = token === undefined ? null : parsePosition(token);
  if (token !== undefined) {
    if (position === null) throw new Problem('INVALID_POSITION', 'Use Stockledger-Position as it was given.');
    const seconds = waitSecondsOf(request) ?? waitDefaultSeconds;
    if (!(await gate.wait(callerKey(request.caller), position, models, seconds * 1_000))) {
      const detail = `The read model did not reach the position within ${seconds} s.`;
      throw new Problem('NOT_CAUGHT_UP', detail, { headers: { 'retry-after': '1' } });
    }
  }
  tellPosition(reply, seenByAll(models));
  return position;
};

/** The first of them ends the wait for the plan of an order. */
const plannedBy: ReadonlySet<string> = new Set<OrderEvent['type']>([
  'OrderAllocated',
  'OrderBackordered',
  'OrderCancelled',
]);

export interface PlanNews {
  /** The position of the plan; `null` when there is none in time. */
  readonly arrived: Promise<Position | null>;
  stop(): void;
}

/**
 * `Prefer: wait` (RFC 7240 §4.3): listens from now on, so that a plan that comes before the answer is not missed.
 * `null` where the caller does not wait.
 */
export const listenForPlan = (
  { live }: { readonly live: Pick<LiveEvents, 'subscribe'> },
  orderId: string,
  seconds: number | undefined,
): PlanNews | null => {
  if (seconds === undefined) return null;
  const stream = orderStream(orderId);
  const { promise, resolve } = Promise.withResolvers<Position | null>();
  const timer = setTimeout(resolve, seconds * 1_000, null);
  const unsubscribe = live.subscribe((event) => {
    if (event.stream === stream && plannedBy.has(event.type)) resolve(event.position);
  });
  const stop = (): void => {
    clearTimeout(timer);
    unsubscribe();
  };
  return { arrived: promise, stop };
};
