/** The two parts of the tests: what `npm test` runs in minutes, and the rest. Folders decide; a new file needs no line here. */

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
].map((name) => `test/${name}/**/*.test.ts`);

/** One look each at what takes the rest many minutes: the adapters, crashes, a cluster, the demo. */
const smokes = [
  'test/contracts/embedded.test.ts',
  'test/crash/crash.test.ts',
  'test/e2e/clusterSmoke.test.ts',
  'test/demo/data.test.ts',
];

const all = 'test/**/*.test.ts';
const quick = [...quickFolders, ...smokes];

/** By the name of their vitest project. */
export const suites: { readonly [name in 'quick' | 'rest']: { include: string[]; exclude: string[] } } = {
  quick: { include: quick, exclude: [] },
  rest: { include: [all], exclude: quick },
};
