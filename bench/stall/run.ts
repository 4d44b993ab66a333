/** One run: the service as a process of its own with the probe in it, every kind, and what was measured. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startService } from '../../demo/service.ts';
import { sandboxClients } from '../../src/infra/oidc/claims.ts';
import type { ApiDocument } from '../../test/support/documented.ts';
import { isSettled, signIn } from '../api.ts';
import { bookMs } from './book.ts';
import { sizeOf, warehouseIds } from './business.ts';
import { type Kind, kindsOf } from './kinds.ts';
import { type Reading, readProbe } from './reading.ts';
import type { Tally } from './send.ts';

export interface Measured extends Reading, Tally {
  readonly kind: string;
}

export interface RunOptions {
  readonly dataDir: string;
  readonly events: number;
  readonly orders: number;
  readonly lookMs: number;
  /** Kinds whose names match, all where it is absent. */
  readonly only?: RegExp;
  /** Bound of a hold; a kind that goes beyond is run again, as others use the machine too. */
  readonly heldMaxMs: number;
  readonly tell: (measured: Measured) => void;
}

const triesMax = 3;

/** What the kind before has set going is not its business; what never ends must not hold up the rest. */
const restMaxMs = 30_000;
const rest = async (origin: string): Promise<void> => {
  const untilMs = performance.now() + restMaxMs;
  while (performance.now() < untilMs && !(await isSettled({ origin, token: '' }))) await pause(100);
};

interface Service {
  readonly origin: string;
  readonly probePort: number;
}

/** After a rest: while policies are behind, changes are refused, and nothing would be measured. */
const measure = async ({ name, run }: Kind, { origin, probePort }: Service): Promise<Measured> => {
  await rest(origin);
  await readProbe(probePort);
  const tally = await run();
  return { kind: name, ...tally, ...(await readProbe(probePort)) };
};

/** The shortest hold of some tries: what is a fault comes back each time. Memory and answers: the worst of all. */
const measureAgain = async (kind: Kind, service: Service, heldMaxMs: number): Promise<Measured> => {
  let best = await measure(kind, service);
  for (let tries = 1; tries < triesMax && best.heldMs > heldMaxMs; tries += 1) {
    const next = await measure(kind, service);
    const memory = {
      heapBytes: Math.max(best.heapBytes, next.heapBytes),
      rssBytes: Math.max(best.rssBytes, next.rssBytes),
    };
    best = { ...(next.heldMs < best.heldMs ? next : best), ...memory };
  }
  return best;
};

export const runStall = async (options: RunOptions): Promise<readonly Measured[]> => {
  const { dataDir, events, orders, lookMs, only, heldMaxMs, tell } = options;
  const probePort = await freePort();
  const preload = `--import ${join(import.meta.dirname, 'probe.ts')}`;
  const env = { ...process.env, NODE_OPTIONS: preload, STALL_PROBE_PORT: String(probePort) };
  const service = await startService({ dataDir, partnerPort: 1, warehouseIds, env });
  try {
    const { origin } = service;
    const names = sandboxClients(warehouseIds).map(({ clientId }) => clientId);
    const callers = new Map<string, { origin: string; token: string }>();
    for (const name of names) callers.set(name, { origin, token: await signIn(origin, name) });
    const document = (await (await fetch(`${origin}/openapi.json`)).json()) as ApiDocument;
    const middle = new Date(Date.now() - bookMs(events) / 2 - 3_600_000).toISOString();
    const kinds = kindsOf({ callers, known: { document, orders, middle }, size: sizeOf(events), lookMs });
    const results: Measured[] = [];
    for (const kind of kinds.filter(({ name }) => only === undefined || only.test(name))) {
      const measured = await measureAgain(kind, { origin, probePort }, heldMaxMs);
      tell(measured);
      results.push(measured);
    }
    return results;
  } finally {
    await service.stop();
  }
};
