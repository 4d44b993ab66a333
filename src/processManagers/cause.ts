/** The cause of a command of ours: the event that asked for it, or a drift that the reconciler found. */
import { followingContext, systemContext } from '../commands/handlers.ts';
import type { OrderShipmentDispatched } from '../domain/order/shapes.ts';
import { stockStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Seen } from '../eventsourcing/commandHandling/streams.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import type { EventStore } from '../eventsourcing/ports.ts';
import type { ClaimDrift } from './claims.ts';
import type { OrderClaim } from './ports.ts';

/** The event that asked a policy for something. */
export interface Cause extends Seen {
  /** All ids are derived from it. */
  readonly eventId: string;
  /** The context of a command of ours that happens now, by the name that its id is derived from. */
  readonly context: (name: string) => CommandContext;
  /** The same for a command that records what the event tells: it happened when the event did. */
  readonly contextAtEventTime: (name: string) => CommandContext;
}

export const causeOf = (event: RecordedEvent): Cause => {
  const { id, stream, revision, occurredAt } = event;
  const context = (name: string): CommandContext => followingContext(event, name);
  const contextAtEventTime = (name: string): CommandContext => ({ ...context(name), occurredAt });
  return { eventId: id, stream, revision, context, contextAtEventTime };
};

const pageEvents = 500;
/** Reservations made by people that are remembered; then each is looked up once more. */
const byPeopleMax = 10_000;

const makesClaim: ReadonlySet<string> = new Set(['StockReserved', 'StockReservationTakenOver']);

const letOthersIn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Of a state that no one event has brought about. */
const driftCause = ({ name, version, stream, revision }: ClaimDrift): Cause => {
  const eventId = derivedId(`drift/${name}@${version}`);
  const context = (step: string) => systemContext(derivedId(`${eventId}/${step}`));
  return { eventId, stream, revision, context, contextAtEventTime: context };
};

/** Who made a claim, and which event the policies missed. Both read a whole stream, so they are asked seldom. */
export const createClaimOrigins = (store: Pick<EventStore, 'readStream'>) => {
  const byPeople = new Set<string>();

  async function* eventsOf(stream: string): AsyncGenerator<RecordedEvent, void> {
    for (let from = 0; ; from += pageEvents) {
      const events = await store.readStream(stream, from, pageEvents);
      yield* events;
      if (events.length < pageEvents) return;
      await letOthersIn();
    }
  }

  /** Only what the policies reserved is theirs to let go: a person may reserve for an order that is still to come. */
  const isByPeople = async (claim: OrderClaim): Promise<boolean> => {
    const stream = stockStream(claim.warehouseId, claim.sku);
    const key = `${stream}/${claim.reservationId}`;
    if (byPeople.has(key)) return true;
    let isOurs = false;
    for await (const { type, data, metadata } of eventsOf(stream)) {
      const isIt = makesClaim.has(type) && (data as Partial<OrderClaim>).reservationId === claim.reservationId;
      if (isIt) isOurs = metadata.actor.kind === 'system';
    }
    if (isOurs) return false;
    if (byPeople.size >= byPeopleMax) byPeople.clear();
    byPeople.add(key);
    return true;
  };

  /** The event that the policies missed, where there is one: they may still come to it, and then find it done by its ids. */
  const causeFor = async (drift: ClaimDrift): Promise<Cause> => {
    const { reaction, stream } = drift;
    if (reaction.type !== 'ShipReserved') return driftCause(drift);
    for await (const event of eventsOf(stream)) {
      const { shipmentId } = event.data as Partial<OrderShipmentDispatched['data']>;
      if (event.type === 'OrderShipmentDispatched' && shipmentId === reaction.shipmentId) return causeOf(event);
    }
    throw new Error(`${stream}: the dispatch of ${reaction.shipmentId} is missing`);
  };

  return { isByPeople, causeFor };
};
