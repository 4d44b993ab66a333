/**
 * What may happen to an inbound shipment. An announcement and its changes are plans and may be refused; what came at the
 * door is a fact, and is recorded whatever was announced: too much, too little, late, after a cancellation (T1, T28).
 */
import { accept, type Decider, type Decision, refuse, unreachable } from '../../eventsourcing/message.ts';
import { isCount, isQuantity, sameJson } from '../values.ts';
import {
  type InboundCommand,
  type InboundCommandOf,
  type InboundRefusal,
  inboundLinesMax,
  inboundQuantityMax,
  receivedLinesMax,
} from './commands.ts';
import {
  type CancelledLine,
  type ChangedLine,
  type InboundEvent,
  inboundVersions,
  type ReceivedLine,
} from './events.ts';
import { inboundStates } from './snapshot.ts';
import { evolveInbound, expectedOf, type Inbound, type InboundLine, type KnownInbound } from './state.ts';

type Decided = Decision<InboundEvent, InboundRefusal>;
type Refused = Extract<Decided, { readonly refused: unknown }>;

const isRepeated = (lines: readonly { readonly lineId: string }[]): boolean =>
  new Set(lines.map(({ lineId }) => lineId)).size < lines.length;

const repeated = refuse('INBOUND_LINE_REPEATED', 'A line may stand only once in the request.');
const tooMany = (max: number): Refused =>
  refuse('TOO_MANY_INBOUND_LINES', `An inbound shipment has at most ${max} lines.`);
const invalid = refuse('QUANTITY_INVALID', `A quantity is a whole number of pieces, at most ${inboundQuantityMax}.`);
const fits = (quantity: number): boolean => isCount(quantity) && quantity <= inboundQuantityMax;

export const inboundIdTaken = 'Another inbound shipment has this id.';

const announce = ({ inbound }: InboundCommandOf<'AnnounceInbound'>, state: Inbound): Decided => {
  const { lines } = inbound;
  if (isRepeated(lines)) return repeated;
  if (lines.length > inboundLinesMax) return tooMany(inboundLinesMax);
  if (!lines.every(({ quantity }) => isQuantity(quantity) && fits(quantity))) return invalid;
  const event: InboundEvent = { type: 'InboundAnnounced', data: inbound };
  if (state.phase === 'absent') return accept(event);
  // The very same again, before anything has happened to it, is a second attempt.
  if (sameJson(evolveInbound({ phase: 'absent' }, event), state)) return accept();
  return refuse('INBOUND_ID_TAKEN', inboundIdTaken, { inboundId: inbound.inboundId });
};

/** The line under this id, or a new one of the SKU that the request tells. */
const lineFor = (
  { lines }: KnownInbound,
  { lineId, sku }: { readonly lineId: string; readonly sku?: string },
): InboundLine | Refused => {
  const known = lines.find((line) => line.lineId === lineId);
  if (known === undefined) {
    if (sku === undefined) {
      return refuse('INBOUND_LINE_NOT_FOUND', 'Nothing was announced under this line: tell its SKU.', { lineId });
    }
    return { lineId, sku, quantity: 0, accepted: 0, rejected: 0 };
  }
  if (sku === undefined || sku === known.sku) return known;
  return refuse('INBOUND_LINE_OF_OTHER_SKU', 'The line is of another SKU: take a line of its own.', {
    lineId,
    sku: known.sku,
  });
};

const isRefused = (found: object): found is Refused => 'refused' in found;

/** Each request with its line. */
const paired = <Request extends { readonly lineId: string; readonly sku?: string }>(
  inbound: KnownInbound,
  requests: readonly Request[],
  max: number,
): readonly (readonly [InboundLine, Request])[] | Refused => {
  if (isRepeated(requests)) return repeated;
  const pairs: (readonly [InboundLine, Request])[] = [];
  for (const request of requests) {
    const line = lineFor(inbound, request);
    if (isRefused(line)) return line;
    pairs.push([line, request]);
  }
  const known = new Set(inbound.lines.map(({ lineId }) => lineId));
  const added = requests.filter(({ lineId }) => !known.has(lineId)).length;
  return added > 0 && known.size + added > max ? tooMany(max) : pairs;
};

const keyOf = ({ inboundId, warehouseId, expectedAt }: KnownInbound) => ({ inboundId, warehouseId, expectedAt });

const change = ({ expectedAt, lines, reason }: InboundCommandOf<'ChangeInbound'>, inbound: KnownInbound): Decided => {
  if (inbound.phase === 'cancelled') {
    return refuse('INBOUND_CANCELLED', 'Its rest was cancelled: announce anew what comes after all.');
  }
  const pairs = paired(inbound, lines, inboundLinesMax);
  if (isRefused(pairs)) return pairs;
  if (!lines.every(({ quantity }) => fits(quantity))) return invalid;
  const known = new Set(inbound.lines.map(({ lineId }) => lineId));
  const asked = new Map(
    pairs.map(([{ lineId, sku, accepted, rejected }, { quantity }]) => [
      lineId,
      { lineId, sku, quantity, accepted, rejected },
    ]),
  );
  const moves = expectedAt !== undefined && expectedAt !== inbound.expectedAt;
  const isChanged = (line: InboundLine): boolean => {
    const wanted = asked.get(line.lineId);
    return (wanted !== undefined && wanted.quantity !== line.quantity) || (moves && expectedOf(inbound, line) > 0);
  };
  const told = [
    ...inbound.lines.filter(isChanged).map((line) => asked.get(line.lineId) ?? line),
    ...[...asked.values()].filter(({ lineId }) => !known.has(lineId)),
  ];
  if (told.length === 0 && !moves) return accept();
  const changed = told.map((line): ChangedLine => {
    const { lineId, sku, quantity } = line;
    return { lineId, sku, quantity, expected: expectedOf(inbound, line) };
  });
  const why = reason === undefined ? {} : { reason };
  const at = moves ? { expectedAt } : {};
  return accept({ type: 'InboundChanged', data: { ...keyOf(inbound), ...at, ...why, lines: changed } });
};

const receive = ({ lines }: InboundCommandOf<'ReceiveInbound'>, inbound: KnownInbound): Decided => {
  const pairs = paired(inbound, lines, receivedLinesMax);
  if (isRefused(pairs)) return pairs;
  if (!lines.every(({ accepted, rejected }) => fits(accepted) && fits(rejected))) return invalid;
  const came = pairs.filter(([, { accepted, rejected }]) => accepted + rejected > 0);
  if (came.length === 0) return accept();
  const receipt = came.map(([line, { accepted, rejected }]): ReceivedLine => {
    const { lineId, sku, quantity } = line;
    const after = { quantity, accepted: line.accepted + accepted, rejected: line.rejected + rejected };
    return { lineId, sku, accepted, rejected, expected: expectedOf(inbound, after) };
  });
  return accept({ type: 'InboundReceived', data: { ...keyOf(inbound), lines: receipt } });
};

const cancel = ({ reason }: InboundCommandOf<'CancelInbound'>, inbound: KnownInbound): Decided => {
  const rest = inbound.lines.flatMap((line): CancelledLine[] => {
    const quantity = expectedOf(inbound, line);
    return quantity === 0 ? [] : [{ lineId: line.lineId, sku: line.sku, quantity }];
  });
  return rest.length === 0
    ? accept()
    : accept({ type: 'InboundCancelled', data: { ...keyOf(inbound), reason, lines: rest } });
};

const decide = (command: InboundCommand, inbound: Inbound): Decided => {
  if (command.type === 'AnnounceInbound') return announce(command, inbound);
  if (inbound.phase === 'absent') return refuse('INBOUND_NOT_FOUND', 'No such inbound shipment.');
  switch (command.type) {
    case 'ChangeInbound':
      return change(command, inbound);
    case 'ReceiveInbound':
      return receive(command, inbound);
    case 'CancelInbound':
      return cancel(command, inbound);
    default:
      return unreachable(command);
  }
};

export const inboundDecider: Decider<Inbound, InboundCommand, InboundEvent, InboundRefusal> = {
  category: 'inbound',
  initialState: { phase: 'absent' },
  decide,
  evolve: evolveInbound,
  weigh: (inbound) => (inbound.phase === 'absent' ? 100 : 500 + 250 * inbound.lines.length),
  codec: inboundStates,
  schemaVersions: inboundVersions,
};
