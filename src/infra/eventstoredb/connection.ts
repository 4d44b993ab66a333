/** The connection string: checked once at the start, and never shown, as it holds a password. */
import { existsSync } from 'node:fs';
import { ConfigError } from '../config/configValues.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface Connection {
  /** For appends and the short reads of commands. */
  readonly commandUrl: string;
  /** For subscriptions and reads of the whole log, on a connection of its own. */
  readonly logUrl: string;
  /** Handed along with each append: only then does the client use the call that has a deadline. */
  readonly credentials: Credentials;
}

const urlPattern = /^(esdb(?:\+discover)?):\/\/(?:([^:@/?]+):([^:@/?]+)@)?([^@/?]+)\/?(?:\?(.*))?$/;
const hostPattern = /^[A-Za-z0-9._-]+(?::\d{1,5})?$/;

/** The client's own default, in milliseconds. */
const keepAliveIntervalMs = 10_000;

const positive = (name: string) => (value: string) =>
  /^[1-9]\d{0,8}$/.test(value) ? null : `${name} must be a positive whole number`;

const fileThatExists = (name: string) => (value: string) =>
  existsSync(decodeURIComponent(value)) ? null : `${name} names no file`;

const anything = (): null => null;

/** Options of the client by its names in lower case; each says what is wrong with a value, or `null`. */
const checks: { readonly [key: string]: (value: string) => string | null } = {
  tls: (value) => (value === 'true' || value === 'false' ? null : 'tls must be true or false'),
  tlscafile: fileThatExists('tlsCAFile'),
  usercertfile: fileThatExists('userCertFile'),
  userkeyfile: fileThatExists('userKeyFile'),
  connectionname: anything,
  defaultdeadline: positive('defaultDeadline'),
  discoveryinterval: positive('discoveryInterval'),
  maxdiscoverattempts: positive('maxDiscoverAttempts'),
  gossiptimeout: positive('gossipTimeout'),
  keepaliveinterval: positive('keepAliveInterval'),
  keepalivetimeout: positive('keepAliveTimeout'),
  // The client ignores it: an operator who sets it would feel safe and not be.
  tlsverifycert: (value) =>
    value === 'true' ? null : 'tlsVerifyCert has no effect in this client; name the authority with tlsCAFile',
  // Its answers then carry wrong revisions.
  throwonappendfailure: (value) => (value === 'true' ? null : 'throwOnAppendFailure must stay true'),
  // A follower may be behind what was just written, and readers wait for what they wrote.
  nodepreference: (value) => (value.toLowerCase() === 'leader' ? null : 'nodePreference must be leader'),
};

const flat = (key: string): string => key.toLowerCase().replaceAll(/[_-]/g, '');

const fail = (reason: string): never => {
  throw new ConfigError(`EVENTSTORE_URL: ${reason}.`);
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail('user name and password must be percent-encoded');
  }
};

const readOptions = (query: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const [key = '', value = ''] = pair.split('=');
    const check = checks[flat(key)];
    // The name of an unknown option is not shown either: with a stray ? it may be part of the password.
    if (check === undefined) return fail('an option after the ? is not known to the client');
    const wrong = check(value.trim());
    if (wrong !== null) return fail(wrong);
    found.set(flat(key), value.trim());
  }
  return found;
};

const debugNames = ['esdb', 'esdb:command', 'esdb:command:grpc', 'esdb:connection', 'esdb:events'];

/** Whether this value of `DEBUG` makes the client print its connection string and the data of events. */
export const printsSecrets = (debug: string): boolean => {
  const patterns = debug.split(/[\s,]+/).filter((pattern) => pattern !== '');
  const matches = (pattern: string, name: string): boolean =>
    new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);
  return debugNames.some(
    (name) =>
      patterns.some((pattern) => !pattern.startsWith('-') && matches(pattern, name)) &&
      !patterns.some((pattern) => pattern.startsWith('-') && matches(pattern.slice(1), name)),
  );
};

const refuseDebug = (debug: string): void => {
  if (!printsSecrets(debug)) return;
  throw new ConfigError('DEBUG makes the EventStoreDB client print its password; leave esdb out of it.');
};

interface Parts {
  readonly scheme: string;
  /** As they stand in the URL, percent-encoded. */
  readonly login: { readonly username: string; readonly password: string } | null;
  readonly hosts: string;
  readonly options: ReadonlyMap<string, string>;
}

const partsOf = (url: string): Parts => {
  const match = urlPattern.exec(url.trim());
  if (match === null) {
    return fail('must be esdb://[user:password@]host:port[,host:port][?key=value], all percent-encoded');
  }
  const [, scheme = '', username, password, hosts = '', query = ''] = match;
  if (!hosts.split(',').every((host) => hostPattern.test(host))) fail('hosts must be names or IPv4 addresses');
  const login = username === undefined || password === undefined ? null : { username, password };
  return { scheme, login, hosts, options: readOptions(query) };
};

const urlOf = ({ scheme, login, hosts, options }: Parts, intervalMs: number): string => {
  const pairs = [...new Map([...options, ['keepaliveinterval', `${intervalMs}`]])].map(
    ([key, value]) => `${key}=${value}`,
  );
  const before = login === null ? '' : `${login.username}:${login.password}@`;
  return `${scheme}://${before}${hosts}?${pairs.join('&')}`;
};

/** Without TLS they are never sent, but they must be there. */
const noLogin = { username: 'anonymous', password: 'anonymous' };

/**
 * `esdb://user:password@host:2113,…?tls=true&tlsCAFile=…` or `esdb+discover://…`, as the client takes them.
 * @param debug the value of the environment variable `DEBUG`
 * @throws ConfigError that says what is wrong and shows nothing of the URL
 */
export const readConnection = (url: string, debug = ''): Connection => {
  refuseDebug(debug);
  const parts = partsOf(url);
  const { login, options } = parts;
  if (login === null && options.get('tls') !== 'false') fail('with TLS it must hold user:password@');
  const { username, password } = login ?? noLogin;
  const intervalMs = Number(options.get('keepaliveinterval') ?? keepAliveIntervalMs);
  return {
    commandUrl: urlOf(parts, intervalMs),
    // gRPC shares one connection, and its 100 calls, among all channels whose options are the same.
    logUrl: urlOf(parts, intervalMs + 1),
    credentials: { username: decode(username), password: decode(password) },
  };
};

/** Every time that the adapter keeps, in one record, so that tests can hurry it. */
export interface Timing {
  /** For one append. */
  readonly deadlineMs: number;
  /** How long after the deadline the client may still say so, before it is taken for broken. */
  readonly deadlineSlackMs: number;
  /** For one bounded read. */
  readonly readMaxMs: number;
  /** Before the first repeat of a call; doubled for each further one, up to `retryMaxMs`. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** How long calls wait for a server that can't be reached. */
  readonly breakerWaitMaxMs: number;
  readonly breakerOpenMaxMs: number;
  /** Between two attempts to subscribe: from the first to the last. */
  readonly subscribeFirstMs: number;
  readonly subscribeMaxMs: number;
  /** A subscription that lived so long was healthy. */
  readonly healthyMs: number;
  /** A subscription that says nothing for so long while the log grows is dead. */
  readonly silentMaxMs: number;
}

export const defaultTiming: Timing = {
  // The server itself gives up a write after two seconds.
  deadlineMs: 5_000,
  deadlineSlackMs: 1_000,
  readMaxMs: 10_000,
  // A repeat within a few milliseconds of the first append is left unanswered for seconds.
  retryFirstMs: 200,
  retryMaxMs: 2_000,
  // A new leader takes two seconds, and up to five until appends go on: waiting is better than an error.
  breakerWaitMaxMs: 6_000,
  breakerOpenMaxMs: 5_000,
  subscribeFirstMs: 200,
  subscribeMaxMs: 30_000,
  healthyMs: 30_000,
  // Proxies drop quiet connections without a word.
  silentMaxMs: 20_000,
};
