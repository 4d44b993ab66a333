/** Pieces go from one warehouse to another: planned, dispatched, received, lost, cancelled (docs/transfers.md). */
import type { Tell } from '../domain/policies/reaction.ts';
import { reactTo } from '../domain/policies/reactions.ts';
import { availableOf } from '../domain/stock/state.ts';
import type { TransferCommand, TransferRefusal } from '../domain/transfer/commands.ts';
import { idRefusal } from '../domain/transfer/decider.ts';
import type { TransferEvent, TransferPlanned } from '../domain/transfer/events.ts';
import type { Transfer } from '../domain/transfer/state.ts';
import { stockStream, transferStream, warehouseStream } from '../domain/values.ts';
import type { CommandContext, Outcome, Refused } from '../eventsourcing/commandHandling/outcome.ts';
import { type RecordedEvent, refuse } from '../eventsourcing/message.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { followingContext, type Handlers } from './handlers.ts';

/**
 * How long the source keeps the pieces of a plan. As long as a reservation of a person may last: a lorry that has not been
 * loaded within a month is forgotten, and what it was to take is for others.
 */
const transferClaimMs = 30 * 24 * 3_600_000;

type PlanRefusal = 'WAREHOUSE_NOT_FOUND' | 'STOCK_NOT_FOUND' | 'STOCK_RETIRED' | 'INSUFFICIENT_STOCK';
export type TransferOutcome = Outcome<Transfer, TransferEvent, TransferRefusal | PlanRefusal>;

type Accepted = Extract<TransferOutcome, { kind: 'recorded' | 'unchanged' }>;

export type TransferRequest = Omit<TransferPlanned['data'], 'claimsUntil' | 'plannedAt'>;

type Told = Outcome<unknown, { readonly type: string; readonly data: object }, string>;
type TransferHandlers = Pick<Handlers, 'transfer' | 'stock' | 'warehouse'>;

const refused = <Code extends TransferRefusal | PlanRefusal>(
  code: Code,
  detail: string,
  facts?: Parameters<typeof refuse>[2],
): Refused<Code> => ({ kind: 'refused', refusal: refuse(code, detail, facts).refused });

const toRefused = (decided: ReturnType<typeof idRefusal>): Refused<TransferRefusal> | null =>
  decided === null ? null : { kind: 'refused', refusal: decided.refused };

/** What can't be kept at the source as it is now; `null`: nothing. Lines of one SKU are one demand. */
const createCheck = ({ stock, warehouse }: TransferHandlers) => {
  const shortOf = async (warehouseId: string, sku: string, requested: number): Promise<Refused<PlanRefusal> | null> => {
    const { state } = await stock.load(stockStream(warehouseId, sku));
    if (state.phase === 'absent') return refused('STOCK_NOT_FOUND', `${sku} is not registered at the source.`);
    if (state.phase === 'retired') return refused('STOCK_RETIRED', `The stock of ${sku} at the source is retired.`);
    const available = availableOf(state.balance);
    if (requested <= available) return null;
    const detail = `${requested} of ${sku} asked for, ${available} can be taken.`;
    return refused('INSUFFICIENT_STOCK', detail, { sku, requested, available });
  };

  return async ({ fromWarehouseId, toWarehouseId, lines }: TransferRequest): Promise<Refused<PlanRefusal> | null> => {
    const { state: target } = await warehouse.load(warehouseStream(toWarehouseId));
    if (target.phase === 'absent') return refused('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
    const demand = new Map<string, number>();
    for (const { sku, quantity } of lines) demand.set(sku, (demand.get(sku) ?? 0) + quantity);
    for (const [sku, requested] of demand) {
      const short = await shortOf(fromWarehouseId, sku, requested);
      if (short !== null) return short;
    }
    return null;
  };
};

/** Who plans is told at once whether the pieces are kept: what the policies would tell the stocks is told here already. */
const createTellNow = ({ transfer, stock }: TransferHandlers) => {
  const send = ({ to, stream, command, name }: Tell, event: RecordedEvent): Promise<Told> | null => {
    const context = { ...followingContext(event, name), occurredAt: event.occurredAt };
    if (to === 'stock') return stock(stream, command, context);
    return to === 'transfer' ? transfer(stream, command, context) : null;
  };

  /** And what they answer to it. The ids are those of the policies, so that nothing is done twice. */
  const tellNow = async (events: readonly RecordedEvent[]): Promise<void> => {
    const tells = events.flatMap((event) =>
      reactTo(event).flatMap((reaction) => (reaction.type === 'Tell' ? [[reaction, event] as const] : [])),
    );
    await Promise.all(
      tells.map(async ([tell, event]) => {
        const outcome = await send(tell, event);
        if (outcome?.kind === 'recorded') await tellNow(outcome.events);
      }),
    );
  };
  return tellNow;
};

export const createTransferUseCases = (handlers: TransferHandlers, clock: Clock) => {
  const { transfer } = handlers;
  const check = createCheck(handlers);
  const tellNow = createTellNow(handlers);

  /** As it stands when the source has answered. Somebody may have been quicker than the plan, which has cancelled itself. */
  const answered = async (stream: string, outcome: Accepted): Promise<TransferOutcome> => {
    const { state, revision, position, updatedAt } = await transfer.load(stream);
    const declined = state.phase === 'absent' ? undefined : state.lines.find(({ claim }) => claim === 'declined');
    if (declined === undefined)
      return { ...outcome, state, revision, position: position ?? outcome.position, updatedAt } as Accepted;
    const { sku, quantity } = declined;
    return refused('INSUFFICIENT_STOCK', `${quantity} of ${sku} can not be kept any more.`, { sku, quantity });
  };

  return {
    planTransfer: async (request: TransferRequest, context: CommandContext): Promise<TransferOutcome> => {
      const stream = transferStream(request.transferId);
      const { state: known } = await transfer.load(stream);
      // A plan that is asked for again has its pieces already: there need not be as many once more.
      const objection = known.phase === 'absent' ? await check(request) : toRefused(idRefusal(request, known));
      if (objection !== null) return objection;
      const plannedAt = clock.now();
      const claimsUntil = new Date(Date.parse(plannedAt) + transferClaimMs).toISOString();
      const planned = { ...request, claimsUntil, plannedAt };
      const outcome = await transfer(stream, { type: 'PlanTransfer', transfer: planned }, context);
      if (outcome.kind !== 'recorded' && outcome.kind !== 'unchanged') return outcome;
      if (outcome.kind === 'recorded') await tellNow(outcome.events);
      return answered(stream, outcome);
    },
    /** The stocks follow. */
    changeTransfer: (transferId: string, command: TransferCommand, context: CommandContext): Promise<TransferOutcome> =>
      transfer(transferStream(transferId), command, context),
  };
};
