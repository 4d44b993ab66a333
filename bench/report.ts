/** The table at the end: each figure with the spread of its rounds, beside its goal or an earlier run. */
import { readFile } from 'node:fs/promises';
import { percentile } from './lag.ts';

export interface Target {
  readonly name: string;
  readonly reach: number;
  readonly better: 'higher' | 'lower';
}

/** The figure of each round, by name. The middle one counts: a machine that others use too has fast and slow rounds. */
export type Measured<Name extends string> = { readonly [N in Name]: readonly number[] };

/** The middle of the rounds by name, and their least and most. */
export interface Figures {
  readonly middle: { readonly [name: string]: number };
  readonly spread: { readonly [name: string]: readonly [least: number, most: number] };
}

const byName = <T>(measured: Measured<string>, of: (rounds: readonly number[]) => T): { readonly [name: string]: T } =>
  Object.fromEntries(Object.entries(measured).map(([name, rounds]) => [name, of(rounds)]));

export const figuresOf = (measured: Measured<string>): Figures => ({
  middle: byName(measured, (rounds) => percentile(rounds, 0.5)),
  spread: byName(measured, (rounds) => [Math.min(...rounds), Math.max(...rounds)] as const),
});

/** As `--json` prints them, last: the figures by their names, and their spread. */
export const jsonOf = ({ middle, spread }: Figures): string => JSON.stringify({ ...middle, spread });

/** What an earlier run with `--json` printed last. */
export const readEarlier = async (file: string): Promise<{ readonly [name: string]: unknown }> =>
  JSON.parse((await readFile(file, 'utf8')).trimEnd().split('\n').at(-1) ?? '') as { readonly [name: string]: unknown };

const textOf = (value: number): string => value.toFixed(value >= 100 ? 0 : 3);

/** @param earlier of the same names, from a run that was kept; a figure that it lacks is not compared */
export const figuresTable = (
  targets: { readonly [name: string]: Target },
  { middle, spread }: Figures,
  earlier: { readonly [name: string]: unknown },
): string => {
  const line = ([name, { name: title, reach, better }]: readonly [string, Target]): string => {
    const value = middle[name] ?? Number.NaN;
    const isMet = better === 'higher' ? value >= reach : value <= reach;
    const [least, most] = spread[name] ?? [Number.NaN, Number.NaN];
    const before = earlier[name];
    return [
      title.padEnd(54),
      textOf(value).padStart(9),
      `${textOf(least)}…${textOf(most)}`.padStart(17),
      `${better === 'higher' ? '≥' : '≤'} ${reach}`.padEnd(7),
      isMet ? 'met   ' : 'MISSED',
      ...(typeof before === 'number' ? [`before ${textOf(before)}, × ${(value / before).toFixed(2)}`] : []),
    ].join('  ');
  };
  return Object.entries(targets).map(line).join('\n');
};
