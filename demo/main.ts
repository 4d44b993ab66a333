/** `npm run demo`: a year of a real shop through the service, and the books checked afterwards. See README.md. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAllocationBook } from './answers.ts';
import { readCatalogue } from './catalogue.ts';
import { type Client, createClient } from './client.ts';
import { compare, readLevels } from './compare.ts';
import { chooseFiles, type Files, help, sampleFiles } from './data.ts';
import { planReplay } from './demand.ts';
import { requireEmptyServers } from './emptyServers.ts';
import type { Desk } from './orders.ts';
import { type Partner, startPartner } from './partner.ts';
import { recompute } from './recompute.ts';
import { replay } from './replay.ts';
import { createProgress, jsonOf, type Outcome, type Progress, tableOf, verdictOf } from './report.ts';
import { readDays } from './retail.ts';
import { readRows } from './rows.ts';
import { warehouses } from './rules.ts';
import { keyFor, type Service, startService } from './service.ts';
import { eventsStored, pulseOf, watch } from './settle.ts';
import { loadCatalogue, openWarehouses, subscribePartner } from './setup.ts';
import { createTally } from './tally.ts';

const readOptions = (): { rowsMax: number; json: boolean; asksForSample: boolean; asksForHelp: boolean } => {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      json: { type: 'boolean', default: false },
      sample: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const rowsMax = values.rows === undefined ? Number.POSITIVE_INFINITY : Number(values.rows);
  if (!(rowsMax >= 1) || (Number.isFinite(rowsMax) && !Number.isInteger(rowsMax))) {
    throw new Error('--rows takes a whole number from 1.');
  }
  return { rowsMax, json: values.json, asksForSample: values.sample, asksForHelp: values.help };
};

/**
 * How often and how long the end is waited for. Reading all the levels takes a moment, so not more often. A webhook that
 * failed is tried again after 5 s.
 */
const settle = { everyMs: 500, quietMs: 15_000, timeoutMs: 900_000 } as const;

interface Scene {
  readonly files: Files;
  readonly rowsMax: number;
  readonly client: Client;
  readonly partner: Partner;
  readonly service: Service;
  readonly progress: Progress;
  readonly startedAt: number;
}

const play = async ({ files, rowsMax, client, partner, service, progress, startedAt }: Scene): Promise<Outcome> => {
  const plan = await planReplay(readDays(files.invoices, rowsMax));
  const catalogue = await readCatalogue(files.catalogue);
  await openWarehouses(client);
  partner.trust(await subscribePartner(client, partner.url));
  progress.say(`Loading ${catalogue.items.length} items`);
  await loadCatalogue(client, catalogue);

  const desk: Desk = { client, tally: createTally(), book: createAllocationBook() };
  const showProgress = (): void => progress.show(desk.tally.rowsRead, plan.rowsTotal);
  showProgress();
  await replay(desk, plan, readDays(files.invoices, rowsMax), showProgress);

  progress.say('Recomputing every stock level from the rows');
  const expected = await recompute(() => readRows(files.invoices, rowsMax), desk.book);
  const differences = await watch({
    ...settle,
    look: async () => compare(await readLevels(client), expected),
    isDone: (found) => found.length === 0,
    pulse: () => pulseOf(service.origin),
  });
  const figures = await watch({
    ...settle,
    look: async () => partner.figures(),
    isDone: ({ byType }) =>
      byType.get('order.placed') === desk.tally.ordersPlaced && byType.get('order.shipped') === desk.tally.shipments,
    pulse: async () => {
      const { beat, isAtRest } = await pulseOf(service.origin);
      return { beat: `${partner.figures().requests} ${beat}`, isAtRest };
    },
  });
  return {
    source: files.source,
    catalogue,
    tally: desk.tally,
    partner: figures,
    levels: expected.levels.length,
    differences,
    eventsStored: await eventsStored(service.origin),
    requests: client.figures.requests,
    retries: client.figures.retries,
    wallMs: Date.now() - startedAt,
    peakRssBytes: service.peakRssBytes(),
  };
};

const main = async (): Promise<void> => {
  const startedAt = Date.now();
  const { rowsMax, json, asksForSample, asksForHelp } = readOptions();
  const progress = createProgress(process.stdout);
  if (asksForHelp) {
    progress.say(help);
    return;
  }
  const files = asksForSample ? sampleFiles() : chooseFiles();
  if (files.howToGet !== null) progress.say(files.howToGet);
  progress.say(`Reading ${files.source}`);
  const env = { ...process.env, ...keyFor(process.env) };
  await requireEmptyServers(env);
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-demo-'));
  const partner = await startPartner();
  try {
    const warehouseIds = warehouses.map(({ warehouseId }) => warehouseId);
    const service = await startService({ dataDir, partnerPort: partner.port, warehouseIds, env });
    const client = createClient(service.origin);
    // Without this, Ctrl-C would leave the scratch directory behind, and the service too when only the demo is told.
    const interrupt = (): void => {
      void service.stop().finally(() => {
        rmSync(dataDir, { recursive: true, force: true });
        process.exit(130);
      });
    };
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
    try {
      const outcome = await play({ files, rowsMax, client, partner, service, progress, startedAt });
      progress.say(`${tableOf(outcome)}\n\n${verdictOf(outcome)}`);
      if (json) progress.say(jsonOf(outcome));
      process.exitCode = outcome.differences.length === 0 ? 0 : 1;
    } finally {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      await client.close();
      await service.stop();
    }
  } finally {
    await partner.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

try {
  await main();
} catch (error) {
  // 1 is kept for differences: whoever runs this in a script can tell a wrong ledger from a run that failed.
  process.exitCode = 2;
  process.stderr.write(`The demo failed. ${error instanceof Error ? error.message : String(error)}\n`);
}
