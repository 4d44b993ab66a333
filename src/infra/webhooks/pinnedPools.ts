/**
 * Keep-alive connections by target and pinned address. The address is part of the key: a connection that is open serves
 * only a request whose own check came to the same address, so that no name can be turned to another host behind it.
 */
import { isIP } from 'node:net';
import { buildConnector, Pool } from 'undici';
import type { Target } from './target.ts';

export interface PinnedPools {
  /** A pool whose connections go to `address` and nowhere else. */
  poolFor(target: Target, address: string): Pool;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Targets with open connections; the one that was not used longest makes room. */
const poolsMax = 256;
/** Shorter than the 5 s after which common servers close an idle connection, so that a request doesn't meet the close. */
const idleMs = 4_000;

const createPool = ({ url, host }: Target, address: string, connectMs: number): Pool => {
  // No HTTP/2 and no TLS session of another server: each connection proves the name by its own certificate.
  const connect = buildConnector({ timeout: connectMs, allowH2: false, maxCachedSessions: 0 });
  const servername = isIP(host) === 0 ? host : '';
  return new Pool(url.origin, {
    // As many as there are attempts: owners that share a host would wait for each other's.
    connections: null,
    pipelining: 1,
    keepAliveTimeout: idleMs,
    connect: (options, callback) => {
      connect({ ...options, hostname: address, servername }, callback);
    },
  });
};

/** `connectMs`: for TCP and TLS. */
export const createPinnedPools = (connectMs: number): PinnedPools => {
  /** In the order of use, the longest unused first. */
  const pools = new Map<string, Pool>();

  const makeRoom = (): void => {
    if (pools.size <= poolsMax) return;
    for (const [key, pool] of pools) {
      pools.delete(key);
      // Requests under way still end; a failure to close is the other side's.
      pool.close().catch(() => undefined);
      return;
    }
  };

  return {
    poolFor: (target, address) => {
      const key = `${target.url.origin} ${address}`;
      const pool = pools.get(key) ?? createPool(target, address, connectMs);
      pools.delete(key);
      pools.set(key, pool);
      makeRoom();
      return pool;
    },
    close: async () => {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
};
