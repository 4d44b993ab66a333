/** The table at the end. */
export interface Measured {
  readonly adjustVsBare: number;
  readonly hotVsSpread: number;
  readonly orderVsBare: number;
  readonly readVsBare: number;
  readonly adjustP99Ms: number;
  readonly lagP99Ms: number;
  readonly rebuildVsSqlite: number;
}

interface Target {
  readonly name: string;
  readonly reach: number;
  readonly better: 'higher' | 'lower';
}

const targets: { readonly [Name in keyof Measured]: Target } = {
  adjustVsBare: { name: 'durable adjustment over 200 SKUs ÷ bare POST', reach: 0.35, better: 'higher' },
  hotVsSpread: { name: 'the same on one SKU ÷ over 200', reach: 0.8, better: 'higher' },
  orderVsBare: { name: 'order placed and allocated ÷ bare POST', reach: 0.12, better: 'higher' },
  readVsBare: { name: 'one stock level ÷ bare GET', reach: 0.6, better: 'higher' },
  adjustP99Ms: { name: 'p99 of an adjustment at half of the maximum rate, ms', reach: 25, better: 'lower' },
  lagP99Ms: { name: 'append → visible to a plain read, p99, ms', reach: 50, better: 'lower' },
  rebuildVsSqlite: { name: 'rebuild of stock levels ÷ plain SQLite loop', reach: 0.5, better: 'higher' },
};

const line = (key: keyof Measured, value: number): string => {
  const { name, reach, better } = targets[key];
  const isMet = better === 'higher' ? value >= reach : value <= reach;
  const goal = `${better === 'higher' ? '≥' : '≤'} ${reach}`;
  return `${name.padEnd(54)} ${value.toFixed(3).padStart(9)}  ${goal.padEnd(7)} ${isMet ? 'met' : 'MISSED'}`;
};

export const figuresTable = (measured: Measured): string =>
  (Object.keys(targets) as (keyof Measured)[]).map((key) => line(key, measured[key])).join('\n');
