import { systemContext } from '../commands/handlers.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import { derivedId } from '../eventsourcing/commandHandling/outcome.ts';
import type { Seen } from '../eventsourcing/commandHandling/streams.ts';
import type { Position, RecordedEvent } from '../eventsourcing/message.ts';

/** The event that asked a policy for something. */
export interface Cause extends Seen {
  /** All ids are derived from it. */
  readonly eventId: string;
  readonly position: Position;
  /** The context of a command of ours, by the name that its id is derived from. */
  readonly context: (name: string) => CommandContext;
}

export const causeOf = ({ id, stream, revision, position, occurredAt, metadata }: RecordedEvent): Cause => ({
  eventId: id,
  stream,
  revision,
  position,
  context: (name): CommandContext => ({
    ...systemContext(derivedId(`${id}/${name}`)),
    correlationId: metadata.$correlationId,
    causationId: id,
    ...(name.startsWith('follow/') ? { occurredAt } : {}),
  }),
});
