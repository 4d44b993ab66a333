/** Keys that name and throttle a client (R4.2): issued, with the key told once, and revoked. */
import { apiClientStream } from '../domain/values.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Handlers } from './handlers.ts';
import type { ApiKeyTexts } from './ports.ts';

export interface ApiKeyRequest {
  readonly clientId: string;
  readonly name?: string;
  readonly requestsPerMinute?: number;
  readonly expiresInDays: number;
}

export const createApiKeyUseCases = ({ apiClient }: Pick<Handlers, 'apiClient'>, texts: ApiKeyTexts) => ({
  /**
   * The key follows from the command, so that a second attempt tells the same one and nothing is kept of it.
   * @param issuedAt when it was first asked for: an Idempotency-Key that is used again after weeks makes another one.
   */
  issueApiKey: async (request: ApiKeyRequest, issuedAt: string, context: CommandContext) => {
    const { clientId } = request;
    const { key, keyId, digest } = texts.make(`${context.commandId} ${issuedAt} ${clientId}`);
    const command = { type: 'IssueApiKey', ...request, keyId, digest, issuedAt } as const;
    return { key, keyId, outcome: await apiClient(apiClientStream(clientId), command, context) };
  },
  /** Again, it records nothing. */
  revokeApiKey: (key: { readonly clientId: string; readonly keyId: string }, context: CommandContext) => {
    const { clientId, keyId } = key;
    return apiClient(apiClientStream(clientId), { type: 'RevokeApiKey', clientId, keyId }, context);
  },
});
