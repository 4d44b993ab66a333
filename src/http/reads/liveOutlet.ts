/** The socket of a live stream: messages in the form of Server-Sent Events, and an end for who does not read them. */
import type { ServerResponse } from 'node:http';
import type { Reach } from '../../domain/access/policy.ts';
import type { Position, RecordedEvent } from '../../eventsourcing/message.ts';
import { formatPosition } from '../../eventsourcing/message.ts';
import type { PublicEvent } from '../../projections/publicEvent.ts';
import { viewEvent } from './eventView.ts';

/** A client that reads nothing for so long holds a socket and buffers for nothing: it is cut off, and may resume. */
export const drainMaxMs = 30_000;

export interface LiveOutlet {
  /** Resolves when the client has room for the next. */
  send(event: RecordedEvent): Promise<void>;
  /**
   * A comment that keeps the connection, with the id up to where nothing else was for this client: it resumes there. By
   * the standard a block without data sets the last id and is no message.
   */
  sayHere(upTo: Position | null): void;
}

const message = ({ position, type, ...rest }: PublicEvent): string =>
  `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify({ ...rest, type, position })}\n\n`;

export interface OutletOptions {
  readonly signal: AbortSignal;
  /** Of the listener: an event goes out as a read would show it. */
  readonly reach: Reach;
  readonly drainWaitMs?: number;
}

export const createLiveOutlet = (
  response: ServerResponse,
  { signal, reach, drainWaitMs = drainMaxMs }: OutletOptions,
): LiveOutlet => {
  /** Resolves when the client has room again, or is gone. A socket that does not drain is destroyed. */
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => response.destroy(), drainWaitMs);
      const done = (): void => {
        clearTimeout(timer);
        response.off('drain', done);
        response.off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
      signal.addEventListener('abort', done);
      if (signal.aborted || response.destroyed) done();
    });

  return {
    send: async (event) => {
      if (signal.aborted) return;
      const seen = viewEvent(event, reach);
      if (seen !== null && !response.write(message(seen))) await drained();
    },
    sayHere: (upTo) => {
      // Who does not read what it has need not hear that we are still here.
      if (response.writableNeedDrain || signal.aborted) return;
      response.write(`: still here\n${upTo === null ? '' : `id: ${formatPosition(upTo)}\n`}\n`);
    },
  };
};
