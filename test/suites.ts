/** The two parts of the tests: what `npm test` runs in minutes, and the rest. Folders decide; a new file needs no line here. */
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Rules, read models, the API and the contracts, in the embedded form: no server need be installed. */
const quickFolders = [
  'events',
  'eventsourcing',
  'domain',
  'commands',
  'processManagers',
  'projections',
  'webhooks',
  'audit',
  'app',
  'http',
  'security',
].map((name) => `test/${name}/**/*.test.ts`);

/** One look each at what takes the rest many minutes: the adapters, crashes, a cluster, the demo. */
const smokes = [
  'test/contracts/embedded.test.ts',
  'test/crash/crash.test.ts',
  'test/e2e/clusterSmoke.test.ts',
  'test/demo/data.test.ts',
];

/** Of those, what takes ten seconds and more: load, and ten thousand random sequences. */
const long = [
  'test/processManagers/ledger.properties.test.ts',
  'test/http/overload.test.ts',
  'test/http/drift.test.ts',
  'test/http/stockDrift.test.ts',
  'test/http/drain.test.ts',
];

/** Each must be there. */
export const named: readonly string[] = [...quickFolders, ...smokes, ...long];

const projectRoot = join(import.meta.dirname, '..');
const quick = globSync([...quickFolders, ...smokes], { cwd: projectRoot }).filter((file) => !long.includes(file));

/** By the name of their vitest project. */
export const suites: { readonly [name in 'quick' | 'rest']: { include: string[]; exclude: string[] } } = {
  quick: { include: quick, exclude: [] },
  rest: { include: ['test/**/*.test.ts'], exclude: quick },
};
