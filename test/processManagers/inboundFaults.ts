/** What stocks were told of inbound shipments, against what these say: counted by hand, without the folds of the service. */
import type { InboundEvent } from '../../src/domain/inbound/events.ts';
import type { StockEvent } from '../../src/domain/stock/events.ts';
import { stockStream } from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';

interface Line {
  readonly stream: string;
  /** Still to come. */
  readonly expected: number;
  readonly accepted: number;
}

const lineId = (inboundId: string, line: string): string => `${inboundId}/${line}`;

const toldBy = (events: readonly RecordedEvent[]): ReadonlyMap<string, Line> => {
  const lines = new Map<string, Line>();
  for (const { stream, type, data } of events) {
    if (!stream.startsWith('inbound-')) continue;
    const { inboundId, warehouseId, lines: changed } = data as InboundEvent['data'];
    for (const line of changed) {
      const id = lineId(inboundId, line.lineId);
      const expected = 'expected' in line ? line.expected : type === 'InboundAnnounced' ? line.quantity : 0;
      const accepted = (lines.get(id)?.accepted ?? 0) + ('accepted' in line ? line.accepted : 0);
      lines.set(id, { stream: stockStream(warehouseId, line.sku), expected, accepted });
    }
  }
  return lines;
};

const arrivedIn = (events: readonly RecordedEvent[]): ReadonlyMap<string, number> => {
  const arrived = new Map<string, number>();
  for (const { type, data } of events) {
    if (type !== 'StockArrived') continue;
    const { inboundId, lineId: line, quantity } = data as Extract<StockEvent, { type: 'StockArrived' }>['data'];
    const id = lineId(inboundId, line);
    arrived.set(id, (arrived.get(id) ?? 0) + quantity);
  }
  return arrived;
};

const incomingIn = (events: readonly RecordedEvent[]): ReadonlyMap<string, number> =>
  new Map(
    events
      .filter(({ stream }) => stream.startsWith('stock-'))
      .map(({ stream, data }) => [stream, (data as StockEvent['data']).after.incoming]),
  );

const negativeIn = (events: readonly RecordedEvent[]): string[] =>
  events
    .filter(({ stream, data }) => {
      const { after } = data as StockEvent['data'];
      return stream.startsWith('stock-') && Object.values(after).some((figure) => figure < 0);
    })
    .map(({ stream, revision }) => `${stream}@${revision}: a negative figure`);

/** `incoming` of each stock is what its lines still expect, and each piece that was accepted is on hand once. */
export const inboundFaults = (events: readonly RecordedEvent[]): string[] => {
  const lines = toldBy(events);
  const arrived = arrivedIn(events);
  const expected = new Map<string, number>();
  const faults = negativeIn(events);
  for (const [id, { stream, ...line }] of lines) {
    expected.set(stream, (expected.get(stream) ?? 0) + line.expected);
    if ((arrived.get(id) ?? 0) !== line.accepted) {
      faults.push(`${id}: ${line.accepted} were accepted, ${arrived.get(id) ?? 0} are on hand`);
    }
  }
  const incoming = incomingIn(events);
  for (const stream of new Set([...expected.keys(), ...incoming.keys()])) {
    const [told, counted] = [expected.get(stream) ?? 0, incoming.get(stream) ?? 0];
    if (told !== counted) faults.push(`${stream}: ${told} are expected, incoming is ${counted}`);
  }
  return faults;
};
