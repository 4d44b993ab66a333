/** `npm run quiet -- --trials 1000`: exit code 1 when an order was not served by what came for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missedIn, runQuiet } from './run.ts';

const trialsMax = 100_000;

const { values } = parseArgs({ options: { trials: { type: 'string', default: '1000' } } });
const trials = Number(values.trials);
if (!Number.isInteger(trials) || trials < 1 || trials > trialsMax) {
  throw new RangeError(`--trials takes a whole number from 1 to ${trialsMax}.`);
}
const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-quiet-'));
try {
  const figures = await runQuiet({ trials, dataDir, say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exitCode = missedIn(figures) === 0 ? 0 : 1;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
