/** A shop that places an order every quarter of a second, waits for its sources, and reads what it has just written. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { contestedSku, inventoryPath, orders } from '../requests.ts';

export interface Shopping {
  /** From sending an order to its answer. */
  readonly placedMs: readonly number[];
  /** From sending an order until a plain read shows its sources. */
  readonly allocatedMs: readonly number[];
  /** Reads with the position of an order, those that were refused included. */
  readonly readMs: readonly number[];
  /** By status. */
  readonly orderAnswers: ReadonlyMap<number, number>;
  readonly readAnswers: ReadonlyMap<number, number>;
  /** Orders that had no source when the shop gave up. */
  readonly unserved: number;
}

const orderEveryMs = 250;
/** Quick at first, so that a few milliseconds are told from many; then seldom, as each look is a load of its own. */
const lookFirstMs = 2;
const lookMaxMs = 100;
const giveUpMs = 120_000;

const count = (answers: Map<number, number>, status: number): void => {
  answers.set(status, (answers.get(status) ?? 0) + 1);
};

export const keepShopping = async ({ origin, token }: Api, stop: AbortSignal): Promise<Shopping> => {
  const [placedMs, allocatedMs, readMs]: [number[], number[], number[]] = [[], [], []];
  const [orderAnswers, readAnswers] = [new Map<number, number>(), new Map<number, number>()];
  let unserved = 0;
  const nextOrder = orders(token, { sku: contestedSku });

  const get = (path: string, headers: object = {}): Promise<Response> =>
    fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } });

  const readAt = async (path: string, position: string): Promise<void> => {
    const startedAt = performance.now();
    const answer = await get(path, { 'stockledger-min-position': position });
    await answer.arrayBuffer();
    readMs.push(performance.now() - startedAt);
    count(readAnswers, answer.status);
  };

  const untilAllocated = async (path: string, sentAt: number): Promise<void> => {
    for (let restMs = lookFirstMs; performance.now() - sentAt < giveUpMs; restMs = Math.min(lookMaxMs, restMs * 2)) {
      const { allocation } = (await (await get(path)).json()) as { allocation?: string };
      if (allocation === 'complete') {
        allocatedMs.push(performance.now() - sentAt);
        return;
      }
      await pause(restMs);
    }
    unserved += 1;
  };

  const placeOne = async (): Promise<void> => {
    const { method, path, body, headers } = nextOrder();
    const sentAt = performance.now();
    const answer = await fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    count(orderAnswers, answer.status);
    placedMs.push(performance.now() - sentAt);
    const { orderId } = (await answer.json()) as { orderId?: string };
    const position = answer.headers.get('stockledger-position');
    if (!answer.ok || orderId === undefined || position === null) return;
    const own = `/v1/orders/${orderId}`;
    await Promise.all([
      untilAllocated(own, sentAt),
      readAt(own, position),
      readAt(inventoryPath(contestedSku), position),
    ]);
  };

  const placed: Promise<void>[] = [];
  while (!stop.aborted) {
    placed.push(placeOne());
    await pause(orderEveryMs, undefined, { signal: stop }).catch(() => undefined);
  }
  await Promise.all(placed);
  return { placedMs, allocatedMs, readMs, orderAnswers, readAnswers, unserved };
};
