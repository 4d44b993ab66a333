/** What becomes of the adapters when the server is absent, frozen, or comes back: on a server that the test may kill. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/eventsourcing/ports.ts';
import { createMongoCheckpoints } from '../../src/infra/mongodb/checkpoints.ts';
import { type Mongo, openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { freeze, launchMongo, mongoLaunchMissing, thaw } from '../support/engines/mongodb.ts';

const missing = mongoLaunchMissing();
const waitMaxMs = 120_000;
const chairs = { name: 'chairs', indexes: [['name']] };
const write = (id: string, position = 1n, expected: bigint | null = null) => ({
  id,
  document: { name: id },
  position,
  expected,
});

describe.skipIf(missing !== null)(`a MongoDB that is not always there${missing === null ? '' : `: ${missing}`}`, () => {
  const opened: Mongo[] = [];
  const open = (url: string, answerMaxMs = 1_000): Mongo => {
    const mongo = openMongo({ url: `${url}?serverSelectionTimeoutMS=1500&heartbeatFrequencyMS=500`, answerMaxMs });
    opened.push(mongo);
    return mongo;
  };

  let port = 0;
  let url = '';
  beforeAll(async () => {
    const server = await launchMongo();
    url = server.url;
    port = Number(new URL(url).port);
    await server.stop();
  });
  afterEach(async () => {
    for (const mongo of opened.splice(0)) await mongo.close();
  });

  it('lets the process start, says so, and is used once it comes up (S8)', async () => {
    const mongo = open(url);
    const documents = createMongoDocuments(mongo);
    const checkpoints = createMongoCheckpoints(mongo);
    expect(await mongo.check()).toBe('cannot reach MongoDB');
    await expect(documents.ensure(chairs)).rejects.toThrow(StoreUnavailable);
    await expect(checkpoints.get('x')).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'not_written' });
    await expect(checkpoints.take('x', 1)).rejects.toThrow(StoreUnavailable);
    const server = await launchMongo({ port });
    try {
      await expect.poll(() => mongo.check(), { timeout: waitMaxMs }).toBeNull();
      await documents.ensure(chairs);
      expect(await documents.write('chairs', [write('a')])).toEqual(['applied']);
    } finally {
      await server.stop();
    }
    await expect(documents.write('chairs', [write('b')])).rejects.toThrow(StoreUnavailable);
    await expect(documents.find('chairs', { where: {}, limit: 1 })).rejects.toThrow(StoreUnavailable);
    expect(await mongo.check()).toBe('cannot reach MongoDB');
  });

  it('leaves the outcome of a write open when it is frozen, and takes the same write afterwards', async () => {
    const server = await launchMongo({ port });
    try {
      const mongo = open(url);
      const documents = createMongoDocuments(mongo);
      await documents.ensure(chairs);
      await freeze(server.pid);
      const frozen = documents.write('chairs', [write('a'), write('b')]);
      await expect(frozen).rejects.toMatchObject({ name: 'StoreUnavailable', outcome: 'unknown' });
      expect(await mongo.check()).toBe('cannot reach MongoDB');
      thaw(server.pid);
      await expect.poll(() => mongo.check(), { timeout: waitMaxMs }).toBeNull();
      const stored = await documents.get('chairs', 'a');
      expect(await documents.write('chairs', [write('a', 2n, stored?.position ?? null)])).toEqual(['applied']);
    } finally {
      await server.stop();
    }
  });

  it('shows no password when the URL is wrong', () => {
    expect(() => openMongo({ url: 'mongodb://root:secret@' })).toThrow(
      new RangeError('The MongoDB URL is not a valid connection string.'),
    );
  });
});
