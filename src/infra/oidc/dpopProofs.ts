/** Proofs that the sender of a token holds the key that it is bound to (DPoP, RFC 9449), and which were used already. */
import { hash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose';
import { type Shown, TokenRefused } from '../../commands/ports.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';

/** Asymmetric only, as for tokens: the key in the header is public. RFC 9864 has given EdDSA on this curve a name of its own. */
export const proofAlgorithms: readonly string[] = ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'];

/** RFC 9449 §11.1 wants seconds or minutes: enough for a slow connection and a clock that is some seconds off. */
export const proofAgeMaxSeconds = 60;
/** Clocks kept by NTP differ by less. A proof made for later is one that somebody wants to keep. */
export const proofAheadMaxSeconds = 5;
/** Until its age refuses it, by the clock of any process of ours. */
export const proofKeptMs = (proofAgeMaxSeconds + 2 * proofAheadMaxSeconds) * 1_000;

/** With an RSA key of 4096 bits and its signature a proof is some 2 KB. */
const proofCharsMax = 4 * 1024;
/** A UUID has 36. */
const idCharsMax = 255;

/** Which proofs were used, by all processes together. */
export interface UsedProofs {
  /**
   * `true` the first time within `keptMs`; never `true` where that is not known.
   * @throws StoreUnavailable
   */
  use(holder: string, id: string, keptMs: number): Promise<boolean>;
}

const refused = (reason: string, cause?: unknown): TokenRefused =>
  new TokenRefused(reason, { error: 'invalid_dpop_proof', scheme: 'DPoP', cause });

/** Nothing is fetched to check a proof, so whatever fails speaks of the proof. */
const refusalFor = (error: unknown): TokenRefused => {
  if (error instanceof joseErrors.JWTClaimValidationFailed && error.claim === 'typ') {
    return refused('The header "typ" of the DPoP proof is not "dpop+jwt".', error);
  }
  if (error instanceof joseErrors.JOSEAlgNotAllowed) {
    return refused('The DPoP proof is signed with an algorithm that is not allowed.', error);
  }
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) {
    return refused("The DPoP proof's signature is not valid.", error);
  }
  return refused('The DPoP proof is not a well-formed JWT with its public key in "jwk".', error);
};

const unreserved = /^[\w.~-]$/;

/** RFC 3986 §6.2.2: spellings of one address become the same. `null`: it is none. */
const normalized = (address: string): string | null => {
  if (!URL.canParse(address)) return null;
  const { origin, pathname } = new URL(address);
  const path = pathname.replaceAll(/%[\dA-Fa-f]{2}/g, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return unreserved.test(character) ? character : octet.toUpperCase();
  });
  return origin + path;
};

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= idCharsMax;

const checkTime = (iat: unknown, nowSeconds: number): void => {
  if (typeof iat !== 'number') throw refused('The DPoP proof has no "iat".');
  if (nowSeconds - iat > proofAgeMaxSeconds) throw refused('The DPoP proof is too old: each request needs a new one.');
  if (iat - nowSeconds > proofAheadMaxSeconds) throw refused('The DPoP proof is from the future: set the clock.');
};

/** What the proof is for. @returns its id. */
const checkClaims = ({ htm, htu, ath, jti }: JWTPayload, { method, url }: Shown, tokenDigest: string): string => {
  if (htm !== method) throw refused('The DPoP proof is for another method ("htm").');
  if (typeof htu !== 'string' || normalized(htu) !== normalized(url)) {
    throw refused('The DPoP proof is for another address ("htu"): that of PUBLIC_URL and the path is needed.');
  }
  if (ath !== tokenDigest) throw refused('The DPoP proof is for another access token ("ath").');
  if (!isId(jti)) throw refused('The DPoP proof has no "jti".');
  return jti;
};

interface ProofCheckOptions {
  readonly nowMs: () => number;
  readonly used: UsedProofs;
}

export interface Holding {
  /** Who is remembered by it: a client makes as many keys as it likes. */
  readonly holder: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly key: string;
  /** SHA-256 of the token, base64url. */
  readonly tokenDigest: string;
}

/** RFC 9449 §4.3 and §7.1, in full. @throws TokenRefused, and StoreUnavailable where used proofs are not known. */
export const createProofCheck =
  ({ nowMs, used }: ProofCheckOptions) =>
  async (shown: Shown, { holder, key, tokenDigest }: Holding): Promise<void> => {
    const { proof } = shown;
    if (proof === null) throw refused('A token that is bound to a key needs exactly one header DPoP, with a proof.');
    if (proof.length > proofCharsMax) throw refused('The DPoP proof is too long.');
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...proofAlgorithms],
      currentDate: new Date(nowMs()),
    }).catch((error: unknown) => {
      throw refusalFor(error);
    });
    if ((await calculateJwkThumbprint(protectedHeader.jwk ?? {})) !== key) {
      throw refused('The DPoP proof is made with another key than the token is bound to.');
    }
    checkTime(payload.iat, nowMs() / 1_000);
    const id = checkClaims(payload, shown, tokenDigest);
    // Last, so that only a proof that is good in all else takes room.
    if (!(await used.use(holder, hash('sha256', `${key} ${id}`, 'base64url'), proofKeptMs))) {
      throw refused('The DPoP proof was used before: each request needs a new one.');
    }
  };

/** Some 18 MB, for `proofKeptMs`: 1,400 requests a second of all holders together, */
const usedProofsMax = 100_000;
/** and 350 of one: nobody can take what is there for all. */
const usedByHolderMax = 25_000;

/** For one process alone. What is remembered goes only when its time is over: who forgets, lets a replay through. */
export const createUsedProofs = (
  nowMs: () => number,
  max = usedProofsMax,
  byHolderMax = usedByHolderMax,
): UsedProofs => {
  /** In the order of their ends, as all are kept equally long. */
  const used = new Map<string, { readonly holder: string; readonly endsAtMs: number }>();
  const counts = new Map<string, number>();
  const count = (holder: string, change: number): void => {
    const left = (counts.get(holder) ?? 0) + change;
    if (left === 0) counts.delete(holder);
    else counts.set(holder, left);
  };
  const forgetEnded = (now: number): void => {
    for (const [id, { holder, endsAtMs }] of used) {
      if (endsAtMs > now) return;
      used.delete(id);
      count(holder, -1);
    }
  };
  return {
    use: async (holder, id, keptMs) => {
      const now = nowMs();
      forgetEnded(now);
      if (used.has(id)) return false;
      if (used.size >= max || (counts.get(holder) ?? 0) >= byHolderMax) {
        throw new StoreUnavailable('more DPoP proofs in a minute than can be remembered', 'not_written');
      }
      used.set(id, { holder, endsAtMs: now + keptMs });
      count(holder, 1);
      return true;
    },
  };
};
