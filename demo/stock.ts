/** Stock movements, many in a request: registrations, receipts, corrections, returns. */
import { countIn, listIn, problemCodeIn, UnexpectedAnswer } from './answers.ts';
import type { Client } from './client.ts';
import type { MonthPlan, Receipt } from './demand.ts';
import { chunksOf, eachLimited } from './flow.ts';
import type { StockMove } from './retail.ts';
import { warehouses } from './rules.ts';
import { refuseRows, type Tally } from './tally.ts';

/** The most rows the contract takes in one request. */
const rowsMax = 500;
/** Rows of one request are decided side by side already; more requests at once would only queue up. */
const requestsMax = 4;

type Change = {
  readonly warehouseId: string;
  readonly sku: string;
  readonly kind: string;
  readonly occurredAt: string;
};

/**
 * Sends the rows; one that was not accepted is handed to `onRefused` with the problem's code.
 * @throws UnexpectedAnswer when the request as a whole is refused: then the demo is wrong, not the data.
 */
const sendChanges = async (
  client: Client,
  key: string,
  changes: readonly Change[],
  onRefused: (change: Change, code: string) => void,
): Promise<void> =>
  eachLimited(chunksOf(changes, rowsMax), requestsMax, async (chunk, chunkIndex) => {
    const { status, body } = await client.send({
      method: 'POST',
      path: '/v1/inventory/changes',
      as: 'sandbox-admin',
      body: { changes: chunk },
      idempotencyKey: `${key}-${chunkIndex}`,
    });
    if (status !== 207) throw new UnexpectedAnswer(`/v1/inventory/changes: ${problemCodeIn(status, body)}`);
    const results = listIn(body, 'results');
    if (results.length !== chunk.length) throw new UnexpectedAnswer('/v1/inventory/changes: a row has no result.');
    for (const result of results) {
      const rowStatus = countIn(result, 'status');
      const change = chunk[countIn(result, 'index')];
      if (change === undefined) throw new UnexpectedAnswer('/v1/inventory/changes: a result for no row.');
      if (rowStatus >= 300) onRefused(change, problemCodeIn(rowStatus, result));
    }
  });

/** Nothing that the demo made up itself may be refused. */
const mustPass = ({ kind, warehouseId, sku }: Change, code: string): never => {
  throw new UnexpectedAnswer(`The ${kind} of ${warehouseId}.${sku} was refused: ${code}`);
};

const receive = async (client: Client, key: string, receipts: readonly Receipt[], tally: Tally): Promise<void> => {
  const changes = receipts.map(({ at, ...receipt }) => ({ ...receipt, kind: 'receipt', occurredAt: at }));
  await sendChanges(client, key, changes, mustPass);
  tally.receipts += receipts.length;
};

/** What is new is registered at all the warehouses, then the month's goods arrive. */
export const beginMonth = async (client: Client, month: string, plan: MonthPlan, tally: Tally): Promise<void> => {
  const registrations = plan.newSkus.flatMap((sku) =>
    warehouses.map(({ warehouseId }) => ({
      warehouseId,
      sku,
      kind: 'register',
      onHand: 0,
      occurredAt: plan.registeredAt,
    })),
  );
  await sendChanges(client, `register-${month}`, registrations, mustPass);
  await receive(client, `receipts-${month}`, plan.receipts, tally);
};

export const receiveLate = (client: Client, month: string, plan: MonthPlan, tally: Tally): Promise<void> =>
  receive(client, `late-${month}`, plan.lateReceipts, tally);

/** Corrections and returns; a refused one is a refused row of the list. Returns how many were accepted. */
export const adjust = async (
  client: Client,
  key: string,
  moves: readonly StockMove[],
  tally: Tally,
): Promise<number> => {
  const changes = moves.map(({ at, note, ...move }) => ({
    ...move,
    ...(note === '' ? {} : { note }),
    kind: 'adjustment',
    occurredAt: at,
  }));
  let refused = 0;
  await sendChanges(client, key, changes, (_change, code) => {
    refused += 1;
    refuseRows(tally, code, 1);
  });
  const accepted = moves.length - refused;
  tally.rowsUsed += accepted;
  return accepted;
};
