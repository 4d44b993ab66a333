import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { decodeStored } from '../../src/domain/events.ts';
import { ConfigError } from '../../src/infra/config/configValues.ts';
import { printsSecrets, readConnection } from '../../src/infra/eventstoredb/connection.ts';
import { createEventStoreEvents } from '../../src/infra/eventstoredb/events.ts';

const password = 'p%40ss%3Aw%2Frd';

const certificateFile = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-tls-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'authority.pem');
  await writeFile(path, '');
  return path;
};

describe('the URL of EventStoreDB', () => {
  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb://localhost?tls=false',
    `esdb://keeper:${password}@db.example:2113`,
    `esdb://keeper:${password}@a.example:2111,b.example:2112,c.example:2113?nodePreference=leader&maxDiscoverAttempts=5`,
    `esdb+discover://keeper:${password}@cluster.example/?discoveryInterval=500&gossipTimeout=3`,
    'esdb://127.0.0.1:2113/?tls=false&keepAliveInterval=20000&keep-alive-timeout=5000&connectionName=api',
  ])('is taken as the client takes it: %s', (url) => {
    const { commandUrl, logUrl } = readConnection(url);
    for (const each of [commandUrl, logUrl]) {
      const client = EventStoreDBClient.connectionString(each);
      expect(client).toBeInstanceOf(EventStoreDBClient);
    }
  });

  it('gives commands and subscriptions connections of their own: one option differs', () => {
    for (const url of ['esdb://h:1?tls=false', 'esdb://h:1?tls=false&keepAliveInterval=15000']) {
      const { commandUrl, logUrl } = readConnection(url);
      const intervalOf = (each: string) => /keepaliveinterval=(\d+)/i.exec(each)?.[1];
      expect(intervalOf(commandUrl)).not.toBe(intervalOf(logUrl));
      expect(Number(intervalOf(commandUrl))).toBeGreaterThanOrEqual(10_000);
    }
  });

  it('holds the credentials, and stands-in for them without TLS', () => {
    expect(readConnection(`esdb://keeper:${password}@h:1`).credentials).toEqual({
      username: 'keeper',
      password: 'p@ss:w/rd',
    });
    expect(readConnection('esdb://h:1?tls=false').credentials.username).not.toBe('');
  });

  it('passes a file of authorities on, if it is there', async () => {
    const path = await certificateFile();
    const { commandUrl } = readConnection(`esdb://keeper:${password}@h:1?tlsCAFile=${encodeURIComponent(path)}`);
    expect(() => EventStoreDBClient.connectionString(commandUrl)).not.toThrow();
    expect(() => readConnection(`esdb://keeper:${password}@h:1?tlsCAFile=%2Fnowhere%2Fca.pem`)).toThrow(/tlsCAFile/);
  });

  it.each([
    ['another scheme', `http://keeper:${password}@h:1`],
    ['no host', `esdb://keeper:${password}@`],
    ['no credentials for TLS', 'esdb://h:1'],
    ['a user without a password', 'esdb://keeper@h:1'],
    ['a password that is not encoded', 'esdb://keeper:s3cret/word@h:1'],
    ['a password with a question mark', 'esdb://keeper:s3cret?word@h:1'],
    ['a password that is encoded wrongly', 'esdb://keeper:s3cret%zz@h:1'],
    ['an unknown option', `esdb://keeper:${password}@h:1?s3cret=1`],
    ['certificates that are not checked', `esdb://keeper:${password}@h:1?tlsVerifyCert=false`],
    ['answers with wrong revisions', `esdb://keeper:${password}@h:1?throwOnAppendFailure=false`],
    ['reads from a follower', `esdb://keeper:${password}@h:1?nodePreference=follower`],
    ['no keepalive', `esdb://keeper:${password}@h:1?keepAliveInterval=-1`],
    ['a port that is none', `esdb://keeper:${password}@h:port`],
  ])('is refused, and not shown, with %s', (_what, url) => {
    const output = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => output.mockRestore());
    const failure: unknown = (() => {
      try {
        return createEventStoreEvents({
          decode: decodeStored,
          url,
          logger: { info: () => undefined, warn: () => undefined },
        });
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(ConfigError);
    const shown = `${String(failure)} ${JSON.stringify(failure)} ${String((failure as Error).cause)}`;
    expect(shown).toContain('EVENTSTORE_URL');
    for (const secret of ['s3cret', password, 'keeper']) expect(shown).not.toContain(secret);
    expect(output).not.toHaveBeenCalled();
  });
});

describe('the variable DEBUG', () => {
  it.each(['esdb', 'esdb:*', '*', 'http,esdb:connection', 'es*', '* -esdb:events', 'esdb:command:grpc'])(
    'is refused when the client would print secrets: %s',
    (debug) => {
      expect(printsSecrets(debug)).toBe(true);
      expect(() => readConnection('esdb://h:1?tls=false', debug)).toThrow(/^DEBUG/);
    },
  );

  it.each(['', 'http', 'http:*,-esdb:*', '* -esdb*', 'esdbx', 'my-esdb'])('is left alone otherwise: %s', (debug) => {
    expect(printsSecrets(debug)).toBe(false);
  });
});

it('logs no credentials when nothing answers', async () => {
  const lines: string[] = [];
  const name = `keeper${randomUUID()}`;
  const log = createEventStoreEvents({
    decode: decodeStored,
    url: `esdb://${name}:s3cret@127.0.0.1:9?tls=true`,
    logger: { info: () => undefined, warn: (facts, text) => lines.push(`${text} ${JSON.stringify(facts)}`) },
    timing: {
      retryFirstMs: 1,
      retryMaxMs: 1,
      breakerWaitMaxMs: 10,
      breakerOpenMaxMs: 1,
      subscribeFirstMs: 1,
      subscribeMaxMs: 5,
    },
  });
  const stop = new AbortController();
  const following = (async () => {
    for await (const _ of log.follow(null, { batchMax: 1, signal: stop.signal }));
  })();
  expect(await log.check()).toBe('cannot read the event store');
  await expect.poll(() => lines.length).toBeGreaterThan(1);
  stop.abort();
  await following;
  await log.close();
  for (const line of lines) for (const secret of [name, 's3cret']) expect(line).not.toContain(secret);
});
