/**
 * The issuer of the embedded form (S8, R4.1): an OpenID provider in this process that knows the sandbox clients only.
 * It issues access tokens for `client_credentials` and does nothing else: no users, sessions, cookies or storage.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JSONWebKeySet } from 'jose';
import { type Adapter, type ClientMetadata, type Configuration, errors, Provider } from 'oidc-provider';
import { scopes } from '../../domain/access/principal.ts';
import { claimsOf, type SandboxClient, sandboxClients, sandboxSecret } from './claims.ts';
import type { SigningKeys } from './issuerKeys.ts';

/**
 * One hour: long enough to try things out with a token pasted into the documentation page, short enough that
 * a token left in a shell history is soon worthless. There is no revocation, so this bound is the only one.
 */
export const accessTokenLifetimeSeconds = 3600;

/** `aud` of every access token (docs/access.md). */
const sandboxAudience = 'stockledger';

/** RFC 8707 wants a resource to be an absolute URI; the audience that it stands for need not be one. */
const sandboxResource = 'urn:stockledger';

/** Everything else that the library would answer (authorization endpoint, logout …) is of no use without users. */
const servedPaths: ReadonlySet<string> = new Set(['/token', '/jwks', '/.well-known/openid-configuration']);

export interface SandboxProvider {
  /**
   * Answers a raw request whose URL still has the issuer's path in front (`/oidc/token`) and whose body is unread.
   * Any path it doesn't serve is answered with 404.
   */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Public keys: what `/jwks` serves. Lets a verifier in the same process do without HTTP. */
  readonly jwks: JSONWebKeySet;
  readonly clients: readonly SandboxClient[];
  /** Of every client. */
  readonly secret: string;
}

export interface SandboxProviderOptions {
  /** As clients reach it, with its path: `http://localhost:8080/oidc`. */
  readonly issuer: string;
  /** Ids of the warehouses that `sandbox-staff` and `sandbox-partner` are assigned to. */
  readonly warehouses: readonly string[];
  readonly signingKeys: SigningKeys;
  /** Told of faults of the provider itself; refusals are answers, not faults. */
  readonly onError: (error: unknown) => void;
}

/** Tokens are self-contained and clients are fixed, so there is nothing to keep, and nothing is ever found. */
const emptyAdapter = (): Adapter => {
  const refuse = async (): Promise<never> => {
    throw new Error('The sandbox provider keeps nothing.');
  };
  const findNothing = async (): Promise<undefined> => undefined;
  return {
    find: findNothing,
    findByUid: findNothing,
    findByUserCode: findNothing,
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
};

const metadataOf = (client: SandboxClient): ClientMetadata => ({
  client_id: client.clientId,
  client_secret: sandboxSecret,
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  scope: client.scopes.join(' '),
});

const resourceIndicators = (
  clients: ReadonlyMap<string, SandboxClient>,
): NonNullable<NonNullable<Configuration['features']>['resourceIndicators']> => ({
  enabled: true,
  defaultResource: () => sandboxResource,
  getResourceServerInfo: (ctx, resource, { clientId }) => {
    const client = clients.get(clientId);
    if (resource !== sandboxResource || client === undefined) throw new errors.InvalidTarget();
    const granted: readonly string[] = client.scopes;
    // The library knows no default scope for this grant, and would ignore a scope it has never heard of.
    // This is the last place before it decides where both can be put right (RFC 6749 §3.3).
    const parameters: { [name: string]: unknown } = ctx.oidc.params ?? {};
    parameters.scope ??= granted.join(' ');
    const excess = String(parameters.scope)
      .split(' ')
      .find((scope) => !granted.includes(scope));
    if (excess !== undefined) throw new errors.InvalidScope('requested scope is not allowed', excess);
    return {
      scope: granted.join(' '),
      audience: sandboxAudience,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES256' } },
    };
  },
});

const configuration = (
  { issuer, signingKeys }: SandboxProviderOptions,
  clients: ReadonlyMap<string, SandboxClient>,
): Configuration => ({
  adapter: emptyAdapter,
  jwks: { keys: signingKeys.privateJwks.keys.map((key) => ({ ...key })) },
  clients: [...clients.values()].map(metadataOf),
  clientAuthMethods: ['client_secret_basic'],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  responseTypes: [],
  scopes: [...scopes],
  ttl: { ClientCredentials: accessTokenLifetimeSeconds },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: resourceIndicators(clients),
    devInteractions: { enabled: false },
    // Nothing is kept, so a proof works twice within its minute: at worst a thief gets a token bound to another's key.
    dPoP: { enabled: true, allowReplay: true },
    pushedAuthorizationRequests: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
  },
  extraTokenClaims: (_ctx, { clientId }) => {
    const client = clientId === undefined ? undefined : clients.get(clientId);
    return client === undefined ? undefined : claimsOf(client, Math.floor(Date.now() / 1000));
  },
  // Browsers name the origin on every POST, so the documentation page of this very service must be let in. No other.
  clientBasedCORS: (_ctx, origin) => origin === new URL(issuer).origin,
  // Errors stay JSON for browsers too: there is no page to show one on.
  renderError: (ctx, out) => {
    ctx.body = out;
  },
});

const answerNotFound = (response: ServerResponse): void => {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: 'not_found' }));
};

/**
 * @throws when `issuer` is no http(s) URL or the keys can't sign ES256.
 */
export const createSandboxProvider = (options: SandboxProviderOptions): SandboxProvider => {
  const { host, pathname, protocol } = new URL(options.issuer);
  const mountPath = pathname.replace(/\/$/, '');
  const clients = new Map(sandboxClients(options.warehouses).map((client) => [client.clientId, client]));
  const provider = new Provider(options.issuer, configuration(options, clients));
  // Koa's own handler would print to the console.
  provider.onerror = options.onError;
  provider.on('server_error', (_ctx, error) => options.onError(error));
  // With `proxy` on, the library builds the URLs in its metadata from the two headers set below. They are always
  // overwritten with the issuer's, so that no `Host` a client sends can point others to another token endpoint.
  provider.proxy = true;
  const answer = provider.callback();

  const handle: SandboxProvider['handle'] = (request, response) => {
    const originalUrl = request.url ?? '';
    const url = originalUrl.startsWith(`${mountPath}/`) ? originalUrl.slice(mountPath.length) : '';
    if (!servedPaths.has(url.split('?', 1)[0] ?? '')) return answerNotFound(response);
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    // `originalUrl` is where the library looks for the path it is mounted under.
    void answer(Object.assign(request, { originalUrl, url }), response);
  };
  return { handle, jwks: options.signingKeys.publicJwks, clients: [...clients.values()], secret: sandboxSecret };
};
