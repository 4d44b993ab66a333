/**
 * Quiet trials: a log at rest, one order that waits, one change that must serve it, and large reads beside it that keep
 * the process busy. Nothing comes afterwards that would mend an order that was missed. Through the embedded service,
 * over HTTP.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, ask, driftOf, isSettled, putWarehouse, signIn } from '../../bench/api.ts';
import { startService } from '../../demo/service.ts';

export interface QuietOptions {
  readonly trials: number;
  /** Scratch. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

/** What a trial does to the one piece that an order waits for, or counts on. */
const kinds = ['receipt', 'adjustment', 'release', 'lapse'] as const;
type Kind = (typeof kinds)[number];

export interface QuietFigures {
  readonly trials: number;
  /** Orders that were not served, by what should have served them. */
  readonly missed: Readonly<Record<Kind, number>>;
  /** Large reads that were answered beside the trials. */
  readonly reads: number;
}

export const missedIn = ({ missed }: QuietFigures): number =>
  Object.values(missed).reduce((sum, count) => sum + count, 0);

const warehouseId = 'QUIET';
const inventory = `/v1/warehouses/${warehouseId}/inventory`;
/** Events of the stock that large reads fold. */
const largeEvents = 1_500;
const changesPerRequest = 500;
const readersAtOnce = 4;
/** Trials whose orders are placed together; then one change after another, each on a log at rest. */
const preparedAtOnce = 40;
const pollMs = 20;

const json = async <T>(answer: Promise<Response>): Promise<T> => (await (await answer).json()) as T;

const prepare = async (api: Api): Promise<void> => {
  await putWarehouse(api, warehouseId);
  await ask(api, 'POST', inventory, { sku: 'LARGE', onHand: 0 });
  const row = { warehouseId, sku: 'LARGE', kind: 'receipt', quantity: 1 };
  for (let done = 0; done < largeEvents; done += changesPerRequest) {
    const changes = Array.from({ length: changesPerRequest }, () => row);
    await ask(api, 'POST', '/v1/inventory/changes', { changes });
  }
};

/** Folds and pages, one after another, until stopped. @returns how many were answered. */
const readOn = async (api: Api, stopped: AbortSignal): Promise<number> => {
  const asOf = encodeURIComponent(new Date().toISOString());
  const paths = [`${inventory}/LARGE?asOf=${asOf}`, `${inventory}/LARGE/history?limit=500`, `${inventory}?limit=500`];
  let reads = 0;
  for (; !stopped.aborted; reads += 1) await (await ask(api, 'GET', paths[reads % paths.length] ?? '')).arrayBuffer();
  return reads;
};

interface Line {
  readonly allocated: readonly unknown[];
  readonly backordered: number;
}
const levelOf = (api: Api, stock: string): Promise<{ readonly revision: number }> => json(ask(api, 'GET', stock));

const lineOf = async (api: Api, orderId: string): Promise<Line | undefined> =>
  (await json<{ lines: readonly Line[] }>(ask(api, 'GET', `/v1/orders/${orderId}`))).lines[0];

const placeOrder = async (api: Api, sku: string): Promise<string> => {
  const { orderId } = await json<{ orderId: string }>(
    ask(api, 'POST', '/v1/orders', {
      customer: { customerId: 'quiet', name: 'Ada Example', email: 'ada@example.invalid' },
      shipTo: { name: 'Ada', lines: ['1 Way'], city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
      lines: [{ lineId: '1', sku, quantity: 1, priceMinor: 100, currency: 'EUR' }],
    }),
  );
  return orderId;
};

/** Everything that follows the log has nothing left to do, at two looks: one may lie between an event and the next. */
const settle = async (api: Api): Promise<void> => {
  for (let looks = 0; looks < 2; looks = (await isSettled(api)) ? looks + 1 : 0) await pause(pollMs);
};

interface Trial {
  readonly kind: Kind;
  /** The change that must serve the order. */
  readonly change: () => Promise<unknown>;
  readonly isServed: () => Promise<boolean>;
}

/** The order has its one piece reserved, and its reservation is let go: it must find the piece again. */
const lapseTrial = async (api: Api, sku: string): Promise<Trial> => {
  const stock = `${inventory}/${sku}`;
  await ask(api, 'POST', inventory, { sku, onHand: 1 });
  await placeOrder(api, sku);
  return {
    kind: 'lapse',
    change: async () => {
      const { items } = await json<{ items: readonly { data: { reservationId?: string } }[] }>(
        ask(api, 'GET', `${stock}/history`),
      );
      const reservationId = items.map(({ data }) => data.reservationId).find((id) => id !== undefined);
      return ask(api, 'DELETE', `${stock}/reservations/${reservationId}`);
    },
    // Registered, reserved, released, and reserved again.
    isServed: async () => (await levelOf(api, stock)).revision === 3,
  };
};

const waitingTrial = async (api: Api, sku: string, kind: Exclude<Kind, 'lapse'>): Promise<Trial> => {
  const stock = `${inventory}/${sku}`;
  await ask(api, 'POST', inventory, { sku, onHand: kind === 'release' ? 1 : 0 });
  const byHand =
    kind === 'release'
      ? await json<{ reservationId: string }>(
          ask(api, 'POST', `${stock}/reservations`, { quantity: 1, expiresInSeconds: 3_600 }),
        )
      : null;
  const orderId = await placeOrder(api, sku);
  const change = {
    receipt: () => ask(api, 'POST', `${stock}/receipts`, { quantity: 1 }),
    adjustment: () => ask(api, 'POST', `${stock}/adjustments`, { delta: 1, reason: 'found' }),
    release: () => ask(api, 'DELETE', `${stock}/reservations/${byHand?.reservationId}`),
  }[kind];
  return {
    kind,
    change: async () => {
      if ((await lineOf(api, orderId))?.backordered !== 1) throw new Error(`${orderId} does not wait`);
      return change();
    },
    isServed: async () => ((await lineOf(api, orderId))?.allocated.length ?? 0) > 0,
  };
};

const prepareTrial = (api: Api, number: number): Promise<Trial> => {
  const kind = kinds[number % kinds.length] ?? 'receipt';
  const sku = `TRIAL-${number}`;
  return kind === 'lapse' ? lapseTrial(api, sku) : waitingTrial(api, sku, kind);
};

interface Tried {
  readonly isServed: boolean;
  /** Large reads that were answered beside it. */
  readonly reads: number;
}

const runTrial = async (api: Api, { change, isServed }: Trial): Promise<Tried> => {
  await settle(api);
  const drift = await driftOf(api);
  const over = new AbortController();
  const readers = Array.from({ length: readersAtOnce }, () => readOn(api, over.signal));
  try {
    await change();
    await settle(api);
    // What the reconciler has mended, the policies had missed.
    const served = (await isServed()) && (await driftOf(api)) <= drift;
    over.abort();
    return { isServed: served, reads: (await Promise.all(readers)).reduce((sum, count) => sum + count, 0) };
  } finally {
    over.abort();
    await Promise.allSettled(readers);
  }
};

export const runQuiet = async ({ trials, dataDir, say }: QuietOptions): Promise<QuietFigures> => {
  const env = { ...process.env, RATE_LIMIT_PER_MINUTE: '600000' };
  const service = await startService({ dataDir, partnerPort: 1, warehouseIds: [warehouseId], env });
  try {
    const api = { origin: service.origin, token: await signIn(service.origin, 'sandbox-admin') };
    await prepare(api);
    await settle(api);
    let reads = 0;
    const missed: Record<Kind, number> = { receipt: 0, adjustment: 0, release: 0, lapse: 0 };
    for (let from = 0; from < trials; from += preparedAtOnce) {
      const count = Math.min(preparedAtOnce, trials - from);
      const prepared = await Promise.all(Array.from({ length: count }, (_, index) => prepareTrial(api, from + index)));
      for (const trial of prepared) {
        const tried = await runTrial(api, trial);
        if (!tried.isServed) missed[trial.kind] += 1;
        reads += tried.reads;
      }
      say(`${from + count} of ${trials} trials, missed: ${JSON.stringify(missed)}`);
    }
    return { trials, missed, reads };
  } finally {
    await service.stop();
  }
};
