/** The live stream as a part of the matrix: from the beginning of the log to its end, for everybody who may hear it. */
import { formatPosition } from '../../src/eventsourcing/message.ts';
import type { TestService } from '../support/service.ts';
import { askedOf, type Case, type Entered } from './targets.ts';
import type { Things } from './things.ts';
import type { Asked } from './world.ts';

/** A machine that does ten other things is slow; only what hangs meets this. */
const hearMaxMs = 120_000;

/** Of the east and of the west, by each filter there is. */
const queriesOf = (own: Things, theirs: Things): readonly (readonly [what: string, query: string | undefined])[] => [
  ['everything', undefined],
  ['an own order', `orderId=${own.orderId}`],
  ['an order of another', `orderId=${theirs.orderId}`],
  ['the warehouse of another', `warehouseId=${theirs.warehouseId}`],
  ['goods of another', `sku=${theirs.sku}`],
  ['orders, by type', 'types=OrderPlaced,OrderAllocated'],
];

/** A customer names an order of theirs; for others all is a filter, which finds nothing that they don't reach. */
export const streamCases = ({ target, person, role, own, theirs }: Entered): readonly Case[] =>
  queriesOf(own, theirs).map(([what, query]) => ({
    operation: target.name,
    person,
    what: `from the beginning: ${what}`,
    // What was sent to another is a place like any other.
    asked: askedOf(target, {}, { headers: { 'last-event-id': '0' }, ...(query === undefined ? {} : { query }) }),
    expected: role === 'customer' && query !== `orderId=${own.orderId}` ? 404 : 200,
  }));

export interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: { readonly [name: string]: string };
}

/** All that it tells up to the end of the log, which it names when it has come there. */
export const hear = async (service: TestService, origin: string, { url, headers }: Asked): Promise<Heard> => {
  const head = await service.adapters.events.head();
  const end = head === null ? '' : `id: ${formatPosition(head)}\n`;
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(hearMaxMs)]);
  const response = await fetch(`${origin}${url}`, { headers, signal });
  const told = { status: response.status, headers: Object.fromEntries(response.headers) };
  if (response.status !== 200 || response.body === null) return { ...told, text: await response.text() };
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(end)) break;
  }
  stopping.abort();
  return { ...told, text };
};
