/** The clustered engines: events on EventStoreDB, read models on MongoDB, jobs on Redis; any number of processes (S8). */
import type { FastifyBaseLogger } from 'fastify';
import { decodeStored } from '../domain/events.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { createBullmqJobs } from './bullmq/jobs.ts';
import type { Servers } from './config/servers.ts';
import { isKnownClientFault } from './eventstoredb/clients.ts';
import { createEventStoreEvents } from './eventstoredb/events.ts';
import { createMongoCheckpoints } from './mongodb/checkpoints.ts';
import { openMongo } from './mongodb/connect.ts';
import { createFoldedDocuments, createMongoDocuments } from './mongodb/documents.ts';
import { createMongoIdempotency } from './mongodb/idempotency.ts';
import { createMongoPersonalData } from './mongodb/keyStore.ts';
import { createMongoLeases } from './mongodb/leases.ts';
import { createMongoSnapshots } from './mongodb/snapshots.ts';
import { connectRedis } from './redis/connect.ts';
import { createRedisProgressPubSub } from './redis/progressPubSub.ts';
import { createRedisCounts, createRedisKeysInUse, createRedisUsedProofs, openRedisCache } from './redis/requests.ts';

export interface ClusteredOptions {
  readonly servers: Servers;
  /** The environment variable `DEBUG`, by which the client of EventStoreDB would print secrets. */
  readonly debug: string | undefined;
  /** Where this process notes erasures; absent: nowhere. */
  readonly erasuresFile?: string | undefined;
  readonly logger: FastifyBaseLogger;
}

export interface ClusteredEngineOptions extends ClusteredOptions {
  readonly clock: Clock;
}

/** Log, read models, checkpoints and leases: all that a rebuild needs. */
export const openClusteredReadEngines = ({ servers, debug, logger }: ClusteredOptions) => {
  const events = createEventStoreEvents({ url: servers.eventStoreUrl, debug, decode: decodeStored, logger });
  const mongo = openMongo({ url: servers.mongodbUrl });
  const documents = createMongoDocuments(mongo);
  const { generations, ...checkpoints } = createMongoCheckpoints(mongo);
  return {
    engines: {
      events,
      snapshots: createMongoSnapshots(mongo),
      documents,
      foldedDocuments: createFoldedDocuments(documents),
      checkpoints,
      generations,
      leases: createMongoLeases(mongo),
    },
    mongo,
    close: async () => {
      await events.close();
      await mongo.close();
    },
  };
};

/** Connects in the background: a server that is down makes calls fail with `StoreUnavailable` until it is there. */
export const openClusteredEngines = (options: ClusteredEngineOptions) => {
  const { servers, logger, clock } = options;
  const { engines, mongo, close } = openClusteredReadEngines(options);
  const redis = connectRedis(servers.redisUrl, logger);
  const personalData = createMongoPersonalData(mongo, servers.keyEncryptionKey, undefined, options.erasuresFile);
  return {
    ...engines,
    openSharedCache: () => openRedisCache(redis, logger),
    progressPubSub: createRedisProgressPubSub(redis),
    sharedCounts: createRedisCounts(redis),
    keysInUse: createRedisKeysInUse(redis),
    usedProofs: createRedisUsedProofs(redis),
    jobs: createBullmqJobs(redis, () => Date.parse(clock.now())),
    idempotencyRecords: createMongoIdempotency(mongo),
    personalData,
    /** @throws KeyStoreLocked when the key encryption key is not the one of this store. */
    prepare: () => personalData.unlock(),
    checkEngines: async () => {
      const [eventstoredb, mongodb, redisFailure] = await Promise.all([
        engines.events.check(),
        mongo.check(),
        redis.check(),
      ]);
      return [
        { name: 'eventstoredb', isVital: true, failure: eventstoredb },
        { name: 'mongodb', isVital: true, failure: mongodb },
        // All of it can be made again: without it, deliveries and limits wait or count apart.
        { name: 'redis', isVital: false, failure: redisFailure },
      ];
    },
    /** After a fault that nothing caught: whether only a client was broken, which is then replaced. */
    recover: (reason: unknown): boolean => {
      const isKnown = isKnownClientFault(reason);
      if (isKnown) engines.events.renewClients();
      return isKnown;
    },
    close: async () => {
      await close();
      redis.close();
    },
  };
};
