/** Errors as the recording shows them: what tells them apart, without texts. */
import type { Answer } from './book.ts';
import type { World } from './world.ts';

const shown = (value: unknown): string | undefined =>
  typeof value === 'bigint' || typeof value === 'string' ? String(value) : undefined;

export const errorOf = (error: unknown, { plain }: Pick<World, 'plain'>): Answer => {
  const { type, code, streamName, expectedVersion, actualVersion, maxAppendSize } = error as Answer;
  const all = {
    class: error instanceof Error ? error.constructor.name : undefined,
    type,
    code,
    streamName: typeof streamName === 'string' ? plain(streamName) : undefined,
    expectedVersion: shown(expectedVersion),
    actualVersion: shown(actualVersion),
    maxAppendSize,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
