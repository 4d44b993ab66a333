/** EventStoreDB through its client, opened twice as two processes would have it. */
import { decodeStored } from '../../../src/domain/events.ts';
import { createEventStoreEvents } from '../../../src/infra/eventstoredb/events.ts';
import { eventStoreEngine } from '../../support/engines/eventstoredb.ts';
import type { Engine } from '../engine.ts';

const logger = { info: () => undefined, warn: () => undefined };

export const eventstoredb: readonly Engine[] = [
  {
    name: 'eventstoredb',
    server: 'eventstoredb',
    isBlindToKnownIds: true,
    events: async () => {
      const { url, stop } = await eventStoreEngine();
      const [adapter, second] = [
        createEventStoreEvents({ decode: decodeStored, url, logger }),
        createEventStoreEvents({ decode: decodeStored, url, logger }),
      ];
      return {
        adapter,
        second,
        close: async () => {
          await Promise.all([adapter.close(), second.close()]);
          await stop();
        },
      };
    },
  },
];
