/** What happened so far. The one thing of the replay that changes, handed to whoever counts. */
export interface Tally {
  rowsRead: number;
  ordersPlaced: number;
  /** Sent by more than one warehouse. */
  ordersSplit: number;
  /** Waited for stock, in whole or in part. */
  ordersBackordered: number;
  ordersCancelled: number;
  /** Requests of orders sent a second time, and answered with the first answer. */
  ordersReplayed: number;
  shipments: number;
  deliveries: number;
  returns: number;
  corrections: number;
  receipts: number;
  /** Rows of the list that did not become anything, by reason. */
  readonly refused: Map<string, number>;
  /** Rows that became part of an order, of a cancellation, or a movement. Read = used + refused. */
  rowsUsed: number;
}

export const createTally = (): Tally => ({
  rowsRead: 0,
  ordersPlaced: 0,
  ordersSplit: 0,
  ordersBackordered: 0,
  ordersCancelled: 0,
  ordersReplayed: 0,
  shipments: 0,
  deliveries: 0,
  returns: 0,
  corrections: 0,
  receipts: 0,
  refused: new Map(),
  rowsUsed: 0,
});

export const refuseRows = (tally: Tally, reason: string, rows: number): void =>
  void tally.refused.set(reason, (tally.refused.get(reason) ?? 0) + rows);

export const refusedTotal = (tally: Tally): number => [...tally.refused.values()].reduce((sum, rows) => sum + rows, 0);
