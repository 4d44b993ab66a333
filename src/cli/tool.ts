/** What the commands of an operator have in common: one clear line when they can't, and an exit code to build on. */
import { failureLineOf } from '../app/startup.ts';
import { OperatorError } from '../commands/ports.ts';

/** Asked wrongly; nothing was done. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

type ErrorClass = abstract new (...values: never[]) => Error;

interface Tool {
  readonly usage: string;
  /** Beside every `OperatorError`: a place that is not as it must be. Exit code 2, and nothing was done. */
  readonly refusals: readonly ErrorClass[];
  /** What can go wrong on the way: exit code 1. */
  readonly failures: readonly ErrorClass[];
  /** @returns the exit code. */
  readonly run: () => Promise<number>;
}

const isOneOf = (error: unknown, classes: readonly ErrorClass[]): error is Error =>
  classes.some((each) => error instanceof each);

/** `parseArgs` and the file system say by a code what is wrong, and in words that an operator understands. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Whatever was not foreseen is thrown, with its stack. @returns 0 done, 1 failed, 2 asked wrongly. */
export const runTool = async ({ usage, refusals, failures, run }: Tool): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WrongUsage || codeOf(error).startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(`${(error as Error).message}\n${usage}`);
      return 2;
    }
    const isFailure = isOneOf(error, failures);
    const isRefusal = !isFailure && (error instanceof OperatorError || isOneOf(error, refusals));
    const line = failureLineOf(error);
    if (!isRefusal && !isFailure && line === null && codeOf(error) !== 'ERR_SQLITE_ERROR') throw error;
    process.stderr.write(`${line ?? (error as Error).message}\n`);
    return isRefusal ? 2 : 1;
  }
};

/** As people count: 12,345. */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/** Shows how far a tool is: on a terminal a line that moves, elsewhere a line for each tenth. */
const plainSteps = 10n;
const barCells = 30;

interface BarProgress {
  /** What is being done; a new one begins a new line. */
  readonly step: string;
  readonly done: bigint;
  readonly total: bigint;
  /** What is counted, as in `position 3 of 4`. */
  readonly unit: string;
}

interface ProgressBar {
  show(progress: BarProgress): void;
  /** Leaves the line that moves, so that what is written next stands on its own. */
  end(): void;
}

const percentOf = ({ done, total }: BarProgress): bigint => (total === 0n ? 100n : (done * 100n) / total);

export const createProgressBar = (output: NodeJS.WriteStream): ProgressBar => {
  let told = '';
  let current: string | null = null;
  const end = (): void => {
    if (current !== null && output.isTTY) output.write('\n');
    current = null;
  };
  return {
    end,
    show: (progress) => {
      const { step, done, total, unit } = progress;
      const percent = percentOf(progress);
      const now = `${step} ${output.isTTY ? percent : percent / plainSteps}`;
      if (now === told) return;
      if (current !== step) end();
      told = now;
      current = step;
      const filled = Math.min(barCells, Math.round((Number(percent) * barCells) / 100));
      const bar = `[${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}]`;
      const line = `${step}${step === '' ? '' : ' '}${bar} ${percent} %  ${unit} ${done} of ${total}`;
      output.write(output.isTTY ? `\r${line}` : `${line}\n`);
    },
  };
};
