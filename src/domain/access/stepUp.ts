/** A fresh, strong authentication, for what is sensitive (RFC 9470). */
import type { Principal } from './principal.ts';

/** OpenID EAP ACR Values 1.0: phishing-resistant, and the same with a hardware-protected key. */
const strongAcrs: readonly string[] = ['phr', 'phrh'];
/** Long enough for one piece of work, short enough that an unattended screen can't delete much. */
export const stepUpMaxAgeSeconds = 15 * 60;

/** The issuer's clock may be ahead by as much. An authentication that is still to come is none. */
const clockSkewSeconds = 5;

export const stepUpNeeded = { kind: 'step_up', acrValues: strongAcrs, maxAgeSeconds: stepUpMaxAgeSeconds } as const;

export const isFresh = ({ acr, authTime }: Principal, nowSeconds: number): boolean =>
  acr !== undefined &&
  strongAcrs.includes(acr) &&
  authTime !== undefined &&
  nowSeconds - authTime <= stepUpMaxAgeSeconds &&
  authTime - nowSeconds <= clockSkewSeconds;
