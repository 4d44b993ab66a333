import { describe, expect, it } from 'vitest';
import { createStockDriftWatch } from '../../src/app/stockDrift.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { type CheckedStock, createDriftLook } from '../../src/projections/stockLevels/drift.ts';
import { createStockLevelQueries, stockLevels } from '../../src/projections/stockLevels/projection.ts';
import { logOf, move, openSource, projected, registered, stockEvents } from './stockLog.ts';

const { signal } = new AbortController();
const skus = ['CHAIR', 'LAMP', 'TABLE'];

const daily = logOf(
  ...stockEvents(
    ...skus.flatMap((sku) => [
      { ...registered(10), data: { ...registered(10).data, sku } },
      move('StockReceived', { sku, quantity: 5 }),
      move('StockQuarantined', { sku, quantity: 2, reason: 'wet' }),
    ]),
  ),
);

/** The figures of `log` as a look finds them that are shown as those of `shown`. */
const openLook = async (log: readonly RecordedEvent[], shown: readonly RecordedEvent[]) => {
  const queries = createStockLevelQueries(await projected(stockLevels, shown), () => stockLevels.name);
  const found: CheckedStock[] = [];
  const look = createDriftLook({
    page: queries.all,
    source: await openSource(log),
    checked: (stock) => found.push(stock),
  });
  return { look, found };
};

describe('a look for drift (B4)', () => {
  it('finds nothing where each stock is the fold of its events, and goes round', async () => {
    const { look, found } = await openLook(daily, daily);
    await look(signal);
    await look(signal);
    expect(found.map(({ sku, drift }) => [sku, drift])).toEqual([...skus, ...skus].map((sku) => [sku, {}]));
  });

  it('finds by how much each figure differs', async () => {
    const wrong = daily.map((event) =>
      event.data.sku === 'LAMP' && event.revision === 2
        ? { ...event, data: { ...event.data, after: { ...event.data.after, onHand: 17, quarantined: 1 } } }
        : event,
    );
    const { look, found } = await openLook(daily, wrong);
    await look(signal);
    expect(found.map(({ drift }) => drift)).toEqual([{}, { onHand: 2, quarantined: -1 }, {}]);
  });

  it('takes a document that lags for what it says, as of its own event', async () => {
    const { look, found } = await openLook(daily, daily.slice(0, -1));
    await look(signal);
    expect(found.at(-1)).toEqual({ warehouseId: 'BER', sku: 'TABLE', revision: 1, drift: {} });
  });

  it('finds a document of events that the log has not', async () => {
    const { look, found } = await openLook(daily.slice(0, -1), daily);
    await look(signal);
    expect(found.at(-1)).toMatchObject({ sku: 'TABLE', drift: { onHand: 15, quarantined: 2 } });
  });

  it('takes several looks for a long stock, and reads each event once', async () => {
    const received = Array.from({ length: 12_000 }, () => move('StockReceived', { quantity: 1 }));
    const long = logOf(...stockEvents(registered(0), ...received));
    const { look, found } = await openLook(long, long);
    await look(signal);
    await look(signal);
    expect(found).toEqual([]);
    await look(signal);
    expect(found).toMatchObject([{ revision: 12_000, drift: {} }]);
  });
});

describe('what was found', () => {
  it('is in the metrics in pieces, and in the log once, until it is well again', () => {
    const told: object[] = [];
    const watch = createStockDriftWatch({ error: (facts) => told.push(facts) });
    const chair = { warehouseId: 'BER', sku: 'CHAIR', revision: 3 };
    const shown = () => watch.lines().filter((line) => !line.startsWith('#'));
    watch.checked({ ...chair, drift: { onHand: -2 } });
    watch.checked({ ...chair, drift: { onHand: -2 } });
    watch.checked({ ...chair, sku: 'LAMP', drift: { onHand: 1 } });
    expect(shown()).toContain('stockledger_stock_drift{field="onHand"} 3');
    expect(shown()).toContain('stockledger_stock_drift_checked_total 3');
    expect(told).toEqual([
      { ...chair, drift: { onHand: -2 } },
      { ...chair, sku: 'LAMP', drift: { onHand: 1 } },
    ]);
    watch.checked({ ...chair, drift: {} });
    expect(shown()).toContain('stockledger_stock_drift{field="onHand"} 1');
  });
});
