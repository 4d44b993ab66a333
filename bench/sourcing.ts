/**
 * How far `fewest-shipments` is from the fewest, and how long it takes: `npm run bench:sourcing`. Random shops from a
 * seed, each with its share of warehouses that have an SKU. Where the steps of a plan run out, the fewest is looked for
 * with two hundred times as many.
 */
import type { CoverRequest } from '../src/domain/policies/coverSearch.ts';
import { fewestWarehouses, planStepsMax } from '../src/domain/policies/fewestWarehouses.ts';

interface Kind {
  readonly lines: number;
  readonly warehouses: number;
  /** Of the warehouses, that have an SKU at all. */
  readonly share: number;
  readonly shops: number;
}

const kinds: readonly Kind[] = [
  { lines: 3, warehouses: 10, share: 0.3, shops: 500 },
  { lines: 5, warehouses: 50, share: 0.2, shops: 500 },
  { lines: 10, warehouses: 50, share: 0.3, shops: 200 },
  { lines: 20, warehouses: 50, share: 0.1, shops: 100 },
  { lines: 20, warehouses: 50, share: 0.3, shops: 100 },
  { lines: 30, warehouses: 30, share: 0.3, shops: 40 },
  { lines: 50, warehouses: 20, share: 0.3, shops: 40 },
  { lines: 50, warehouses: 50, share: 0.3, shops: 10 },
  { lines: 2_000, warehouses: 50, share: 0.3, shops: 5 },
  { lines: 2_000, warehouses: 50, share: 0.9, shops: 5 },
];
const patience = 200;

/** Numerical Recipes' generator: the same shops on every machine. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const shopOf = ({ lines, warehouses, share }: Kind, random: () => number): CoverRequest => {
  const wanted = Array.from({ length: lines }, () => 1 + Math.floor(random() * 4));
  const stock = Array.from({ length: warehouses }, () =>
    wanted.map(() => (random() < share ? 1 + Math.floor(random() * 7) : 0)),
  );
  const all = wanted.map((need, line) =>
    Math.min(
      need,
      stock.reduce((sum, each) => sum + (each[line] ?? 0), 0),
    ),
  );
  const there = [...all.keys()].filter((line) => (all[line] ?? 0) > 0);
  const pick = (figures: readonly number[]): readonly number[] => there.map((line) => figures[line] ?? 0);
  return { needs: pick(all), supplies: stock.map(pick) };
};

const cpuMs = (): number => process.cpuUsage().user / 1_000;

const measure = (kind: Kind, random: () => number) => {
  let [fewest, known, more, worst, slowest, shipments] = [0, 0, 0, 0, 0, 0];
  for (let shop = 0; shop < kind.shops; shop += 1) {
    const request = shopOf(kind, random);
    const began = cpuMs();
    const plan = fewestWarehouses(request);
    slowest = Math.max(slowest, cpuMs() - began);
    shipments += plan.warehouses.length;
    fewest += plan.isFewest ? 1 : 0;
    const best = plan.isFewest || kind.lines > 100 ? plan : fewestWarehouses(request, patience * planStepsMax);
    if (!best.isFewest) continue;
    known += 1;
    more += plan.warehouses.length - best.warehouses.length;
    worst = Math.max(worst, plan.warehouses.length - best.warehouses.length);
  }
  return {
    ...kind,
    'sure it is the fewest': `${fewest} of ${kind.shops}`,
    'shipments, mean': Number((shipments / kind.shops).toFixed(2)),
    'fewest known': known,
    'more than fewest, mean': known === 0 ? 'unknown' : Number((more / known).toFixed(3)),
    'more, worst': known === 0 ? 'unknown' : worst,
    'slowest, CPU ms': Math.round(slowest),
  };
};

const random = randomFrom(1);
console.table(kinds.map((kind) => measure(kind, random)));
