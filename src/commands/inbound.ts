/** Goods on their way to a warehouse (T1). What the stocks hear of it, policies tell them. */
import type { InboundCommand, InboundRefusal, LineChange, LineReceipt } from '../domain/inbound/commands.ts';
import type { InboundAnnounced, InboundEvent } from '../domain/inbound/events.ts';
import type { Inbound } from '../domain/inbound/state.ts';
import { expectedIn, expectedLinesMax } from '../domain/stock/arrivals.ts';
import { inboundStream, stockStream, warehouseStream } from '../domain/values.ts';
import type { CommandContext, Outcome } from '../eventsourcing/commandHandling/outcome.ts';
import { mapLimited } from '../eventsourcing/concurrency.ts';
import { refuse } from '../eventsourcing/message.ts';
import type { Handlers } from './handlers.ts';

export type InboundOutcome = Outcome<
  Inbound,
  InboundEvent,
  InboundRefusal | 'WAREHOUSE_NOT_FOUND' | 'TOO_MANY_EXPECTED_LINES'
>;

const refused = (...asked: Parameters<typeof refuse<'WAREHOUSE_NOT_FOUND' | 'TOO_MANY_EXPECTED_LINES'>>) =>
  ({ kind: 'refused', refusal: refuse(...asked).refused }) satisfies InboundOutcome;

const noWarehouse = refused('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
const tooMany = refused(
  'TOO_MANY_EXPECTED_LINES',
  `At most ${expectedLinesMax} lines may be on their way to one stock: receive or cancel some first.`,
);

/** Stocks that are looked at side by side. */
const looksAtOnce = 16;

export const createInboundUseCases = ({
  inbound,
  stock,
  warehouse,
}: Pick<Handlers, 'inbound' | 'stock' | 'warehouse'>) => {
  /** A stock that is told of a line can not refuse it, so that its bound is looked at before. */
  const hasRoom = async (warehouseId: string, skus: readonly string[]): Promise<boolean> => {
    const bySku = Map.groupBy(skus, (sku) => sku);
    const fits = await mapLimited([...bySku], looksAtOnce, async ([sku, lines]) => {
      const { state } = await stock.load(stockStream(warehouseId, sku));
      const expected = state.phase === 'absent' ? 0 : expectedIn(state.arrivals).length;
      return expected + lines.length <= expectedLinesMax;
    });
    return !fits.includes(false);
  };

  const send = (inboundId: string, command: InboundCommand, context: CommandContext): Promise<InboundOutcome> =>
    inbound(inboundStream(inboundId), command, context);

  return {
    announceInbound: async (announced: InboundAnnounced['data'], context: CommandContext): Promise<InboundOutcome> => {
      const { inboundId, warehouseId, lines } = announced;
      if ((await warehouse.load(warehouseStream(warehouseId))).state.phase === 'absent') return noWarehouse;
      const { state } = await inbound.load(inboundStream(inboundId));
      // One that is there was announced before: it fitted then, and a second attempt must find it.
      const isNew = state.phase === 'absent';
      const skus = lines.map(({ sku }) => sku);
      if (isNew && !(await hasRoom(warehouseId, skus))) return tooMany;
      return send(inboundId, { type: 'AnnounceInbound', inbound: announced }, context);
    },
    changeInbound: async (
      inboundId: string,
      change: { readonly expectedAt?: string; readonly lines: readonly LineChange[]; readonly reason?: string },
      context: CommandContext,
    ): Promise<InboundOutcome> => {
      const { state } = await inbound.load(inboundStream(inboundId));
      const known = new Set(state.phase === 'absent' ? [] : state.lines.map(({ lineId }) => lineId));
      const added = change.lines.flatMap(({ lineId, sku }) => (known.has(lineId) || sku === undefined ? [] : [sku]));
      if (state.phase !== 'absent' && !(await hasRoom(state.warehouseId, added))) return tooMany;
      return send(inboundId, { type: 'ChangeInbound', ...change }, context);
    },
    receiveInbound: (inboundId: string, lines: readonly LineReceipt[], context: CommandContext) =>
      send(inboundId, { type: 'ReceiveInbound', lines }, context),
    cancelInbound: (inboundId: string, reason: string, context: CommandContext) =>
      send(inboundId, { type: 'CancelInbound', reason }, context),
  };
};
