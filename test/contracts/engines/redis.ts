/** Redis, opened twice as two processes would have it. Queues are the suites' own, so that nothing need be empty. */
import { pino } from 'pino';
import { createBullmqJobs } from '../../../src/infra/bullmq/jobs.ts';
import { connectRedis, type RedisServer } from '../../../src/infra/redis/connect.ts';
import { redisMissing, startRedis } from '../../support/engines/redis.ts';
import type { Engine } from '../engine.ts';
import type { Make } from '../make.ts';

const onRedis =
  <Port>(create: (redis: RedisServer) => Port): Make<Port> =>
  async () => {
    const server = await startRedis();
    const log = pino({ level: 'silent' });
    const connections = [connectRedis(server.url, log), connectRedis(server.url, log)] as const;
    return {
      adapter: create(connections[0]),
      second: create(connections[1]),
      close: async () => {
        for (const connection of connections) connection.close();
        await server.stop();
      },
    };
  };

export const redis: readonly Engine[] = [
  { name: 'bullmq', server: 'redis', missing: redisMissing(), jobs: onRedis(createBullmqJobs) },
];
