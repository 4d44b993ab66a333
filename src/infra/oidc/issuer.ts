/** How the issuer is asked: over a safe way, within a bound, and not at all for a moment after it failed. */
import {
  allowInsecureRequests,
  type ClientAuth,
  type Configuration,
  discovery,
  customFetch as discoveryFetch,
} from 'openid-client';
import { createCircuitBreaker } from '../waits.ts';

/** A caller waits at most this long for the issuer before 503: twice what a healthy one across the world needs. */
export const fetchTimeoutMs = 3_000;

/** While the issuer is down, callers are told at once instead of each waiting for its own time-out. */
const failureBackOffMs = 1_000;

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

/** R4.4: what comes over plain HTTP could be anybody's, except within this machine. */
export const requireSecure = (address: string): URL => {
  const url = new URL(address);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new Error(`${address} must be an https address, or http on a loopback address.`);
};

export type PatientFetch = (url: string, options: RequestInit) => Promise<Response>;

/**
 * Any answer but 2xx counts as a failure, and for a while after a failure nothing is sent.
 * @param failuresMax so many in a row
 */
export const createPatientFetch = (nowMs: () => number, failuresMax = 1): PatientFetch => {
  const breaker = createCircuitBreaker({ failuresMax, nextOpenMs: () => failureBackOffMs, nowMs });
  return async (url, options) => {
    if (breaker.openMs() > 0) throw new Error('The issuer could not be reached a moment ago.');
    return breaker.run(async () => {
      const response = await fetch(url, options);
      if (!response.ok) throw new Error(`The issuer answered with status ${response.status}.`);
      return response;
    });
  };
};

interface DiscoveryOptions {
  readonly issuer: string;
  /** As whom the issuer is asked. */
  readonly clientId: string;
  readonly authentication: ClientAuth;
  readonly patientFetch: PatientFetch;
}

/** Trust in the metadata rests on its naming the very issuer that was asked (OpenID Connect Discovery §4.3). */
export const discoverIssuer = async (options: DiscoveryOptions): Promise<Configuration> => {
  const { issuer, clientId, authentication, patientFetch } = options;
  const url = new URL(issuer);
  const found = await discovery(url, clientId, undefined, authentication, {
    // `requireSecure` has let plain HTTP through for loopback addresses alone.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked deprecated by its library only to stand out
    execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    timeout: fetchTimeoutMs / 1000,
    [discoveryFetch]: (address, { body, ...rest }) =>
      patientFetch(address, body instanceof URLSearchParams ? { ...rest, body } : rest),
  });
  if (found.serverMetadata().issuer !== issuer) throw new Error(`The metadata of ${issuer} names another issuer.`);
  return found;
};
