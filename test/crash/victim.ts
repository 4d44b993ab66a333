/** Works on a data directory until it is killed, and reports what was acknowledged. Started by `crash.test.ts`. */
import { randomUUID } from 'node:crypto';
import { createConsumer, ownLeases } from '../../src/eventsourcing/consumers/consumer.ts';
import { createConsumerProgress } from '../../src/eventsourcing/consumers/consumerProgress.ts';
import { projectBatch } from '../../src/eventsourcing/projecting/projection.ts';
import { createRandom } from './seeded.ts';
import { counter, newEvent, openWorld, queue, type Report, type World } from './world.ts';

const [directory = '', seed = '0'] = process.argv.slice(2);
const random = createRandom(Number(seed));
const forEver = new AbortController().signal;

/** A pipe is written synchronously, so nothing that was reported is lost with the process. */
const report = (line: Report): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const keepAppending = async ({ events }: World, stream: string): Promise<never> => {
  for (let revision = -1; ; ) {
    const size = 1 + Math.floor(random() * 4);
    const commandId = randomUUID();
    const batch = Array.from({ length: size }, () => newEvent(randomUUID(), commandId, size));
    const result = await events.append(stream, revision < 0 ? 'no_stream' : revision, batch);
    if (result.kind !== 'appended') throw new Error(`${stream}: ${result.kind}`);
    report({ kind: 'appended', stream, ids: batch.map(({ id }) => id) });
    revision += size;
  }
};

const keepAdding = async ({ jobs, personalData }: World): Promise<never> => {
  for (;;) {
    const jobId = randomUUID();
    await jobs.add(queue, [{ id: jobId, payload: { v: 1 } }]);
    report({ kind: 'added', jobId });
    report({ kind: 'sealed', text: await personalData.seal(`customer ${jobId}`, 'place', jobId), value: jobId });
  }
};

const keepWorking = async ({ jobs }: World): Promise<void> => {
  const started = new Set<string>();
  const reportRemoved = async (): Promise<void> => {
    // Others start meanwhile, and nobody has asked for those.
    const asked = [...started];
    const known = await jobs.known(queue, asked);
    for (const jobId of asked) {
      if (known.has(jobId) || !started.delete(jobId)) continue;
      report({ kind: 'removed', jobId });
    }
  };
  await jobs.work(queue, { concurrency: 2, leaseMs: 100, signal: forEver }, async ({ id }) => {
    started.add(id);
    report({ kind: 'started', jobId: id });
    await reportRemoved();
    return { kind: 'done' };
  });
};

const keepProjecting = ({ events, documents, checkpoints }: World): Promise<void> =>
  createConsumer({
    name: counter.name,
    source: events,
    checkpoints,
    leases: ownLeases,
    consumerProgress: createConsumerProgress(),
    batchMax: 16,
    handle: (batch) => projectBatch(counter, { documents, collection: counter.name }, batch),
    onFailure: (_name, error) => {
      throw error;
    },
  }).run(forEver);

const world = await openWorld(directory);
await Promise.all([
  ...Array.from({ length: 4 }, (_, index) => keepAppending(world, `warehouse-${seed}x${index}`)),
  keepAdding(world),
  keepWorking(world),
  keepProjecting(world),
]);
