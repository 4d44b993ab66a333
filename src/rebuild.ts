/**
 * `npm run rebuild -- <projection>`: builds a projection anew beside the one that answers, and switches (DESIGN §7).
 * May run while the service runs, which notices the switch by itself.
 */
import { pino } from 'pino';
import { readSideOf } from './compose.ts';
import { openClusteredReadEngines } from './infra/clustered.ts';
import { readConfig } from './infra/config.ts';
import { openReadEngines } from './infra/embedded.ts';
import { projections } from './projections/index.ts';
import { type RebuildProgress, rebuild } from './projections/readModel.ts';

const names = projections.map(({ name }) => name);
const usage = `Usage: npm run rebuild -- <projection>\nProjections: ${names.join(', ')}\n`;
/** A line for each tenth where lines are kept, one that moves where somebody watches. */
const plainSteps = 10n;
const barCells = 30;

const percentOf = ({ handled, head }: RebuildProgress): bigint => (head === 0n ? 100n : (handled * 100n) / head);

const createDisplay = (output: NodeJS.WriteStream): ((progress: RebuildProgress) => void) => {
  let told = -1n;
  return (progress) => {
    const percent = percentOf(progress);
    const step = output.isTTY ? percent : percent / plainSteps;
    if (step === told) return;
    told = step;
    const filled = Math.round((Number(percent) * barCells) / 100);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}]`;
    const line = `${bar} ${percent} %  position ${progress.handled} of ${progress.head}`;
    output.write(output.isTTY ? `\r${line}` : `${line}\n`);
  };
};

const run = async (name: string | undefined): Promise<number> => {
  const projection = projections.find((each) => each.name === name);
  if (projection === undefined) {
    process.stderr.write(name === undefined ? usage : `There is no projection ${name}.\n${usage}`);
    return 2;
  }
  const { dataDir, logLevel, servers, projectionParts } = readConfig(process.env);
  const logger = pino({ level: logLevel === 'info' ? 'warn' : logLevel });
  const { engines, close } =
    servers === null
      ? await openReadEngines(dataDir)
      : openClusteredReadEngines({ servers, debug: process.env.DEBUG, logger });
  try {
    const startedAtMs = performance.now();
    const { generation, documents } = await rebuild(
      projection,
      readSideOf({ ...engines, logger }, projectionParts),
      createDisplay(process.stdout),
    );
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    process.stdout.write(
      `${process.stdout.isTTY ? '\n' : ''}${projection.name}: build ${generation} answers now, ${documents} documents, ${seconds} s\n`,
    );
    return 0;
  } finally {
    await close();
  }
};

process.exitCode = await run(process.argv[2]);
