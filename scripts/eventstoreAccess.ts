/**
 * Gives the service its user in EventStoreDB and says what that user may do. Can be run again: it changes only what
 * differs. EVENTSTORE_URL_FILE is what the service connects with, so it names the user, the password and the nodes;
 * EVENTSTORE_ADMIN_PASSWORD_FILE holds the password of `admin`. `NODE_EXTRA_CA_CERTS` names the authority.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { BACKWARDS, END, EventStoreDBClient, jsonEvent, StreamNotFoundError } from '@eventstore/db-client';

export interface Target {
  readonly user: string;
  readonly password: string;
  /** `https://host:port` of each node. */
  readonly origins: readonly string[];
  /** The same nodes, with other credentials. */
  urlFor(user: string, password: string): string;
}

/** @throws when it is not `esdb://user:password@host:port,…?tls=true…`: without TLS the server checks no password. */
export const parseTarget = (url: string): Target => {
  const parts = /^esdb:\/\/([^:@/]+):([^@/]+)@([^?/]+)\/?\?(.*)$/.exec(url.trim());
  const [, user, password, hosts, query] = parts ?? [];
  if (user === undefined || password === undefined || hosts === undefined || query === undefined) {
    throw new Error('EVENTSTORE_URL_FILE must hold esdb://user:password@host:port,…?tls=true&…');
  }
  if (new URLSearchParams(query).get('tls') !== 'true') throw new Error('EVENTSTORE_URL_FILE must say tls=true.');
  return {
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    origins: hosts.split(',').map((host) => `https://${host}`),
    urlFor: (other, secret) => `esdb://${encodeURIComponent(other)}:${encodeURIComponent(secret)}@${hosts}?${query}`,
  };
};

/**
 * By default every user may read, write and delete every stream. Here the service's user may read and append, and only
 * administrators may delete streams or touch their metadata: what is recorded stays.
 */
export const defaultAcl = (user: string) => ({
  $userStreamAcl: { $r: [user, '$admins'], $w: [user, '$admins'], $d: '$admins', $mr: '$admins', $mw: '$admins' },
  $systemStreamAcl: { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' },
});

/** Following the log as a whole needs `$r` on `$all`; without this only administrators may. */
export const allAcl = (user: string) => ({ readRoles: [user, '$admins'] });

/** A cluster needs some seconds to elect a leader after its nodes answer. */
const attemptsMax = 30;
const attemptDelayMs = 2_000;
const requestMaxMs = 10_000;

type Ask = (user: string, password: string, path: string, body?: object) => Promise<number>;

const askAt =
  (origin: string): Ask =>
  async (user, password, path, body) => {
    const answer = await fetch(origin + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestMaxMs),
    });
    await answer.body?.cancel();
    return answer.status;
  };

const expectStatus = (status: number, wanted: readonly number[], what: string): void => {
  if (!wanted.includes(status)) throw new Error(`${what}: the server answered with status ${status}.`);
};

/** The user exists and has the password of the URL. */
export const ensureUser = async (ask: Ask, { user, password }: Target, adminPassword: string): Promise<void> => {
  const found = await ask('admin', adminPassword, `/users/${user}`);
  expectStatus(found, [200, 404], 'Looking for the user');
  if (found === 404) {
    const account = { loginName: user, fullName: 'Stockledger', password, groups: [] };
    expectStatus(await ask('admin', adminPassword, '/users/', account), [201], 'Making the user');
    return;
  }
  if ((await ask(user, password, `/users/${user}`)) !== 401) return;
  const change = { newPassword: password };
  const path = `/users/${user}/command/reset-password`;
  expectStatus(await ask('admin', adminPassword, path, change), [200], 'Changing the password');
};

const lastSettings = async (client: EventStoreDBClient): Promise<unknown> => {
  try {
    let last: unknown;
    for await (const { event } of client.readStream('$settings', {
      direction: BACKWARDS,
      fromRevision: END,
      maxCount: 1,
    }))
      last = event?.data;
    return last;
  } catch (error) {
    if (error instanceof StreamNotFoundError) return undefined;
    throw error;
  }
};

const ensureAcls = async (client: EventStoreDBClient, user: string): Promise<void> => {
  const settings = defaultAcl(user);
  if (!isDeepStrictEqual(await lastSettings(client), settings)) {
    await client.appendToStream('$settings', jsonEvent({ type: 'update-default-acl', data: settings }));
  }
  const { metadata } = await client.getStreamMetadata('$all');
  if (isDeepStrictEqual(metadata?.acl?.readRoles, allAcl(user).readRoles)) return;
  await client.setStreamMetadata('$all', { acl: allAcl(user) });
};

const fromFile = (name: string): string => {
  const path = process.env[name];
  if (path === undefined) throw new Error(`${name} must name a file.`);
  return readFileSync(path, 'utf8').trim();
};

const run = async (): Promise<void> => {
  const target = parseTarget(fromFile('EVENTSTORE_URL_FILE'));
  const adminPassword = fromFile('EVENTSTORE_ADMIN_PASSWORD_FILE');
  for (let attempt = 1; ; attempt++) {
    const client = EventStoreDBClient.connectionString(target.urlFor('admin', adminPassword));
    try {
      const origin = target.origins[attempt % target.origins.length] ?? '';
      await ensureUser(askAt(origin), target, adminPassword);
      await ensureAcls(client, target.user);
      return;
    } catch (error) {
      if (attempt === attemptsMax) throw error;
      await wait(attemptDelayMs);
    } finally {
      // Whether the connection closes well no longer matters, and the process ends in any case.
      void client.dispose().catch(() => undefined);
    }
  }
};

if (import.meta.main) {
  await run();
  process.stdout.write('EventStoreDB is ready.\n');
  process.exit(0);
}
