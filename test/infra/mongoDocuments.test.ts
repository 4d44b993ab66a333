/** What only MongoDB's documents have: tombstones, their fence, and how things lie in the collection. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { type Mongo, openMongo } from '../../src/infra/mongodb/connect.ts';
import type { MongoRow } from '../../src/infra/mongodb/documentRows.ts';
import { createMongoDocuments } from '../../src/infra/mongodb/documents.ts';
import { urlOf } from '../contracts/engines/mongodb.ts';
import { uniqueName } from '../contracts/make.ts';
import { mongoMissing, type RunningMongo, startMongo } from '../support/engines/mongodb.ts';

const missing = mongoMissing();
const name = 'chairs';
const write = (id: string, position: bigint, expected: bigint | null, document: object | null = { colour: 'red' }) => ({
  id,
  document,
  position,
  expected,
});

describe.skipIf(missing !== null)(`documents in MongoDB${missing === null ? '' : `: ${missing}`}`, () => {
  let server: RunningMongo | undefined;
  let mongo: Mongo | undefined;
  const use = (): { readonly mongo: Mongo; readonly documents: Documents } => {
    if (mongo === undefined) throw new Error('not open');
    return { mongo, documents: createMongoDocuments(mongo) };
  };
  const ensured = async () => {
    const used = use();
    await used.documents.ensure({ name, indexes: [['colour']], lists: ['tags'] });
    return { ...used, rows: used.mongo.db.collection<MongoRow>(name) };
  };
  beforeAll(async () => {
    server = await startMongo();
    mongo = openMongo({ url: urlOf(server.url, uniqueName('documents')) });
  });
  afterAll(async () => {
    await mongo?.db.dropDatabase();
    await mongo?.close();
    await server?.stop();
  });

  it('let nobody who comes late bring back what was deleted', async () => {
    const { documents, rows } = await ensured();
    await documents.write(name, [write('gone', 5n, null)]);
    await documents.write(name, [write('gone', 9n, 5n, null)]);
    expect(await documents.write(name, [write('gone', 7n, null)])).toEqual(['lost']);
    expect(await documents.write(name, [write('gone', 9n, null)])).toEqual(['lost']);
    expect(await documents.get(name, 'gone')).toBeNull();
    const tombstone = await rows.findOne({ _id: 'gone' });
    expect(tombstone).toMatchObject({ position: -10n, document: null });
    expect(tombstone?.deletedAt).toBeInstanceOf(Date);
    expect(await documents.write(name, [write('gone', 10n, null)])).toEqual(['applied']);
    expect(await rows.findOne({ _id: 'gone' })).not.toHaveProperty('deletedAt');
  });

  it('hide their tombstones from every read', async () => {
    const { documents } = await ensured();
    const before = await documents.count(name);
    await documents.write(name, [write('hidden', 1n, null, { tags: ['x'] })]);
    expect(await documents.count(name)).toBe(before + 1);
    await documents.write(name, [write('hidden', 2n, 1n, null)]);
    expect(await documents.getMany(name, ['hidden'])).toEqual(new Map());
    expect(await documents.find(name, { where: { colour: { equals: null } }, limit: 9 })).toEqual([]);
    expect(await documents.count(name)).toBe(before);
    expect(await documents.write(name, [write('hidden', 3n, 2n)])).toEqual(['lost']);
  });

  it('lie natively, with 64-bit positions, escaped names and a writer for each call', async () => {
    const { documents, rows } = await ensured();
    await documents.write(name, [write('x', 1n, null, { 'a.b': { $c: 1 } }), write('y', 2n, null)]);
    await documents.write(name, [write('z', 3n, null)]);
    const [x, y, z] = await rows.find({ _id: { $in: ['x', 'y', 'z'] } }, { sort: { _id: 1 } }).toArray();
    expect(x).toMatchObject({ position: 1n, document: { 'a%2Eb': { '%24c': 1 } } });
    expect(y?.writer).toBe(x?.writer);
    expect(z?.writer).not.toBe(x?.writer);
  });

  it('have the indexes that were declared, and forget tombstones after a day', async () => {
    const { mongo, rows } = await ensured();
    const indexes = await rows.listIndexes().toArray();
    const keys = indexes.map(({ key }) => JSON.stringify(key));
    expect(keys).toContain('{"document.colour":1,"_id":1}');
    expect(keys).toContain('{"document.tags":1,"_id":1}');
    expect(keys.includes('{"_id":1,"position":1}')).toBe(await mongo.hasPlainIndexes());
  });

  it('come in parts when there are many, or large ones, with each outcome in its place', async () => {
    const { documents } = await ensured();
    const text = 'ö'.repeat(1_000_000);
    const large = Array.from({ length: 12 }, (_, index) => write(`large${index}`, 1n, null, { text }));
    const many = Array.from({ length: 2_500 }, (_, index) => write(`many${index}`, 1n, null));
    await documents.write(name, [write('many1234', 1n, null), write('large7', 1n, null)]);
    const outcomes = await documents.write(name, [...large, ...many]);
    const lost = outcomes.flatMap((outcome, index) => (outcome === 'lost' ? [index] : []));
    expect(lost).toEqual([7, 12 + 1_234]);
    expect(
      (
        await documents.getMany(
          name,
          many.map(({ id }) => id),
        )
      ).size,
    ).toBe(2_500);
    expect(await documents.get(name, 'large11')).toMatchObject({ document: { text } });
  });

  it('take no value for an operator (R6.2)', async () => {
    const { documents } = await ensured();
    const hostile = JSON.parse('{"$ne":"x"}') as string;
    await documents.write(name, [write('plain', 1n, null)]);
    for (const condition of [{ equals: hostile }, { from: hostile }, { from: '', below: hostile }]) {
      expect(await documents.find(name, { where: { colour: condition }, limit: 9 })).toEqual([]);
    }
    expect(await documents.find(name, { where: { tags: { has: hostile } }, limit: 9 })).toEqual([]);
  });
});
