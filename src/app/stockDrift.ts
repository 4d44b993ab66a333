/** What the check of figures has found, for the metrics and the log. */
import type { ReadModels } from '../projections/index.ts';
import { type CheckedStock, createDriftLook, type Drift, driftFields } from '../projections/stockLevels/drift.ts';

interface Logger {
  error(facts: object, message: string): void;
}

/** A log line for each stock; the metric counts on. */
const rememberedMax = 10_000;

/** @param logger told of each stock when it is found first. */
export const createStockDriftWatch = (logger: Logger) => {
  const drifted = new Map<string, Drift>();
  let checkedStocks = 0;

  return {
    checked: ({ warehouseId, sku, revision, drift }: CheckedStock): void => {
      checkedStocks += 1;
      const name = JSON.stringify([warehouseId, sku]);
      if (Object.keys(drift).length === 0) {
        drifted.delete(name);
        return;
      }
      if (!drifted.has(name))
        logger.error({ warehouseId, sku, revision, drift }, 'a stock is not the fold of its events');
      if (drifted.size < rememberedMax || drifted.has(name)) drifted.set(name, drift);
    },
    /** Lines of `GET /metrics`. */
    lines: (): readonly string[] => {
      const piecesOf = (field: (typeof driftFields)[number]): number =>
        [...drifted.values()].reduce((sum, drift) => sum + Math.abs(drift[field] ?? 0), 0);
      const [drift, checked] = ['stockledger_stock_drift', 'stockledger_stock_drift_checked_total'];
      return [
        `# HELP ${drift} Pieces by which stocks that are shown differ from the fold of their events.`,
        `# TYPE ${drift} gauge`,
        ...driftFields.map((field) => `${drift}{field="${field}"} ${piecesOf(field)}`),
        `# HELP ${checked} Stocks that were compared with the fold of their events.`,
        `# TYPE ${checked} counter`,
        `${checked} ${checkedStocks}`,
      ];
    },
  };
};

/** One look after another at stocks that are shown, and what these have found. */
export const createStockDrift = (
  logger: Logger,
  { stockLevels, pacedSource }: Pick<ReadModels, 'stockLevels' | 'pacedSource'>,
) => {
  const { checked, lines } = createStockDriftWatch(logger);
  return { look: createDriftLook({ page: stockLevels.queries.all, source: pacedSource, checked }), lines };
};
