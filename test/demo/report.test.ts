import { describe, expect, it } from 'vitest';
import { createProgress, figuresOf, jsonOf, type Outcome, tableOf, verdictOf } from '../../demo/report.ts';
import { createTally, refuseRows } from '../../demo/tally.ts';

const outcome = (change: Partial<Outcome> = {}): Outcome => {
  const tally = { ...createTally(), rowsRead: 1234, ordersPlaced: 10, returns: 3, corrections: 4, rowsUsed: 1229 };
  refuseRows(tally, 'not goods', 4);
  refuseRows(tally, 'duplicate row', 1);
  return {
    source: 'a test',
    catalogue: { items: [], rows: 0, repeated: 0, refused: 0 },
    tally,
    partner: { requests: 12, delivered: 11, verified: 10, refused: 1, byType: new Map([['order.placed', 10]]) },
    levels: 36,
    differences: [],
    eventsStored: 5000,
    requests: 40,
    retries: 2,
    wallMs: 2000,
    peakRssBytes: 150_000_000,
    ...change,
  };
};

describe('the figures', () => {
  it('are one JSON object with these keys and no others', () => {
    expect(JSON.parse(jsonOf(outcome()))).toEqual({
      rowsRead: 1234,
      ordersPlaced: 10,
      ordersSplit: 0,
      ordersBackordered: 0,
      ordersCancelled: 0,
      adjustments: 7,
      rowsRefused: 5,
      webhooksDelivered: 11,
      webhooksVerified: 10,
      eventsStored: 5000,
      differences: 0,
      wallSeconds: 2,
      eventsPerSecond: 2500,
      peakRssBytes: 150_000_000,
    });
    expect(jsonOf(outcome())).not.toContain('\n');
  });

  it('stay numbers when the system does not tell the peak, or no time has passed', () => {
    expect(figuresOf(outcome({ peakRssBytes: null, wallMs: 0 }))).toMatchObject({
      peakRssBytes: 0,
      eventsPerSecond: 0,
    });
  });
});

describe('the table', () => {
  it('shows why rows were refused, most first, and what came more than once', () => {
    const table = tableOf(outcome()).replace(/ {2,}/g, ' ');
    expect(table).toContain('rows read 1,234');
    expect(table.indexOf('not goods 4')).toBeGreaterThan(table.indexOf('refused 5'));
    expect(table.indexOf('duplicate row 1')).toBeGreaterThan(table.indexOf('not goods 4'));
    expect(table).toContain('came more than once 1');
    expect(table).toContain('peak memory of the service 150 MB');
  });

  it('fits a screen of 30 lines, whatever rows were refused for', () => {
    const busy = outcome();
    for (let reason = 1; reason <= 9; reason += 1) refuseRows(busy.tally, `reason ${reason}`, 10 * reason);
    const table = tableOf(busy);
    expect(table.split('\n').length).toBeLessThanOrEqual(30);
    expect(table.replace(/ {2,}/g, ' ')).toContain('reason 7 70\n other reasons 215\n');
  });
});

describe('the verdict', () => {
  it('is one sentence that says that the books are right', () => {
    expect(verdictOf(outcome())).toBe(
      'The books are right: the 36 stock levels of the service are what the 1,234 rows add up to.',
    );
  });

  it('names the first differences, says how many more there are, and ends with the sentence', () => {
    const differences = Array.from({ length: 22 }, (_, index) => `difference ${index + 1}`);
    const lines = verdictOf(outcome({ differences })).split('\n');
    expect(lines.slice(9)).toEqual([
      '  difference 10',
      '  … and 12 more',
      'The books are wrong: the 36 stock levels of the service are not what the 1,234 rows add up to; 22 figures differ.',
    ]);
  });
});

describe('the progress', () => {
  const written = (isTTY: boolean, use: (progress: ReturnType<typeof createProgress>) => void): string => {
    let text = '';
    use(createProgress({ isTTY, write: (more: string) => (text += more) }));
    return text;
  };

  it('is a plain line for every tenth where nobody looks on', () => {
    const text = written(false, ({ show }) => {
      for (let done = 0; done <= 200; done += 1) show(done, 200);
    });
    expect(text.trim().split('\n')).toHaveLength(11);
    expect(text).toMatch(/^ {2}0 % {2}0 of 200 rows\n/);
    expect(text).toMatch(/100 % {2}200 of 200 rows\n$/);
  });

  it('is a bar that stays in its line on a terminal', () => {
    const text = written(true, ({ show, say }) => {
      show(50, 100);
      say('done');
    });
    expect(text).toBe(`\r[${'='.repeat(15)}${' '.repeat(15)}] 50 of 100 rows\ndone\n`);
  });
});
