/** Sending requests of one kind, and what they were answered with. */
import { setTimeout as pause } from 'node:timers/promises';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** Beside those that every request has. */
  readonly headers?: { readonly [name: string]: string };
}

export interface Tally {
  readonly sent: number;
  /** By status. */
  readonly answers: ReadonlyMap<number, number>;
  readonly slowestMs: number;
}

export interface Caller {
  readonly origin: string;
  readonly token: string;
}

/** The longest that a client of ours waits; a service that holds still for longer shows as one that gave no answer. */
const patienceMs = 60_000;
const noAnswer = 0;

export const sendOne = async (
  { origin, token }: Caller,
  { method, path, body, headers = {} }: Sent,
): Promise<number> => {
  try {
    const answer = await fetch(`${origin}${path}`, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'idempotency-key': crypto.randomUUID() }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return noAnswer;
  }
};

/** All of them, so many at once. */
export const sendAll = async (requests: readonly (readonly [Caller, Sent])[], atOnce: number): Promise<Tally> => {
  const answers = new Map<number, number>();
  let next = 0;
  let slowestMs = 0;
  const sender = async (): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const startedAt = performance.now();
      const status = await sendOne(...request);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, sender));
  return { sent: requests.length, answers, slowestMs };
};

/** Live streams from the beginning, read for so long and then left. */
export const listen = async (
  caller: Caller,
  {
    paths,
    lastEventId,
    forMs,
  }: { readonly paths: readonly string[]; readonly lastEventId: string; readonly forMs: number },
): Promise<Tally> => {
  const answers = new Map<number, number>();
  const stop = new AbortController();
  const open = paths.map(async (path) => {
    const headers = { authorization: `Bearer ${caller.token}`, 'last-event-id': lastEventId };
    const answer = await fetch(`${caller.origin}${path}`, { headers, signal: stop.signal }).catch(() => null);
    const status = answer?.status ?? noAnswer;
    answers.set(status, (answers.get(status) ?? 0) + 1);
    for await (const _chunk of answer?.body ?? []) if (stop.signal.aborted) return;
  });
  await pause(forMs);
  stop.abort();
  await Promise.allSettled(open);
  return { sent: paths.length, answers, slowestMs: 0 };
};
