import type { Position } from '../domain/message.ts';
import type { CommandContext } from './outcome.ts';
import type { Seen } from './streams.ts';

/** The event that asked a policy for something. */
export interface Cause extends Seen {
  /** All ids are derived from it. */
  readonly eventId: string;
  readonly position: Position;
  /** The context of a command of ours, by the name that its id is derived from. */
  readonly context: (name: string) => CommandContext;
}
