/** Two sides in turn, round after round, so that what happens to the machine happens to both. */
import { load } from './load.ts';
import type { NextRequest } from './requests.ts';
import { cpuMsOf, writtenBytesOf } from './resources.ts';

export interface Side {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  readonly next: NextRequest;
  /** Resolves when all that follows from the requests is done: that is work for them too. */
  readonly rest: () => Promise<unknown>;
}

export interface Round {
  /** Answers with the expected status, per second. */
  readonly perSecond: number;
  /** Processor time of the side's process for each of them, ms; and what it wrote to disks for it. */
  readonly cpuMs: number;
  readonly bytesWritten: number;
}

export interface RoundPair {
  readonly ours: Round;
  readonly bare: Round;
}

/** Rounds that count, after one that warms up. */
export const rounds = 5;

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const loadOnce = async ({ name, origin, pid, next, rest }: Side, seconds: number, note: string): Promise<Round> => {
  const [cpuBefore, writtenBefore] = [cpuMsOf(pid), writtenBytesOf(pid)];
  const { perSecond, answered, p99Ms, others } = await load({ origin, next, seconds });
  await rest();
  const cpuMs = (cpuMsOf(pid) - cpuBefore) / answered;
  const bytesWritten = (writtenBytesOf(pid) - writtenBefore) / answered;
  say(
    `${name}: ${Math.round(perSecond)}/s, ${cpuMs.toFixed(3)} ms of processor, p99 ${p99Ms} ms, ${others} other answers${note}`,
  );
  return { perSecond, cpuMs, bytesWritten };
};

export const takeTurns = async (ours: Side, bare: Side, seconds: number): Promise<readonly RoundPair[]> => {
  const pairs: RoundPair[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const note = round === 0 ? ' (warm-up)' : '';
    const bareRound = await loadOnce(bare, seconds, note);
    const oursRound = await loadOnce(ours, seconds, note);
    if (round > 0) pairs.push({ ours: oursRound, bare: bareRound });
  }
  return pairs;
};
