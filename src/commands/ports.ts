/**
 * What the write side needs from the world. No port has an unsafe default; every adapter passes its suite in `test/contracts`.
 */
import type { Principal } from '../domain/access/principal.ts';
import type { Point } from '../domain/policies/ranking.ts';
import type { Sealed } from '../eventsourcing/message.ts';

/** What the operator of the service has to put right. The message is one line that says what to do; a stack tells them nothing. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}

/**
 * Seals personal data under a key of its subject (a customer, or the author of a note), kept apart from the events.
 * `context` binds the sealed text to its place (stream and field), so that it can't be moved elsewhere.
 */
export interface PersonalData {
  /** @throws SubjectErased when the subject's key was destroyed: the fence stays. */
  seal(subject: string, context: string, value: unknown): Promise<Sealed>;
  /** The same text gives the same one, and without the subject's key it tells nothing. @throws SubjectErased */
  digest(subject: string, text: string): Promise<string>;
  /** `null` when the key is gone for ever. @throws when the text was tampered with or moved. */
  open(sealed: Sealed, context: string): Promise<unknown>;
  /** From now on the subject is found by this e-mail address. Durable; again, it changes nothing. @throws SubjectErased */
  remember(subject: string, email: string): Promise<void>;
  /** Subjects that were remembered with this address, in no order, at most `limit`. None of them is erased. */
  rememberedBy(email: string, limit: number): Promise<readonly string[]>;
  /** Destroys the key, forgets the addresses and leaves a fence. Repeating it changes nothing. */
  erase(subject: string): Promise<void>;
}

export class SubjectErased extends Error {
  override readonly name = 'SubjectErased';
}

/** The first answer to an idempotency key, as it went over the wire. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface IdempotencyRecord {
  /** Hash of method, path and body: the same key with another one is a mistake (422). */
  readonly fingerprint: string;
  readonly answer: StoredAnswer;
}

export interface KeptAnswer extends IdempotencyRecord {
  readonly id: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly recordedAt: string;
}

/**
 * Answers to idempotency keys, kept at least 7 days. `id` is a UUIDv5 derived from who asked and the key they sent, so
 * that nobody meets another's key.
 */
export interface IdempotencyRecords {
  find(id: string): Promise<IdempotencyRecord | null>;
  /**
   * Remembers when a key was first used, before anything is done: ids that carry a time are derived from it, so that
   * a retry after a crash makes the same ones. Durable when it resolves. @returns the time of the first claim.
   */
  claim(id: string, claimedAt: string): Promise<string>;
  /** Durable when it resolves. The first answer for an id wins. */
  save(answers: readonly KeptAnswer[]): Promise<void>;
  /** Removes what is older than `before`; returns how many. */
  prune(before: string): Promise<number>;
}

/** The middle of a country (ISO 3166-1 alpha-2); `null` for a code that is none. */
export type CountryPoint = (countryCode: string) => Point | null;

/** New ids of ours: UUIDv7. */
export type NewId = () => string;

/** Begins every API key, so that scanners find those that leaked. */
export const apiKeyPrefix = 'slk_';

/** The text of API keys (R4.2), which is told once and stored nowhere. */
export interface ApiKeyTexts {
  /** The same seed makes the same key. No one can tell it from its id or its digest. */
  make(seed: string): { readonly keyId: string; readonly key: string; readonly digest: string };
  /** `null`: we never made such a text; a slip of a finger is found without a look-up. */
  keyIdOf(text: string): string | null;
  /** Whether the digest is of this text, in the same time whatever differs. */
  matches(text: string, digest: string): boolean;
}

/** Of the address of a tracking page, which opens it for whoever has it. */
export interface TrackingTokens {
  /** The same seed makes the same token. No one can tell it from its id. */
  make(seed: string): { readonly token: string; readonly linkId: string };
  /** `null`: not of the form of ours. */
  linkIdOf(token: string): string | null;
}

/** How a token was sent (RFC 6750, RFC 9449). */
export type TokenScheme = 'Bearer' | 'DPoP';

/** What a sender shows of itself beside the token. */
export interface Shown {
  readonly method: string;
  /** As clients reach it. */
  readonly url: string;
  /** The DPoP proof; `null`: there is not exactly one. */
  readonly proof: string | null;
  /** SHA-256 of the certificate that the sender has the key of, base64url; `null`: it has shown none. */
  readonly certificate: string | null;
}

export interface TokenSender {
  readonly scheme: TokenScheme;
  /** Asked only where the token is bound to its holder. */
  readonly shown: () => Shown;
}

/** Turns an access token into who asks. */
export interface TokenVerifier {
  /** Algorithms that a DPoP proof may be signed with. */
  readonly proofAlgorithms: readonly string[];
  /**
   * @param sender absent: it is sent as Bearer, and nothing is shown.
   * @throws TokenRefused with a reason that is safe to show.
   */
  verify(token: string, sender?: TokenSender): Promise<Principal>;
}

interface TokenRefusedOptions extends ErrorOptions {
  readonly error?: TokenRefused['error'];
  readonly scheme?: TokenScheme;
}

export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  /** What the challenge says (RFC 6750 §3.1, RFC 9449 §12.2). */
  readonly error: 'invalid_token' | 'invalid_dpop_proof';
  /** How it should have been sent; `null`: as it was. */
  readonly scheme: TokenScheme | null;
  constructor(reason: string, options: TokenRefusedOptions = {}) {
    super(reason, options);
    this.error = options.error ?? 'invalid_token';
    this.scheme = options.scheme ?? null;
  }
}
