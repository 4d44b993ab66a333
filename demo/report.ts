/** What the demo shows: a bar while it runs, a table at the end, and the same figures as JSON. */
import type { Catalogue } from './catalogue.ts';
import type { PartnerFigures } from './partner.ts';
import { refusedTotal, type Tally } from './tally.ts';

/** The keys of `--json`; scripts rely on them. */
export interface Figures {
  readonly rowsRead: number;
  readonly ordersPlaced: number;
  readonly ordersSplit: number;
  readonly ordersBackordered: number;
  readonly ordersCancelled: number;
  readonly adjustments: number;
  readonly rowsRefused: number;
  readonly webhooksDelivered: number;
  readonly webhooksVerified: number;
  readonly eventsStored: number;
  readonly differences: number;
  readonly wallSeconds: number;
  readonly eventsPerSecond: number;
  readonly peakRssBytes: number;
}

export interface Outcome {
  readonly source: string;
  readonly catalogue: Catalogue;
  readonly tally: Tally;
  readonly partner: PartnerFigures;
  readonly levels: number;
  /** One sentence for each. */
  readonly differences: readonly string[];
  readonly eventsStored: number;
  readonly requests: number;
  readonly retries: number;
  readonly wallMs: number;
  readonly peakRssBytes: number | null;
}

/** More of either would push the table off the screen; how many there are in all is in it. */
const differencesShownMax = 10;
const reasonsShownMax = 4;

/** A peak that the system does not tell is 0 in the JSON, where every value is a number. */
export const figuresOf = ({ tally, partner, differences, eventsStored, wallMs, peakRssBytes }: Outcome): Figures => ({
  rowsRead: tally.rowsRead,
  ordersPlaced: tally.ordersPlaced,
  ordersSplit: tally.ordersSplit,
  ordersBackordered: tally.ordersBackordered,
  ordersCancelled: tally.ordersCancelled,
  adjustments: tally.returns + tally.corrections,
  rowsRefused: refusedTotal(tally),
  webhooksDelivered: partner.delivered,
  webhooksVerified: partner.verified,
  eventsStored,
  differences: differences.length,
  wallSeconds: Math.round(wallMs / 100) / 10,
  eventsPerSecond: wallMs === 0 ? 0 : Math.round((eventsStored / wallMs) * 1000),
  peakRssBytes: peakRssBytes ?? 0,
});

const count = (value: number): string => value.toLocaleString('en-GB');

type Line = readonly [label: string, value: string];

/** The reasons with the most rows, and all others in one line. */
const refusals = (refused: ReadonlyMap<string, number>): readonly Line[] => {
  const reasons = [...refused].sort(([, a], [, b]) => b - a);
  const shown = reasons.length > reasonsShownMax ? reasons.slice(0, reasonsShownMax - 1) : reasons;
  const others = reasons.slice(shown.length).reduce((sum, [, rows]) => sum + rows, 0);
  const rest: readonly Line[] = others === 0 ? [] : [['    other reasons', count(others)]];
  return [...shown.map(([reason, rows]): Line => [`    ${reason}`, count(rows)]), ...rest];
};

const linesOf = (outcome: Outcome, figures: Figures): readonly Line[] => {
  const { tally, partner, catalogue } = outcome;
  return [
    ['source', outcome.source],
    ['items of the catalogue', count(catalogue.items.length)],
    ['rows read', count(figures.rowsRead)],
    ['  used', count(tally.rowsUsed)],
    ['  refused', count(figures.rowsRefused)],
    ...refusals(tally.refused),
    ['orders placed', count(figures.ordersPlaced)],
    ['  split over warehouses', count(figures.ordersSplit)],
    ['  backordered at first', count(figures.ordersBackordered)],
    ['  cancelled', count(figures.ordersCancelled)],
    ['  sent twice, taken once', count(tally.ordersReplayed)],
    ['shipments', count(tally.shipments)],
    ['  delivered', count(tally.deliveries)],
    ['returns to stock', count(tally.returns)],
    ['corrections', count(tally.corrections)],
    ['receipts made up (DEMO-…)', count(tally.receipts)],
    ['webhooks delivered', count(figures.webhooksDelivered)],
    ['  verified', count(figures.webhooksVerified)],
    ['  came more than once', count(partner.requests - partner.delivered)],
    ['events stored', count(figures.eventsStored)],
    ['requests', count(outcome.requests)],
    ['wall time', `${figures.wallSeconds.toFixed(1)} s`],
    ['events per second', count(figures.eventsPerSecond)],
    [
      'peak memory of the service',
      outcome.peakRssBytes === null ? 'unknown' : `${count(Math.round(outcome.peakRssBytes / 1e6))} MB`,
    ],
    ['stock levels compared', count(outcome.levels)],
    ['differences', count(figures.differences)],
  ];
};

/** At most 30 lines. */
export const tableOf = (outcome: Outcome): string => {
  const lines = linesOf(outcome, figuresOf(outcome));
  const labelWidth = Math.max(...lines.map(([label]) => label.length));
  const valueWidth = Math.max(...lines.slice(1).map(([, value]) => value.length));
  return lines.map(([label, value]) => `${label.padEnd(labelWidth)}  ${value.padStart(valueWidth)}`).join('\n');
};

/** The first differences, where there are any, and one sentence that says whether the books are right. */
export const verdictOf = ({ differences, levels, tally }: Outcome): string => {
  const books = `the ${count(levels)} stock levels of the service`;
  const rows = `the ${count(tally.rowsRead)} rows add up to`;
  if (differences.length === 0) return `The books are right: ${books} are what ${rows}.`;
  const shown = differences.slice(0, differencesShownMax).map((sentence) => `  ${sentence}\n`);
  const more = differences.length - shown.length;
  const rest = more > 0 ? `  … and ${count(more)} more\n` : '';
  return `${shown.join('')}${rest}The books are wrong: ${books} are not what ${rows}; ${count(differences.length)} figures differ.`;
};

export const jsonOf = (outcome: Outcome): string => JSON.stringify(figuresOf(outcome));

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  readonly show: (done: number, total: number) => void;
  /** A line of its own; a bar moves out of its way. */
  readonly say: (text: string) => void;
}

const barWidth = 30;

/** A bar that stays where it is on a terminal, and a plain line every tenth of the way elsewhere. */
export const createProgress = (output: Output): Progress => {
  let shown = -1;
  let open = false;
  const show = (done: number, total: number): void => {
    const part = total === 0 ? 1 : done / total;
    const text = `${count(done)} of ${count(total)} rows`;
    if (output.isTTY === true) {
      const filled = Math.round(part * barWidth);
      output.write(`\r[${'='.repeat(filled)}${' '.repeat(barWidth - filled)}] ${text}`);
      open = true;
      return;
    }
    const tenth = Math.floor(part * 10);
    if (tenth <= shown) return;
    shown = tenth;
    output.write(`${String(tenth * 10).padStart(3)} %  ${text}\n`);
  };
  const say = (text: string): void => {
    output.write(`${open ? '\n' : ''}${text}\n`);
    open = false;
  };
  return { show, say };
};
