/** The whole service on its real embedded engines, in a directory of its own: what the tests of the HTTP layer ask. */
import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import type { Adapters } from '../../src/app/adapters.ts';
import { compose, type Service } from '../../src/app/compose.ts';
import { scopes } from '../../src/domain/access/principal.ts';
import { categoryOf } from '../../src/eventsourcing/message.ts';
import { processRoles } from '../../src/eventsourcing/ports.ts';
import type { Deprecations } from '../../src/http/deprecations.ts';
import type { HttpSettings } from '../../src/http/ports.ts';
import { openEmbeddedEngines } from '../../src/infra/embedded.ts';
import { createApiKeyTexts } from '../../src/infra/keys/apiKeyTexts.ts';
import { loadApiKeyPepper, loadTrackingKey } from '../../src/infra/keys/keyFiles.ts';
import { createTrackingTokens } from '../../src/infra/keys/trackingTokens.ts';
import { claimsOf, sandboxClients } from '../../src/infra/oidc/claims.ts';
import { loadSigningKeys } from '../../src/infra/oidc/issuerKeys.ts';
import { createSandboxProvider } from '../../src/infra/oidc/sandboxProvider.ts';
import { createTokenVerifier } from '../../src/infra/oidc/verifier.ts';
import { createCountryPoints } from '../../src/infra/system.ts';
import type { SendRequest, SendResult } from '../../src/webhooks/ports.ts';
import { compileOnce } from './compileOnce.ts';
import { type ApiDocument, type CheckAnswer, createAnswerCheck } from './documented.ts';
import { recordRequest } from './recording.ts';

/** The time of the examples in the document, so that what they say happened is not in the future. */
export const startMs = Date.parse('2026-11-24T09:30:00.000Z');
const publicUrl = 'http://stockledger.example';
const issuer = `${publicUrl}/oidc`;
const audience = 'stockledger';
const tokenSeconds = 300;
const hourMs = 3_600_000;
/** A machine that does ten other things is slow; only what hangs meets this. */
const settleMaxMs = 60_000;

/** Taken from JSON: its shape is what the tests look at. */
type FromJson = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | undefined };
  readonly text: string;
  /** Parsed where it is JSON, `null` where there is none. */
  readonly body: FromJson;
}

/** `null` leaves a header out that would be sent by itself. */
export interface RequestHeaders {
  readonly [name: string]: string | null;
}
export interface Client {
  /** Sends a `POST` with an Idempotency-Key of its own unless told otherwise. A body that is text goes as it is. */
  request(method: string, url: string, sent?: { body?: unknown; headers?: RequestHeaders }): Promise<Answer>;
  get(url: string, headers?: RequestHeaders): Promise<Answer>;
  post(url: string, body?: unknown, headers?: RequestHeaders): Promise<Answer>;
  put(url: string, body: unknown, headers?: RequestHeaders): Promise<Answer>;
  patch(url: string, body: unknown, headers?: RequestHeaders): Promise<Answer>;
  del(url: string, headers?: RequestHeaders): Promise<Answer>;
}

/** Claims beyond those that every access token has (RFC 9068 §2.2), or in their place. */
export interface Claims {
  readonly [claim: string]: unknown;
}

/** Stands in for the sender: records, and answers what it is told to. */
export interface RecordingSender {
  readonly sent: SendRequest[];
  answer: SendResult;
}

export interface ServiceOptions {
  /** Left where it is at the end; without it, a directory is made and removed. */
  readonly dataDir?: string;
  /** Of `sandbox-staff` and `sandbox-partner`. */
  readonly warehouses?: readonly string[];
  readonly startMs?: number;
  readonly requestsPerMinute?: number;
  readonly trustedProxies?: readonly string[];
  readonly countryHeader?: string;
  /** Does what follows the log run from the beginning? Default: yes. */
  readonly running?: boolean;
  /** `false`: a process without the role `api`. */
  readonly hasApi?: boolean;
  readonly deprecations?: Deprecations;
  /** Default: nothing takes a second person. */
  readonly approvalFromUnits?: number;
  /** Puts other adapters in the place of some. */
  readonly adapt?: (adapters: Adapters) => Partial<Adapters>;
}

export interface TestService extends Service {
  readonly adapters: Adapters;
  readonly document: ApiDocument;
  readonly dataDir: string;
  readonly sender: RecordingSender;
  readonly clock: { now(): string; pass(ms: number): void };
  /** A client with the token of a sandbox client (`sandbox-staff`), with claims of its own, or with no token at all. */
  as(who: string | Claims | null): Client;
  /** Signed by the issuer's own key; `sub` and `client_id` are `someone` unless the claims say otherwise. */
  tokenFor(who: string | Claims): Promise<string>;
  /** In the log, but for alerts: who is refused often raises one, whenever that is. */
  countEvents(): Promise<number>;
  /** Resolves once every read model has seen all there is. */
  settled(): Promise<void>;
  start(): void;
  /** Listens on a loopback port. @returns the origin. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Reads a file of 800 kB: once for all tests of a file. */
const countryPoint = createCountryPoints();
compileOnce();

/** Compiling what the document says of each answer takes longer than most tests: once for all services that serve the same. */
const checks = new Map<string, CheckAnswer>();
const checkOf = (text: string, document: ApiDocument): CheckAnswer => {
  const check = checks.get(text) ?? createAnswerCheck(document);
  checks.set(text, check);
  return check;
};

interface Described {
  readonly document: ApiDocument;
  readonly faultsOf: CheckAnswer;
}

/** Made once for all services that serve the same: to make the document takes a tenth of a start. */
const described = new Map<string, Promise<Described>>();
const describe = async ({ app }: Service): Promise<Described> => {
  const { statusCode, payload } = await app.inject('/openapi.json');
  // A process that is there for something else has none.
  const document: ApiDocument =
    statusCode === 200 ? JSON.parse(payload) : { openapi: '', paths: {}, components: { schemas: {} } };
  return { document, faultsOf: checkOf(payload, document) };
};

const createSender = (): RecordingSender & Adapters['sender'] => {
  const sender: RecordingSender & Adapters['sender'] = {
    sent: [],
    answer: { kind: 'answered', status: 200, bodyStart: '' },
    send: async (request) => {
      sender.sent.push(request);
      return sender.answer;
    },
    checkTarget: (url) => (url.startsWith('https://') ? null : 'scheme'),
  };
  return sender;
};

const openIdentity = async (dataDir: string, warehouses: readonly string[], nowMs: () => number) => {
  const signingKeys = await loadSigningKeys(dataDir);
  const onError = (error: unknown): void => {
    throw new Error('the sandbox identity failed', { cause: error });
  };
  const sandbox = createSandboxProvider({ issuer, warehouses, signingKeys, onError });
  const jwk = signingKeys.privateJwks.keys[0]!;
  const key = await importJWK({ ...jwk }, 'ES256');
  const tokenFor = async (who: string | Claims): Promise<string> => {
    const seconds = Math.floor(nowMs() / 1_000);
    const client = sandboxClients(warehouses).find(({ clientId }) => clientId === who);
    if (typeof who === 'string' && client === undefined) throw new Error(`${who} is no sandbox client`);
    const own =
      client === undefined
        ? { sub: 'someone', client_id: 'someone', ...(who as Claims) }
        : {
            sub: client.clientId,
            client_id: client.clientId,
            scope: client.scopes.join(' '),
            ...claimsOf(client, seconds),
          };
    const times = { iat: seconds, exp: seconds + tokenSeconds };
    return new SignJWT({ iss: issuer, aud: audience, jti: randomUUID(), ...times, ...own })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid })
      .sign(key);
  };
  const verifier = createTokenVerifier({ issuer, audience, jwks: sandbox.jwks, nowMs });
  return { sandbox, verifier, tokenFor };
};

const jsonOf = (text: string, contentType: string | undefined): FromJson =>
  text !== '' && contentType?.includes('json') === true ? JSON.parse(text) : null;

const httpSettingsOf = (options: ServiceOptions): HttpSettings => ({
  hasApi: options.hasApi ?? true,
  publicUrl,
  issuer,
  version: '0.0.0',
  requestsPerMinute: options.requestsPerMinute ?? 1_000_000,
  trustedProxies: options.trustedProxies ?? [],
  ...(options.countryHeader === undefined ? {} : { countryHeader: options.countryHeader }),
  deprecations: options.deprecations ?? {},
});

const countingEvents = (log: Adapters['events']) => {
  let alerts = 0;
  let underway = 0;
  const append = async (...what: Parameters<typeof log.append>) => {
    if (categoryOf(what[0]) !== 'alert') return log.append(...what);
    underway += 1;
    try {
      const result = await log.append(...what);
      alerts += 1;
      return result;
    } finally {
      underway -= 1;
    }
  };
  const countEvents = async (): Promise<number> => {
    for (;;) {
      const before = alerts;
      const head = await log.head();
      if (underway === 0 && alerts === before) return Number(head?.commit ?? 0n) - alerts;
    }
  };
  // Some tests make theirs of a copy of the log's own functions, and some inherit them.
  const events = Object.assign(Object.create(Object.getPrototypeOf(log) as object) as typeof log, log, { append });
  return { events, countEvents };
};

export const startService = async (options: ServiceOptions = {}): Promise<TestService> => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'stockledger-')));
  let nowMs = options.startMs ?? startMs;
  const clock = {
    now: () => new Date(nowMs).toISOString(),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
  const identity = await openIdentity(dataDir, options.warehouses ?? ['BER', 'PAR'], () => nowMs);
  const engines = await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock });
  const sender = createSender();
  const real: Adapters = {
    ...engines,
    verifier: identity.verifier,
    sandbox: identity.sandbox,
    sender,
    cache: null,
    countryPoint,
    clock,
    newId: () => randomUUIDv7(),
    newSecret: () => `whsec_${randomBytes(32).toString('base64')}`,
    apiKeyTexts: createApiKeyTexts(await loadApiKeyPepper(dataDir, undefined)),
    trackingTokens: createTrackingTokens(await loadTrackingKey(dataDir, undefined)),
    random: () => 0.5,
    logger: pino({ level: 'silent' }),
  };
  const adapted = { ...real, ...options.adapt?.(real) };
  const { events, countEvents } = countingEvents(adapted.events);
  const adapters = { ...adapted, events };
  const service = await compose(adapters, {
    http: httpSettingsOf(options),
    roles: new Set(processRoles),
    projectionParts: 1,
    stateCacheBytesMax: 16 * 1_024 * 1_024,
    orderReservationMs: 24 * hourMs,
    idempotencyKeptMs: 8 * 24 * hourMs,
    approvalFromUnits: options.approvalFromUnits ?? 0,
  });
  const { app } = service;
  await app.ready();
  const kind = JSON.stringify([options.hasApi ?? true, adapters.sandbox !== null, options.deprecations]);
  const known = described.get(kind) ?? describe(service);
  described.set(kind, known);
  const { document, faultsOf } = await known;

  const clientWith = (authorization: () => Promise<string | null>): Client => {
    const request: Client['request'] = async (method, url, { body, headers = {} } = {}) => {
      const token = await authorization();
      const all: RequestHeaders = {
        authorization: token === null ? null : `Bearer ${token}`,
        'idempotency-key': method === 'POST' ? randomUUID() : null,
        'content-type': body === undefined ? null : 'application/json',
        ...headers,
      };
      const sent = Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
      );
      const payload = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.inject({
        method: method as 'GET',
        url,
        headers: sent,
        ...(body === undefined ? {} : { payload }),
      });
      const { statusCode: status, payload: text } = response;
      // A row that was refused is in an answer of success too.
      const isTaken = status < 300 && !(status === 207 && text.includes('"code"'));
      if (isTaken) recordRequest({ method, url, headers: sent, ...(body === undefined ? {} : { body: payload }) });
      const contentType = response.headers['content-type'];
      expect(faultsOf({ method, url, status, contentType, text })).toEqual([]);
      return {
        status,
        headers: response.headers as Answer['headers'],
        text,
        body: jsonOf(text, contentType),
      };
    };
    return {
      request,
      get: (url, headers = {}) => request('GET', url, { headers }),
      post: (url, body, headers = {}) => request('POST', url, { body, headers }),
      put: (url, body, headers = {}) => request('PUT', url, { body, headers }),
      patch: (url, body, headers = {}) => request('PATCH', url, { body, headers }),
      del: (url, headers = {}) => request('DELETE', url, { headers }),
    };
  };

  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const start = (): void => {
    running = service.run(stopping.signal);
  };
  if (options.running !== false) start();

  return {
    ...service,
    adapters,
    document,
    dataDir,
    sender,
    clock,
    tokenFor: identity.tokenFor,
    as: (who) => clientWith(async () => (who === null ? null : identity.tokenFor(who))),
    countEvents,
    settled: async () => {
      const head = await adapters.events.head();
      if (head === null) return;
      for (const model of service.readModels.all) {
        expect(await model.waitFor(head, settleMaxMs), `${model.name} reaches the head of the log`).toBe(true);
      }
    },
    start,
    listen: async () => {
      await app.listen({ port: 0, host: '127.0.0.1' });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
    close: async () => {
      await app.close();
      stopping.abort();
      await running;
      await engines.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
};

/** The same for one test, closed when it is over. */
export const openService = async (options: ServiceOptions = {}): Promise<TestService> => {
  const service = await startService(options);
  onTestFinished(() => service.close());
  return service;
};

/** Every scope there is: for callers whose role alone is to decide. */
export const allScopes = scopes.join(' ');
/** Authenticated just now with a method that a sensitive command takes (RFC 9470). */
export const steppedUp = (atMs: number): Claims => ({ acr: 'phr', auth_time: Math.floor(atMs / 1_000) });
