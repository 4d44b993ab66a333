/** Every adapter of every port, in one table. */
import type { Engine } from '../engine.ts';
import { caches } from './caches.ts';
import { eventstoredb } from './eventstoredb.ts';
import { mongodb } from './mongodb.ts';
import { redis } from './redis.ts';
import { sqlite } from './sqlite.ts';

const engines: readonly Engine[] = [...sqlite, ...eventstoredb, ...mongodb, ...redis, ...caches];

const isOnServer = ({ server }: Engine): boolean => server !== undefined;
export const embedded = engines.filter((engine) => !isOnServer(engine));
export const onServers = engines.filter(isOnServer);
