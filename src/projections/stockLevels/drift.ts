/** Whether the figures that are shown of each stock are the fold of its events (B4): one stock after another, for ever. */
import { emptyBalance, moveBalance } from '../../domain/stock/balance.ts';
import type { StockEvent } from '../../domain/stock/events.ts';
import type { Balance } from '../../domain/stock/shapes.ts';
import { stockStream } from '../../domain/values.ts';
import type { Page, PageRequest } from '../../eventsourcing/projecting/page.ts';
import { type PacedStreamReader, slicesOf } from '../moment.ts';
import type { StockLevelDocument } from './projection.ts';

export const driftFields = ['onHand', 'reserved', 'quarantined', 'incoming', 'safetyStock'] as const;
type DriftField = (typeof driftFields)[number];

/** Shown less folded, in pieces; a field that agrees is absent. */
export type Drift = { readonly [Field in DriftField]?: number };

export interface CheckedStock {
  readonly warehouseId: string;
  readonly sku: string;
  /** As of which event of the stock. */
  readonly revision: number;
  /** Empty: it is as it must be. */
  readonly drift: Drift;
}

interface Ports {
  /** All stocks, in any order that stays. */
  readonly page: (request: PageRequest) => Promise<Page<StockLevelDocument>>;
  readonly source: PacedStreamReader;
  readonly checked: (stock: CheckedStock) => void;
}

/** Read and folded within a tenth of a second, so that a look each ten seconds is a hundredth of a core. */
const eventsPerLook = 5_000;
const stocksPerPage = 100;

/** A stock that is being looked at: a long one takes several looks. */
interface Open {
  readonly shown: StockLevelDocument;
  readonly folded: Balance;
  readonly upTo: number;
}

const driftOf = ({ shown, folded, upTo }: Open): Drift =>
  Object.fromEntries(
    driftFields.flatMap((field): readonly (readonly [string, number])[] => {
      // A document beyond the end of its stream was made of events that are not there.
      const delta = shown[field] - (upTo < shown.revision ? 0 : folded[field]);
      return delta === 0 ? [] : [[field, delta]];
    }),
  );

/** @returns one look, which goes on where the one before it ended. @throws StoreUnavailable */
export const createDriftLook = ({ page, source, checked }: Ports): ((signal: AbortSignal) => Promise<void>) => {
  let waiting: readonly StockLevelDocument[] = [];
  let cursor: string | null = null;
  let open: Open | null = null;

  const nextOpen = async (): Promise<Open | null> => {
    if (waiting.length === 0) {
      const found: Page<StockLevelDocument> = await page({
        limit: stocksPerPage,
        ...(cursor === null ? {} : { cursor }),
      });
      [waiting, cursor] = [found.items, found.nextCursor];
    }
    const [shown, ...rest] = waiting;
    waiting = rest;
    return shown === undefined ? null : { shown, folded: emptyBalance, upTo: -1 };
  };

  /** Up to the revision that is shown, or until so many events were read. @returns how many were read */
  const foldOn = async (stock: Open, eventsMax: number): Promise<{ readonly stock: Open; readonly read: number }> => {
    const { warehouseId, sku, revision } = stock.shown;
    let { folded, upTo } = stock;
    let read = 0;
    for await (const slice of slicesOf<StockEvent>(source, stockStream(warehouseId, sku), upTo + 1)) {
      for (const event of slice) {
        if (event.revision > revision) break;
        folded = moveBalance(folded, event);
        upTo = event.revision;
      }
      read += slice.length;
      if (upTo >= revision || read >= eventsMax) break;
    }
    return { stock: { shown: stock.shown, folded, upTo }, read };
  };

  return async (signal) => {
    let left = eventsPerLook;
    let stocks = 0;
    while (left > 0 && !signal.aborted) {
      open ??= await nextOpen();
      if (open === null) return;
      const { stock, read }: Awaited<ReturnType<typeof foldOn>> = await foldOn(open, left);
      // A stock without events costs a read all the same.
      left -= Math.max(1, read);
      const isCutShort = stock.upTo < stock.shown.revision && left <= 0 && read > 0;
      open = isCutShort ? stock : null;
      if (!isCutShort) {
        const { warehouseId, sku, revision } = stock.shown;
        checked({ warehouseId, sku, revision, drift: driftOf(stock) });
        stocks += 1;
      }
      // Once round is enough for one look.
      if (cursor === null && waiting.length === 0 && stocks > 0) return;
    }
  };
};
