/**
 * When each API key was used last: beside the log and its read models, as an event for each use would be as much work as all
 * that is asked with it. What stands here may be lost.
 */
import type { Documents } from '../../eventsourcing/projecting/documents.ts';

interface LastUse {
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** No projection makes it, so a rebuild leaves it as it is. */
const collection = 'api_key_uses';

export interface ApiKeyUses {
  /** Creates the collection; must be awaited before anything else. */
  prepare(): Promise<void>;
  /** `at`: ISO 8601 UTC. One that is older than what is known changes nothing. */
  note(keyId: string, at: string): Promise<void>;
  /** By key; one that was never used is missing. */
  of(keyIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export const createApiKeyUses = (documents: Documents): ApiKeyUses => ({
  prepare: () => documents.ensure({ name: collection, indexes: [] }),
  note: async (keyId, at) => {
    const expected = (await documents.get<LastUse>(collection, keyId))?.position ?? null;
    // There is no event to take the position of: the time stands in for it. Whoever is lost to was there a moment ago.
    const position = BigInt(Date.parse(at));
    if (expected !== null && expected >= position) return;
    await documents.write(collection, [{ id: keyId, document: { at } satisfies LastUse, position, expected }]);
  },
  of: async (keyIds) => {
    const found = await documents.getMany<LastUse>(collection, keyIds);
    return new Map([...found].map(([keyId, { document }]) => [keyId, document.at]));
  },
});
