/** The demo on servers of yours: they must be empty, and are asked before anything is started on them. */
import { pino } from 'pino';
import { decodeStored } from '../src/domain/events.ts';
import { readConfig } from '../src/infra/config/config.ts';
import { createEventStoreEvents } from '../src/infra/eventstoredb/events.ts';

/**
 * The last line of the demo compares every stock with the rows: what was stored before would be a difference. A service
 * that is started first leaves a key in MongoDB, and the next start there with another key is refused.
 * @throws when the log of the servers in the environment holds an event
 */
export const requireEmptyServers = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const { servers } = readConfig(env);
  if (servers === null) return;
  const events = createEventStoreEvents({
    url: servers.eventStoreUrl,
    debug: env.DEBUG,
    decode: decodeStored,
    logger: pino({ level: 'warn' }),
  });
  try {
    const found = await events.readAll(null, 'forwards', 1);
    if (found.length === 0) return;
    throw new Error('The servers hold events already. It needs empty ones, such as `npm run engines` starts.');
  } finally {
    await events.close();
  }
};
