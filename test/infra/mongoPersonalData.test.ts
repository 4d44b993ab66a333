/** What only keys that processes share have: one key for two that come at once, and an erasure that others learn of. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SubjectErased } from '../../src/commands/ports.ts';
import { KeyStoreLocked } from '../../src/infra/keys/keyFiles.ts';
import { type Mongo, openMongo } from '../../src/infra/mongodb/connect.ts';
import { createMongoPersonalData } from '../../src/infra/mongodb/keyStore.ts';
import { urlOf } from '../contracts/engines/mongodb.ts';
import { uniqueName, waitMaxMs } from '../contracts/make.ts';
import { mongoMissing, type RunningMongo, startMongo } from '../support/engines/mongodb.ts';

const missing = mongoMissing();
const place = 'order-1/contact';
const keyEncryptionKey = Buffer.alloc(32, 7);

describe.skipIf(missing !== null)(`personal data in MongoDB${missing === null ? '' : `: ${missing}`}`, () => {
  let server: RunningMongo | undefined;
  const opened: Mongo[] = [];
  const database = uniqueName('keys');
  const connect = (): Mongo => {
    const mongo = openMongo({ url: urlOf(server?.url ?? '', database) });
    opened.push(mongo);
    return mongo;
  };
  const open = (cachedMaxMs?: number) => createMongoPersonalData(connect(), keyEncryptionKey, cachedMaxMs);
  beforeAll(async () => {
    server = await startMongo();
  });
  afterAll(async () => {
    await opened[0]?.keysDb.dropDatabase();
    for (const mongo of opened) await mongo.close();
    await server?.stop();
  });

  it('has one key for a subject that several processes seal first at the same time', async () => {
    const processes = [open(), open(), open()];
    for (let round = 0; round < 5; round += 1) {
      const subject = uniqueName('customer');
      const sealed = await Promise.all(processes.map((each) => each.seal(subject, place, round)));
      expect(new Set(sealed.map((text) => text.split('.')[1])).size).toBe(1);
      for (const text of sealed) expect(await processes[0]?.open(text, place)).toBe(round);
    }
  });

  it('is not used any more by a process that knew the key, soon after another one erased it (B7)', async () => {
    const [eraser, other] = [open(), open(50)];
    const subject = uniqueName('customer');
    const sealed = await other.seal(subject, place, 'Ada');
    expect(await other.open(sealed, place)).toBe('Ada');
    await eraser.erase(subject);
    await expect.poll(() => other.open(sealed, place), { timeout: waitMaxMs }).toBeNull();
    await expect
      .poll(() => other.seal(subject, place, 1).catch((error: unknown) => error), { timeout: waitMaxMs })
      .toBeInstanceOf(SubjectErased);
  });

  it('keeps nothing but wrapped keys, in a database of its own, and nothing of an erased one', async () => {
    const personalData = open();
    const subject = uniqueName('customer');
    const sealed = await personalData.seal(subject, place, 'Ada');
    const keys = connect().keysDb.collection<{ keyId: string; wrapped: string | null }>('subjectKeys');
    expect(keys.dbName).toBe(`${database}_keys`);
    const keyId = sealed.split('.')[1] ?? '';
    const before = await keys.findOne({ keyId });
    expect(Buffer.from(before?.wrapped ?? '', 'base64url')).toHaveLength(12 + 32 + 16);
    expect(JSON.stringify(before)).not.toContain(subject);
    await personalData.remember(subject, 'ada@example.invalid');
    const emails = connect().keysDb.collection('emails');
    const remembered = JSON.stringify(await emails.findOne({}));
    for (const canary of [subject, 'ada', 'example']) expect(remembered, canary).not.toContain(canary);
    await personalData.erase(subject);
    expect(await emails.countDocuments()).toBe(0);
    expect(await keys.findOne({ keyId })).toMatchObject({ wrapped: null });
    expect(await keys.countDocuments({ wrapped: before?.wrapped ?? '' })).toBe(0);
  });

  it('is locked to another key encryption key, and to one that is too short', async () => {
    await open().unlock();
    const wrong = createMongoPersonalData(connect(), Buffer.alloc(32, 8));
    await expect(wrong.unlock()).rejects.toThrow(KeyStoreLocked);
    await expect(wrong.seal('customer', place, 1)).rejects.toThrow(KeyStoreLocked);
    expect(() => createMongoPersonalData(connect(), Buffer.alloc(16))).toThrow(KeyStoreLocked);
  });
});
