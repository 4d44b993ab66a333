/** Clients that send the largest bulk changes, one right after another. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { contestedSku, skuOf, skusSpread, warehouseId } from '../requests.ts';

/** Whether a client heeds `Retry-After`. */
export type Manners = 'waits' | 'insists';

export interface Bulk {
  /** Rows that were recorded. */
  readonly rows: number;
  /** Until the last answer. */
  readonly seconds: number;
  /** Requests by status, and by code where they were refused. */
  readonly answers: ReadonlyMap<string, number>;
}

interface BulkOptions {
  /** The clients share these identities. */
  readonly keepers: readonly Api[];
  readonly bodies: readonly string[];
  readonly clients: number;
  readonly manners: Manners;
}

const rowsMax = 500;
const noteMax = 2_000;

const body = (row: (index: number) => object): string =>
  JSON.stringify({ changes: Array.from({ length: rowsMax }, (_, index) => ({ warehouseId, ...row(index) })) });

/** Over all stocks, all in one that is ordered, and as many bytes as there may be. */
export const bulkBodies: readonly string[] = [
  body((index) => ({ kind: 'receipt', sku: skuOf(index % skusSpread), quantity: 1 })),
  body(() => ({ kind: 'receipt', sku: contestedSku, quantity: 1 })),
  body((index) => ({
    kind: 'adjustment',
    sku: skuOf(index % skusSpread),
    delta: 1,
    reason: 'found',
    note: 'x'.repeat(noteMax),
  })),
];

interface Answer {
  readonly results?: readonly { readonly status: number }[];
  readonly code?: string;
}

export const sendBulk = async (
  { keepers, bodies, clients, manners }: BulkOptions,
  stop: AbortSignal,
): Promise<Bulk> => {
  const answers = new Map<string, number>();
  const startedAt = performance.now();
  let rows = 0;
  const client = async (_: unknown, index: number): Promise<void> => {
    const keeper = keepers[index % keepers.length];
    const text = bodies[index % bodies.length];
    if (keeper === undefined || text === undefined) return;
    while (!stop.aborted) {
      const answer = await fetch(`${keeper.origin}/v1/inventory/changes`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${keeper.token}`,
          'content-type': 'application/json',
          'idempotency-key': crypto.randomUUID(),
        },
        body: text,
      });
      const { results = [], code } = (await answer.json()) as Answer;
      rows += results.filter(({ status }) => status === 200).length;
      const name = code === undefined ? `${answer.status}` : `${answer.status} ${code}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
      const retryAfter = answer.headers.get('retry-after');
      if (manners === 'waits' && retryAfter !== null) {
        await pause(1_000 * Number(retryAfter), undefined, { signal: stop }).catch(() => undefined);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { rows, seconds: (performance.now() - startedAt) / 1_000, answers };
};
