/** The table at the end: each figure with the spread of its rounds, beside its goal or an earlier run. */
import { percentile } from './lag.ts';

interface Target {
  readonly name: string;
  readonly reach: number;
  readonly better: 'higher' | 'lower';
}

const targets = {
  adjustVsBare: { name: 'durable adjustment over 200 SKUs ÷ bare POST', reach: 0.45, better: 'higher' },
  adjustCpuVsBare: { name: 'processor for an adjustment ÷ for a bare POST', reach: 4, better: 'lower' },
  adjustBytesWritten: { name: 'bytes written for an adjustment', reach: 8_000, better: 'lower' },
  adjustBytesKept: { name: 'bytes kept for an adjustment', reach: 800, better: 'lower' },
  hotVsSpread: { name: 'adjustments on one SKU ÷ over 200', reach: 0.8, better: 'higher' },
  bulkVsSingle: { name: 'changes in bulk of 500 ÷ single adjustments', reach: 2.5, better: 'higher' },
  orderVsBare: { name: 'order placed and allocated ÷ bare POST', reach: 0.12, better: 'higher' },
  readVsBare: { name: 'one stock level ÷ bare GET', reach: 0.7, better: 'higher' },
  adjustP99Ms: { name: 'p99 of an adjustment at half of the maximum rate, ms', reach: 25, better: 'lower' },
  lagP99Ms: { name: 'append → visible to a plain read, p99, ms', reach: 50, better: 'lower' },
  rebuildVsSqlite: { name: 'rebuild of stock levels ÷ plain SQLite loop', reach: 0.5, better: 'higher' },
} as const satisfies { readonly [name: string]: Target };

export type FigureName = keyof typeof targets;
const figureNames = Object.keys(targets) as readonly FigureName[];

/** The figure of each round. The middle one counts: a machine that others use too has fast and slow rounds. */
export type Measured = { readonly [Name in FigureName]: readonly number[] };

/** As `--json` prints it: the middle of the rounds by name, and their least and most. */
export type Figures = { readonly [Name in FigureName]: number } & {
  readonly spread: { readonly [Name in FigureName]: readonly [least: number, most: number] };
};

export const figuresOf = (measured: Measured): Figures => {
  const each = <T>(of: (rounds: readonly number[]) => T) =>
    Object.fromEntries(figureNames.map((name) => [name, of(measured[name])])) as { readonly [Name in FigureName]: T };
  return {
    ...each((rounds) => percentile(rounds, 0.5)),
    spread: each((rounds) => [Math.min(...rounds), Math.max(...rounds)] as const),
  };
};

const textOf = (value: number): string => value.toFixed(value >= 100 ? 0 : 3);

/** @param earlier of the same names, from a run that was kept; a figure that it lacks has none */
export const figuresTable = (figures: Figures, earlier: Partial<Figures> = {}): string => {
  const line = (name: FigureName): string => {
    const { name: title, reach, better }: Target = targets[name];
    const value = figures[name];
    const isMet = better === 'higher' ? value >= reach : value <= reach;
    const [least, most] = figures.spread[name];
    const before = earlier[name];
    return [
      title.padEnd(54),
      textOf(value).padStart(9),
      `${textOf(least)}…${textOf(most)}`.padStart(17),
      `${better === 'higher' ? '≥' : '≤'} ${reach}`.padEnd(7),
      isMet ? 'met   ' : 'MISSED',
      ...(before === undefined ? [] : [`before ${textOf(before)}, × ${(value / before).toFixed(2)}`]),
    ].join('  ');
  };
  return figureNames.map(line).join('\n');
};
