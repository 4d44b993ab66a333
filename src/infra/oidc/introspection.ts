/** What the issuer itself says of a token now (RFC 7662): for opaque ones, and to hear of what it has called back. */
import type { JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { ClientSecretBasic, type Configuration, tokenIntrospection } from 'openid-client';
import { TokenRefused } from '../../commands/ports.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { createPatientFetch, discoverIssuer, requireSecure } from './issuer.ts';
import { rememberedMsMax } from './verifiedTokens.ts';

/**
 * Made-up tokens can keep the issuer busy with so many questions at a time, and no more; nobody waits in a queue. As many
 * are kept for tokens whose signature was found good, so that nobody takes them from who has one.
 */
const questionsMax = 32;

/** The issuer may refuse one question of a stranger without being down. */
const failuresMax = 5;

/** Digests of tokens that are none: 1 MB. Who makes up more of them is stopped by the limit of an address. */
const inactiveMax = 10_000;

/** RFC 6750 §2.1; whatever else was sent is not passed on. */
const opaqueToken = /^[\w.~+/-]+=*$/;

export interface IntrospectionClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokens: IntrospectedTokens;
}

/**
 * Opaque ones in any case; signed ones too, so that one which was called back is refused within `rememberedMsMax`: `all` of
 * them, or those of `people`, who have a session that can end. Keycloak knows no program by the id of its client.
 */
export const introspectedTokens = ['opaque', 'people', 'all'] as const;
export type IntrospectedTokens = (typeof introspectedTokens)[number];

/** Whether the issuer is asked about a signed token with these claims. */
export const isAskedAbout = (tokens: IntrospectedTokens, { sub, client_id: client }: JWTPayload): boolean =>
  tokens === 'all' || (tokens === 'people' && sub !== client);

interface IntrospectionOptions extends Omit<IntrospectionClient, 'tokens'> {
  readonly issuer: string;
  readonly nowMs: () => number;
}

/** @param digest of the token. @throws TokenRefused; StoreUnavailable when the issuer can't be asked */
export type Introspect = (token: string, digest: string, kind: 'opaque' | 'signed') => Promise<JWTPayload>;

const inactive = (): TokenRefused =>
  new TokenRefused('The issuer does not know the token, or it has ended or was called back.');

/** An active refresh token is no access token: its type tells (RFC 7662 §2.2). */
const isAccessToken = (type: unknown): boolean =>
  typeof type === 'string' && ['bearer', 'dpop'].includes(type.toLowerCase());

const connect = async ({ issuer, clientId, clientSecret, nowMs }: IntrospectionOptions): Promise<Configuration> => {
  const patientFetch = createPatientFetch(nowMs, failuresMax);
  const authentication = ClientSecretBasic(clientSecret);
  const found = await discoverIssuer({ issuer, clientId, authentication, patientFetch });
  const { introspection_endpoint: endpoint } = found.serverMetadata();
  if (endpoint === undefined) throw new Error(`The metadata of ${issuer} names no introspection endpoint.`);
  requireSecure(endpoint);
  return found;
};

/** @throws when the issuer would be asked over plain HTTP on another machine. */
export const createIntrospection = (options: IntrospectionOptions): Introspect => {
  const { nowMs } = options;
  requireSecure(options.issuer);
  const inactiveUntilMs = new LRUCache<string, number>({ max: inactiveMax });
  const running = { opaque: new Map<string, Promise<JWTPayload>>(), signed: new Map<string, Promise<JWTPayload>>() };
  let connected: Promise<Configuration> | undefined;
  const connectOnce = (): Promise<Configuration> => {
    connected ??= connect(options).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };

  const ask = async (token: string, digest: string): Promise<JWTPayload> => {
    const answer = await connectOnce()
      .then((issuer) => tokenIntrospection(issuer, token, { token_type_hint: 'access_token' }))
      .catch((error: unknown) => {
        throw new StoreUnavailable('The issuer can not be asked about the token.', 'not_written', error);
      });
    if (answer.active && isAccessToken(answer.token_type)) return answer;
    inactiveUntilMs.set(digest, nowMs() + rememberedMsMax);
    throw inactive();
  };

  return async (token, digest, kind) => {
    if (!opaqueToken.test(token)) throw inactive();
    if ((inactiveUntilMs.get(digest) ?? 0) > nowMs()) throw inactive();
    const questions = running[kind];
    const asked = questions.get(digest);
    if (asked !== undefined) return asked;
    if (questions.size >= questionsMax) {
      throw new StoreUnavailable('The issuer is asked about too many tokens already.', 'not_written');
    }
    const answer = ask(token, digest).finally(() => questions.delete(digest));
    questions.set(digest, answer);
    return answer;
  };
};
