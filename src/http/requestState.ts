/**
 * What is known of a request beside what it says. Fields of the request itself: a table beside it would be asked for
 * each, and the collector would have to look after it.
 */
import type { FastifyInstance } from 'fastify';
import type { Caller } from './access.ts';
import type { Running } from './commands/idempotency.ts';
import type { Share } from './shares.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** `null` until the token was checked. */
    caller: Caller | null;
    /** `null` for what runs under no idempotency key, or was answered. */
    underKey: Running | null;
    /** What its body weighs; `null` for what has none. */
    bodyShare: Share | null;
    /** Its handler has begun. */
    isWorkedOn: boolean;
  }
}

export const registerRequestState = (app: FastifyInstance): void => {
  app.decorateRequest('caller', null);
  app.decorateRequest('underKey', null);
  app.decorateRequest('bodyShare', null);
  app.decorateRequest('isWorkedOn', false);
};
