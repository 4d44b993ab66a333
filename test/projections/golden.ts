/** A stored event of each type, as it is kept for ever. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventEnvelope } from '../../src/eventsourcing/message.ts';

export const golden = (type: string, version: number): EventEnvelope => {
  const file = join(import.meta.dirname, '../events/golden', `${type}@${version}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly stored: EventEnvelope }).stored;
};
