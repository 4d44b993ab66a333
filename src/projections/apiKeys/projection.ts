/** API keys (R4.2), a document for each, also of those that were revoked or have expired. */
import type { ApiKeyEvent, ApiKeyIssued } from '../../domain/apiKey/events.ts';
import { unreachable } from '../../eventsourcing/message.ts';
import type { Documents } from '../../eventsourcing/projecting/documents.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export type ApiKeyDocument = ApiKeyIssued['data'] & {
  /** Absent: it was not. */
  readonly revokedAt?: string;
};

export const apiKeys: Projection<ApiKeyDocument, ApiKeyEvent> = {
  name: 'api_keys_v1',
  handles: ['ApiKeyIssued', 'ApiKeyRevoked'],
  indexes: [['clientId', 'issuedAt'], ['issuedAt']],
  idsOf: ({ data }) => [data.keyId],
  apply: (document, event, id) => {
    // The stream of a client, which is folded where the document is not there yet, has all of its keys.
    if (event.data.keyId !== id) return document;
    switch (event.type) {
      case 'ApiKeyIssued':
        return event.data;
      case 'ApiKeyRevoked':
        return document === null ? null : { ...document, revokedAt: event.recordedAt };
      default:
        return unreachable(event);
    }
  },
};

export interface ApiKeyQueries {
  /** As far as the read model has come. */
  byId(keyId: string): Promise<ApiKeyDocument | null>;
  /** The client whose key it is said to be: what was issued to it a moment ago is found in its stream. */
  get(keyId: string, clientId: string): Promise<ApiKeyDocument | null>;
  /** The newest first. @throws InvalidCursor */
  list(query: PageRequest & { readonly clientId?: string }): Promise<Page<ApiKeyDocument>>;
}

export const createApiKeyQueries = (documents: Documents, collection: () => string): ApiKeyQueries => {
  const byId = async (keyId: string): Promise<ApiKeyDocument | null> =>
    (await documents.get<ApiKeyDocument>(collection(), keyId))?.document ?? null;
  return {
    byId,
    get: byId,
    list: ({ clientId, ...page }) => {
      const where = clientId === undefined ? {} : { clientId: { equals: clientId } };
      return pageOf(documents, collection(), { where, orderBy: { field: 'issuedAt', direction: 'descending' } }, page);
    },
  };
};
