/**
 * STORED FOREVER: the API keys of a client (R4.2; stream `apiclient-{clientId}`). They name and throttle it, and open
 * nothing. A key itself is stored nowhere. A shipped shape is never edited.
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

export type ApiKeyIssued = {
  readonly type: 'ApiKeyIssued';
  readonly data: {
    /** As in `client_id` of its tokens. */
    readonly clientId: string;
    /** Part of the key. */
    readonly keyId: string;
    /** HMAC-SHA-256 of the whole key, in base64url. Without the pepper it tells nothing. */
    readonly digest: string;
    /** What an administrator calls it. */
    readonly name?: string;
    /** Absent: as many as a caller may. */
    readonly requestsPerMinute?: number;
    /** ISO 8601 UTC. */
    readonly issuedAt: string;
    readonly expiresAt: string;
  };
};
export type ApiKeyRevoked = {
  readonly type: 'ApiKeyRevoked';
  readonly data: { readonly clientId: string; readonly keyId: string };
};
export type ApiKeyEvent = ApiKeyIssued | ApiKeyRevoked;

export const apiKeyFields: FieldClasses<ApiKeyEvent> = {
  ApiKeyIssued: {
    clientId: 'public',
    keyId: 'public',
    digest: 'public',
    name: 'public',
    requestsPerMinute: 'public',
    issuedAt: 'public',
    expiresAt: 'public',
  },
  ApiKeyRevoked: { clientId: 'public', keyId: 'public' },
};
export const apiKeyVersions = { ApiKeyIssued: 1, ApiKeyRevoked: 1 } as const;
