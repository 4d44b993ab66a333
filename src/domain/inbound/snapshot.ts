/** An inbound shipment as its snapshots hold it: first all but its lines, then the lines some hundred at a time. */
import type { Json, StateCodec } from '../../eventsourcing/message.ts';
import type { Inbound, InboundLine, KnownInbound } from './state.ts';

type Frame = Omit<KnownInbound, 'lines'>;

/** Up to 250 characters each. */
const linesAtOnce = 250;

function* encode(inbound: Inbound): Generator<Json> {
  if (inbound.phase === 'absent') {
    yield null;
    return;
  }
  const { lines, ...frame } = inbound;
  yield frame satisfies Frame as object as Json;
  for (let from = 0; from < lines.length; from += linesAtOnce) {
    yield lines.slice(from, from + linesAtOnce) as readonly object[] as Json;
  }
}

const decode = (part: Json, inbound: Inbound | null): Inbound => {
  if (part === null) return { phase: 'absent' };
  if (inbound === null || inbound.phase === 'absent') return { ...(part as object as Frame), lines: [] };
  return { ...inbound, lines: [...inbound.lines, ...(part as object as readonly InboundLine[])] };
};

export const inboundStates: StateCodec<Inbound> = { version: 1, encode, decode };
