/** `npm run model -- --seed N --commands 50000`: exit code 1 when service and model differ, 2 when asked wrongly. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runModel } from './run.ts';

const commandsMax = 10_000_000;
const seedMax = 1_000_000;

const wholeNumber = (text: string, max: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`not a whole number from 1 to ${max}: ${text}`);
};

const read = () => {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        commands: { type: 'string', default: '5000' },
        entry: { type: 'string' },
      },
    });
    const { seed, commands, entry } = values;
    return { seed: wholeNumber(seed, seedMax), commands: wholeNumber(commands, commandsMax), entry };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write('Usage: npm run model -- [--seed N] [--commands N]\n');
    return null;
  }
};

const options = read();
if (options === null) process.exitCode = 2;
else {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-model-'));
  const startedAtMs = performance.now();
  try {
    const figures = await runModel({
      ...options,
      dataDir,
      say: (line) => {
        const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
        process.stdout.write(`${seconds.padStart(7)} s  ${line}\n`);
      },
    });
    for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(12)} ${value}\n`);
    process.exitCode = figures.differences === 0 ? 0 : 1;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
