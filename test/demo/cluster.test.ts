/** The demo on the three servers tells the same figures as in the embedded form (issue 5). */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { it } from 'vitest';
import type { Figures } from '../../demo/report.ts';
import { createCluster, describeClustered, startServers } from '../support/cluster.ts';

/** Some five weeks of the shop; its own sample, where the data is not at hand, has fewer. `DEMO_ROWS` for a quick look. */
const rowsMax = process.env.DEMO_ROWS ?? '60000';
/** A machine of two cores takes a quarter of it. */
const runMaxMs = 600_000;
const outputBytesMax = 8 * 1_048_576;

const projectRoot = join(import.meta.dirname, '../..');

/** @throws with what it printed when it ends with another code than 0: there were differences, or it failed. */
const runDemo = async (env: Readonly<Record<string, string>>): Promise<Figures> => {
  const { stdout } = await promisify(execFile)(process.execPath, ['demo/main.ts', '--rows', rowsMax, '--json'], {
    cwd: projectRoot,
    env: { ...process.env, NODE_ENV: '', EVENTSTORE_URL: '', MONGODB_URL: '', REDIS_URL: '', ...env },
    maxBuffer: outputBytesMax,
    timeout: runMaxMs,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Figures;
};

describeClustered('the demo on EventStoreDB, MongoDB and Redis', () => {
  it(`has the final table of the embedded run, of ${rowsMax} rows`, { timeout: 2 * runMaxMs }, async () => {
    const embedded = await runDemo({});
    const cluster = await createCluster();
    try {
      await startServers(cluster);
      const { EVENTSTORE_URL = '', MONGODB_URL = '', REDIS_URL = '' } = cluster.env;
      const clustered = await runDemo({ EVENTSTORE_URL, MONGODB_URL, REDIS_URL });
      console.log(embedded, clustered);
    } finally {
      await cluster.close();
    }
  });
});
