import { accept, type Decider, type Decision, jsonStates, refuse, unreachable } from '../../eventsourcing/message.ts';
import { type ApiKeyEvent, type ApiKeyIssued, apiKeyVersions } from './events.ts';

interface HeldKey extends Omit<ApiKeyIssued['data'], 'clientId'> {
  readonly isRevoked: boolean;
}

export interface ApiClient {
  /** Those that had not expired when the newest was issued. */
  readonly keys: readonly HeldKey[];
}

export type ApiKeyCommand =
  | (Omit<ApiKeyIssued['data'], 'expiresAt'> & { readonly type: 'IssueApiKey'; readonly expiresInDays: number })
  | { readonly type: 'RevokeApiKey'; readonly clientId: string; readonly keyId: string };
export type ApiKeyRefusal = 'TOO_MANY_API_KEYS';

/** The one in use, and the one that takes its place. */
export const liveKeysMax = 2;
/** A state of some 30 kB; so many are revoked by whoever issues keys without end, and by nobody who rotates them. */
export const heldKeysMax = 100;
/** A quarter: a key that leaked and was not missed ends by itself. */
export const keyDaysDefault = 90;
/** A key that lasts longer outlives those who know where it is used. */
export const keyDaysMax = 365;
const dayMs = 24 * 3_600_000;

const unexpired = ({ keys }: ApiClient, at: string): readonly HeldKey[] =>
  keys.filter(({ expiresAt }) => expiresAt > at);

const issue = (
  { type: _, expiresInDays, ...key }: Extract<ApiKeyCommand, { type: 'IssueApiKey' }>,
  client: ApiClient,
): Decision<ApiKeyEvent, ApiKeyRefusal> => {
  // Its id is made for this command: it was issued by an earlier attempt. One that was revoked since stays revoked.
  if (client.keys.some(({ keyId }) => keyId === key.keyId)) return accept();
  const held = unexpired(client, key.issuedAt);
  if (held.filter(({ isRevoked }) => !isRevoked).length >= liveKeysMax) {
    return refuse('TOO_MANY_API_KEYS', `A client may have ${liveKeysMax} keys at a time. Revoke one first.`);
  }
  if (held.length >= heldKeysMax) {
    const detail = `A client may have ${heldKeysMax} keys that have not expired, the revoked ones too. Wait for one to expire.`;
    return refuse('TOO_MANY_API_KEYS', detail);
  }
  const lastsMs = Math.min(expiresInDays, keyDaysMax) * dayMs;
  const expiresAt = new Date(Date.parse(key.issuedAt) + lastsMs).toISOString();
  return accept({ type: 'ApiKeyIssued', data: { ...key, expiresAt } });
};

export const apiKeyDecider: Decider<ApiClient, ApiKeyCommand, ApiKeyEvent, ApiKeyRefusal> = {
  category: 'apiclient',
  initialState: { keys: [] },
  decide: (command, client) => {
    switch (command.type) {
      case 'IssueApiKey':
        return issue(command, client);
      case 'RevokeApiKey': {
        const { clientId, keyId } = command;
        const isHeld = client.keys.some((key) => key.keyId === keyId && !key.isRevoked);
        return isHeld ? accept({ type: 'ApiKeyRevoked', data: { clientId, keyId } }) : accept();
      }
      default:
        return unreachable(command);
    }
  },
  evolve: (client, event) => {
    switch (event.type) {
      case 'ApiKeyIssued': {
        const { clientId: _, ...key } = event.data;
        return { keys: [...unexpired(client, key.issuedAt), { ...key, isRevoked: false }] };
      }
      case 'ApiKeyRevoked': {
        const { keyId } = event.data;
        return { keys: client.keys.map((key) => (key.keyId === keyId ? { ...key, isRevoked: true } : key)) };
      }
      default:
        return unreachable(event);
    }
  },
  weigh: ({ keys }) => 100 + 500 * keys.length,
  codec: jsonStates(1),
  schemaVersions: apiKeyVersions,
};
