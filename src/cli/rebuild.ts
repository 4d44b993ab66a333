/**
 * `npm run rebuild -- <projection>…`: builds projections beside those that answer, then switches to them
 * (docs/architecture.md, "The way of an event"). May run while the service runs, which notices the switch by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { allProjections, readSideOf } from '../app/readModels.ts';
import { eachLimited } from '../eventsourcing/concurrency.ts';
import { rebuild } from '../eventsourcing/projecting/readModel.ts';
import { openClusteredReadEngines } from '../infra/clustered.ts';
import { readConfig } from '../infra/config/config.ts';
import { openReadEngines } from '../infra/embedded.ts';
import { createLog } from '../infra/system.ts';
import { createProgressBar, runTool, WrongUsage } from './tool.ts';

const names = allProjections.map(({ name }) => name);
const usage = `Usage: npm run rebuild -- <projection>…\nProjections: ${names.join(', ')}\n`;

const projectionOf = (name: string | undefined) => {
  const projection = allProjections.find((each) => each.name === name);
  if (projection === undefined) throw new WrongUsage(`There is no projection ${name ?? 'without a name'}.`);
  return projection;
};

const rebuildOne = async (name: string | undefined): Promise<number> => {
  const projection = projectionOf(name);
  const { dataDir, logLevel, servers, projectionParts } = readConfig(process.env);
  const logger = createLog(logLevel === 'info' ? 'warn' : logLevel);
  const { engines, close } =
    servers === null
      ? await openReadEngines(dataDir)
      : openClusteredReadEngines({ servers, debug: process.env.DEBUG, logger });
  try {
    const startedAtMs = performance.now();
    const bar = createProgressBar(process.stdout);
    const { generation, documents } = await rebuild(
      projection,
      readSideOf({ ...engines, logger }, projectionParts),
      ({ handled, head }) => {
        bar.show({ step: '', done: handled, total: head, unit: 'position' });
      },
    );
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    bar.end();
    process.stdout.write(`${projection.name}: build ${generation} answers now, ${documents} documents, ${seconds} s\n`);
    return 0;
  } finally {
    await close();
  }
};

/** What the process of one says, a line at a time, under its name. @returns its exit code. */
const rebuildApart = async (name: string): Promise<number> => {
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(line.startsWith(name) ? `${line}\n` : `${name}: ${line}\n`);
  }
  const [code] = (await exited) as [number | null];
  return code ?? 1;
};

/** Each in a process of its own, as many at once as there are cores: most of the work is folding. */
const rebuildAll = async (wanted: readonly string[]): Promise<number> => {
  for (const name of wanted) projectionOf(name);
  const codes: number[] = [];
  await eachLimited([...new Set(wanted)], availableParallelism(), async (name) => {
    codes.push(await rebuildApart(name));
  });
  return Math.max(...codes);
};

const run = (): Promise<number> => {
  const wanted = process.argv.slice(2);
  return wanted.length > 1 ? rebuildAll(wanted) : rebuildOne(wanted[0]);
};

process.exitCode = await runTool({ usage, refusals: [], failures: [], run });
