/**
 * `npm run rebuild -- <projection>`: builds a projection beside the one that answers, then switches to it
 * (docs/architecture.md, "The way of an event"). May run while the service runs, which notices the switch by itself.
 */
import { allProjections, readSideOf } from '../app/readModels.ts';
import { rebuild } from '../eventsourcing/projecting/readModel.ts';
import { openClusteredReadEngines } from '../infra/clustered.ts';
import { readConfig } from '../infra/config/config.ts';
import { openReadEngines } from '../infra/embedded.ts';
import { createLog } from '../infra/system.ts';
import { createProgressBar, runTool, WrongUsage } from './tool.ts';

const names = allProjections.map(({ name }) => name);
const usage = `Usage: npm run rebuild -- <projection>\nProjections: ${names.join(', ')}\n`;

const run = async (): Promise<number> => {
  const name = process.argv[2];
  const projection = allProjections.find((each) => each.name === name);
  if (projection === undefined) throw new WrongUsage(`There is no projection ${name ?? 'without a name'}.`);
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

process.exitCode = await runTool({ usage, refusals: [], failures: [], run });
