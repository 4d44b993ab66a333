/**
 * Who may import whom (DESIGN §3). `test/architecture/dependencies.test.ts` plants a violation of every rule here,
 * so a rule without a sample, or one that can't fail, breaks the build.
 */

/** The only files that wire adapters: each is a process of its own. */
const entryPoints = '^src/(main|rebuild|migrate|backup|restore|verify)\\.ts$';

/** Whatever talks to an engine, the network or an identity provider belongs behind a port. */
const drivers = [
  'node:sqlite',
  '@eventstore',
  '@kurrent',
  'mongodb',
  'bullmq',
  'ioredis',
  'undici',
  'oidc-provider',
  'jose',
  'openid-client',
];

/**
 * The application layers do no input or output of their own. `node:crypto` is the one exception: deterministic ids
 * and Merkle leaves are hashes, and a hash is a pure function.
 */
const pureBuiltins = '^(node:)?crypto$';

const domain = {
  name: 'domain-imports-only-itself',
  comment: 'The domain is pure: no package, no node:*, no other folder. Hand it what it needs as data.',
  from: { path: '^src/domain/' },
  to: { pathNot: '^src/(domain|eventsourcing)/' },
};

const applicationLayer = (folder, ...others) => ({
  name: `${folder}-imports-only-${['domain', ...others].join('-')}`,
  comment: `Declare a port, and let src/infra implement it.`,
  from: { path: `^src/${folder}/` },
  to: {
    pathNot: [`^src/(${['eventsourcing', 'processManagers', 'domain', ...others, folder].join('|')})/`, pureBuiltins],
  },
});

const outerLayer = (folder) => ({
  name: `${folder}-points-inward`,
  comment: 'Only src/compose.ts and the entry points bring the layers together.',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(eventsourcing|domain|commands|processManagers|projections|${folder})/` },
});

const forbidden = [
  domain,
  applicationLayer('commands'),
  applicationLayer('projections'),
  applicationLayer('moving', 'commands', 'projections'),
  outerLayer('http'),
  outerLayer('infra'),
  {
    name: 'infra-only-from-entry-points',
    comment: 'Take the adapter as an argument; src/main.ts hands it over.',
    from: { path: '^src/', pathNot: ['^src/infra/', entryPoints] },
    to: { path: '^src/infra/' },
  },
  {
    name: 'entry-points-are-not-imported',
    comment: 'An entry point runs when it is imported, and brings all of src/infra along.',
    from: {},
    to: { path: entryPoints },
  },
  {
    name: 'drivers-only-in-infra',
    comment: 'Declare a port and put the driver behind it in src/infra.',
    from: { path: '^src/', pathNot: '^src/infra/' },
    to: { path: `(^|/)(${drivers.join('|')})(/|$)` },
  },
  {
    name: 'known-folders-only',
    comment: 'A new folder under src/ needs a rule here that says what it may import.',
    from: {
      path: '^src/[^/]+/',
      pathNot: '^src/(eventsourcing|domain|commands|processManagers|projections|moving|http|infra)/',
    },
    to: {},
  },
  {
    name: 'src-stays-in-src',
    comment: 'What runs in production may not lean on tests, benchmarks, demos or scripts.',
    from: { path: '^src/' },
    to: { path: '^(test|bench|demo|scripts)/' },
  },
  {
    name: 'production-packages-only',
    comment: 'A development or undeclared package is missing after `npm ci --omit=dev`.',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-cycles',
    comment: 'Move what both need into a third file.',
    from: {},
    to: { circular: true },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    tsPreCompilationDeps: true, // Type-only imports count: a type is a dependency too.
    doNotFollow: { path: '(^|/)node_modules/' },
  },
};
