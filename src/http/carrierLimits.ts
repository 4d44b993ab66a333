/** How often an address may send messages of carriers (R8): nobody has signed in there. */
import { type Counting, createRateLimit, minuteMs, type TokenLimits } from './rateLimits.ts';

/** Who guesses a signature is told nothing by any number of answers; a wrong secret shows after a few. */
const wrongSignaturesPerMinute = 60;

/** @param requests in a minute. */
export const createCarrierLimits = (requests: number, { clock, sharedCounts }: Counting): TokenLimits => {
  const within = { windowMs: minuteMs, isQuiet: true, clock, sharedCounts } as const;
  const messages = createRateLimit({ name: 'carrier', requests, ...within });
  const wrong = createRateLimit({ name: 'wrong-signature', requests: wrongSignaturesPerMinute, ...within });
  return {
    arrived: async (address, reply) => {
      await wrong.count(address, reply, 0);
      await messages.count(address, reply);
    },
    refused: wrong.note,
  };
};
