/** `npm run chaos -- --seed N --commands 10000 [--json]`: exit code 1 when anything was lost, doubled, stale, missing or stuck. */
import { parseArgs } from 'node:util';
import { isClean } from './options.ts';
import { runChaos } from './run.ts';

const usage = 'Usage: npm run chaos -- [--seed N] [--commands N] [--json]\n';

const wholeNumber = (text: string, max: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`not a whole number from 0 to ${max}: ${text}`);
};

const commandsMax = 1_000_000;

const read = () => {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        commands: { type: 'string', default: '10000' },
        json: { type: 'boolean', default: false },
      },
    });
    const [seed, commands] = [wholeNumber(values.seed, 2 ** 31 - 1), wholeNumber(values.commands, commandsMax)];
    return { seed, commands, json: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return null;
  }
};

const options = read();
if (options === null) process.exitCode = 2;
else {
  const { json, ...given } = options;
  const startedAtMs = performance.now();
  const figures = await runChaos({
    ...given,
    say: (line) => {
      const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
      (json ? process.stderr : process.stdout).write(`${seconds.padStart(6)} s  ${line}\n`);
    },
  });
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(18)} ${value}\n`);
  process.exitCode = isClean(figures) ? 0 : 1;
}
