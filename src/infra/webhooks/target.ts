/** Where a webhook may go, and the connections to there: https to public addresses, or a target that the configuration names (R23; OWASP API7 SSRF). */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { buildConnector, Pool } from 'undici';
import type { TargetRefusal } from '../../webhooks/ports.ts';

export interface Target {
  readonly url: URL;
  /** A name in its ASCII form, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The configuration names it: http and private addresses are fine. */
  readonly trusted: boolean;
}

type TargetReading =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refused'; readonly reason: TargetRefusal };

/** The usual port and its common stand-in; anything else may be a service that never meant to be reached like this. */
const openPorts: readonly number[] = [443, 8443];
/** Longer ones are not addresses of anything; also the bound of the API's schema. */
const urlLengthMax = 2_048;
/** RFC 6761, RFC 6762, RFC 8375, and the name that ICANN keeps out of the public tree for private use. */
const privateSuffixes: readonly string[] = ['localhost', 'local', 'internal', 'home.arpa', 'onion', 'test', 'invalid'];

/** IANA gives out global IPv6 addresses from here only. */
const globalUnicastV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is reachable for everyone: not private, shared, local, reserved, or another address in disguise
 * (v4-mapped, v4-compatible, 6to4, Teredo, NAT64).
 */
export const isPublicAddress = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || (parsed.zoneId === undefined && parsed.match(globalUnicastV6));
};

/** A name that can stand in public DNS. The trailing dot is refused: certificates and the allow list don't know it. */
const isPublicName = (host: string): boolean => {
  const labels = host.split('.');
  if (labels.length < 2 || labels.includes('')) return false;
  return !privateSuffixes.some((suffix) => host.endsWith(`.${suffix}`));
};

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));

const refusalOf = ({ url, host, port, trusted }: Target): TargetRefusal | null => {
  if (url.protocol !== 'https:' && !(trusted && url.protocol === 'http:')) return 'scheme';
  if (url.username !== '' || url.password !== '') return 'userinfo';
  if (trusted) return null;
  if (!openPorts.includes(port)) return 'port';
  if (isIP(host) === 0) return isPublicName(host) ? null : 'host';
  return isPublicAddress(host) ? null : 'address';
};

/**
 * Reads a URL as the connection will: WHATWG parsing has turned decimal, octal and hex forms of an address, full-width
 * digits and international names into the one form that is checked. `trusted` holds `host:port`.
 */
export const readTarget = (text: string, trusted: ReadonlySet<string>): TargetReading => {
  const url = text.length > urlLengthMax ? null : URL.parse(text);
  if (url === null || url.hostname === '') return { kind: 'refused', reason: 'not_a_url' };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = portOf(url);
  const target: Target = { url, host, port, trusted: trusted.has(`${url.hostname}:${port}`) };
  const reason = refusalOf(target);
  return reason === null ? { kind: 'target', target } : { kind: 'refused', reason };
};

const targetPattern = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** The entries of `WEBHOOK_ALLOWED_TARGETS`, each `host:port`, as `readTarget` compares them. @throws RangeError */
export const trustedTargets = (entries: readonly string[]): ReadonlySet<string> =>
  new Set(
    entries.map((entry) => {
      const url = targetPattern.test(entry) ? URL.parse(`http://${entry}/`) : null;
      if (url === null) throw new RangeError(`WEBHOOK_ALLOWED_TARGETS: not a host:port: ${entry}`);
      return `${url.hostname}:${portOf(url)}`;
    }),
  );

/**
 * Keep-alive connections by target and pinned address. The address is part of the key: a connection that is open serves
 * only a request whose own check came to the same address, so that no name can be turned to another host behind it.
 */

interface PinnedPools {
  /** A pool whose connections go to `address` and nowhere else. */
  poolFor(target: Target, address: string): Pool;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Targets with open connections; the one that was not used longest makes room. */
const poolsMax = 256;
/** Shorter than the 5 s after which common servers close an idle connection, so that no request is sent on one that is being closed. */
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
  const pools = new LRUCache<string, Pool>({
    max: poolsMax,
    dispose: (pool, _key, reason) => {
      // Requests under way still end; a failure to close is the other side's.
      if (reason === 'evict') pool.close().catch(() => undefined);
    },
  });

  return {
    poolFor: (target, address) => {
      const key = `${target.url.origin} ${address}`;
      const pool = pools.get(key) ?? createPool(target, address, connectMs);
      pools.set(key, pool);
      return pool;
    },
    close: async () => {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
};
