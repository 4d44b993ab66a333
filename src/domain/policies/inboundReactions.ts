/** What the events of inbound shipments ask for: each stock is told what is still to come of a line, and what has come (T1). */
import type { InboundEvent } from '../inbound/events.ts';
import type { StockCommandOf } from '../stock/commands.ts';
import { stockStream } from '../values.ts';
import type { Reaction, ReactionTable } from './reaction.ts';

type News = Omit<StockCommandOf<'ExpectArrival'>, 'type'>;

const tellStock = (command: StockCommandOf<'ExpectArrival' | 'RecordArrival'>): Reaction => ({
  type: 'Tell',
  to: 'stock',
  stream: stockStream(command.warehouseId, command.sku),
  command,
  name: `stock/${command.lineId}`,
});

interface Told<Line> {
  readonly data: {
    readonly inboundId: string;
    readonly warehouseId: string;
    readonly expectedAt: string;
    readonly lines: readonly Line[];
  };
  readonly revision: number;
  readonly occurredAt: string;
}

/** The whole of what is to come of each line, never what it differs by, with the revision that says so. */
const newsOf = <Line extends { readonly lineId: string; readonly sku: string }>(
  { data: { inboundId, warehouseId, expectedAt, lines }, revision: inboundRevision, occurredAt }: Told<Line>,
  expectedOf: (line: Line) => number,
): readonly (readonly [News, Line])[] =>
  lines.map((line) => {
    const { lineId, sku } = line;
    const at = { warehouseId, sku, occurredAt, inboundId, lineId };
    return [{ ...at, inboundRevision, expected: expectedOf(line), expectedAt }, line];
  });

const expect = ([news]: readonly [News, unknown]): Reaction => tellStock({ type: 'ExpectArrival', ...news });

export const inboundReactions: ReactionTable<InboundEvent> = {
  InboundAnnounced: (event) => newsOf(event, ({ quantity }) => quantity).map(expect),
  InboundChanged: (event) => newsOf(event, ({ expected }) => expected).map(expect),
  InboundReceived: (event) =>
    newsOf(event, ({ expected }) => expected).map((told) => {
      const [news, { accepted: quantity }] = told;
      return quantity === 0 ? expect(told) : tellStock({ type: 'RecordArrival', ...news, quantity });
    }),
  InboundCancelled: (event) => newsOf(event, () => 0).map(expect),
};
