/** MongoDB, or what speaks like it: a database of its own for each suite, and two clients as two processes would have. */
import { createMongoCheckpoints } from '../../../src/infra/mongodb/checkpoints.ts';
import { type Mongo, openMongo } from '../../../src/infra/mongodb/connect.ts';
import { createFoldedDocuments, createMongoDocuments } from '../../../src/infra/mongodb/documents.ts';
import { createMongoIdempotency } from '../../../src/infra/mongodb/idempotency.ts';
import { createMongoPersonalData } from '../../../src/infra/mongodb/keyStore.ts';
import { createMongoLeases, type LeaseTimes } from '../../../src/infra/mongodb/leases.ts';
import { createMongoSnapshots } from '../../../src/infra/mongodb/snapshots.ts';
import { mongoMissing, type RunningMongo, startMongo } from '../../support/engines/mongodb.ts';
import type { Engine } from '../engine.ts';
import { type Make, uniqueName } from '../make.ts';

/** One server for all suites of a test run, started by the first that needs it and stopped by the last. */
const createSharedServer = () => {
  let users = 0;
  let running: Promise<RunningMongo> | undefined;
  return {
    enter: (): Promise<RunningMongo> => {
      users += 1;
      running ??= startMongo();
      return running;
    },
    leave: async (): Promise<void> => {
      users -= 1;
      if (users > 0 || running === undefined) return;
      const { stop } = await running;
      running = undefined;
      await stop();
    },
  };
};

/** The same server and options, another database. */
export const urlOf = (url: string, database: string): string => {
  const [, server = '', options = ''] = /^([^:]+:\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(url) ?? [];
  return `${server}/${database}${options}`;
};

const server = createSharedServer();

const onNewDatabase =
  <Port>(create: (mongo: Mongo) => Port | Promise<Port>): Make<Port> =>
  async () => {
    const { url } = await server.enter();
    const options = { url: urlOf(url, uniqueName('contract')) };
    const clients = [openMongo(options), openMongo(options)] as const;
    return {
      adapter: await create(clients[0]),
      second: await create(clients[1]),
      close: async () => {
        await clients[0].db.dropDatabase();
        await clients[0].keysDb.dropDatabase();
        for (const client of clients) await client.close();
        await server.leave();
      },
    };
  };

/** As the real ones relate, so that nobody waits for seconds. */
export const shortTimes: LeaseTimes = {
  renewMs: 200,
  loseAfterMs: 1_000,
  pollMs: 100,
  takeAfterMs: 2_000,
  memberBeatMs: 100,
  memberGoneMs: 1_000,
};

const keyEncryptionKey = Buffer.alloc(32, 'a key of tests');

export const mongodb: readonly Engine[] = [
  {
    name: 'mongodb',
    server: 'mongodb',
    missing: mongoMissing(),
    documents: onNewDatabase(createMongoDocuments),
    checkpoints: onNewDatabase(createMongoCheckpoints),
    idempotency: onNewDatabase(createMongoIdempotency),
    snapshots: onNewDatabase(createMongoSnapshots),
    personalData: onNewDatabase((mongo) => createMongoPersonalData(mongo, keyEncryptionKey)),
    leases: onNewDatabase((mongo) => createMongoLeases(mongo, shortTimes)),
  },
  {
    name: 'mongodb, as projections read it to fold',
    server: 'mongodb',
    missing: mongoMissing(),
    documents: onNewDatabase((mongo) => createFoldedDocuments(createMongoDocuments(mongo))),
  },
];
