/** How far a tool is: a line that moves where somebody watches, a line for each tenth where lines are kept. */
const plainSteps = 10n;
const barCells = 30;

export interface BarProgress {
  /** What is being done; a new one begins a new line. */
  readonly step: string;
  readonly done: bigint;
  readonly total: bigint;
  /** What is counted, as in `position 3 of 4`. */
  readonly unit: string;
}

export interface ProgressBar {
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
