/**
 * Who may import whom (`docs/architecture.md`, "Rooms"). `test/architecture/dependencies.test.ts` plants a violation of
 * every rule here, so a rule without a sample, or one that can't fail, breaks the build.
 */

/** The only files that wire adapters: each is a process of its own. */
const entryPoints = '^src/(main|cli/(rebuild|migrate|backup|restore|verify))\\.ts$';

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
 * The pure rooms do no input or output of their own. `node:crypto` is the one exception: deterministic ids and Merkle
 * leaves are hashes, and a hash is a pure function.
 */
const pureBuiltins = '^(node:)?crypto$';

/** Rooms without a package and without a driver, and the rooms that each may import beside itself. */
const pureRooms = {
  eventsourcing: [],
  domain: ['eventsourcing'],
  commands: ['eventsourcing', 'domain'],
  processManagers: ['eventsourcing', 'domain', 'commands'],
  projections: ['eventsourcing', 'domain'],
  webhooks: ['eventsourcing', 'domain'],
  audit: ['eventsourcing', 'domain'],
  migration: ['eventsourcing', 'domain', 'commands', 'processManagers', 'projections', 'webhooks', 'audit'],
};
const middle = Object.keys(pureRooms).filter((room) => room !== 'migration');
/** Rooms that use packages, and the rooms that each may import beside itself. */
const outerRooms = {
  http: middle,
  app: [...middle, 'http'],
  infra: middle,
  cli: [...middle, 'migration', 'app', 'infra'],
};
const roomNames = [...Object.keys(pureRooms), ...Object.keys(outerRooms)];

const inRooms = (rooms) => `^src/(${rooms.join('|')})/`;

const pureRoom = ([room, others]) => ({
  name: `${room}-points-down`,
  comment: 'Declare a port, and let src/infra implement it.',
  from: { path: inRooms([room]) },
  to: { pathNot: [inRooms([room, ...others]), ...(room === 'domain' ? [] : [pureBuiltins])] },
});

const outerRoom = ([room, others]) => ({
  name: `${room}-points-down`,
  comment: 'Only src/app and the entry points bring the rooms together.',
  from: { path: inRooms([room]) },
  to: { path: '^src/', pathNot: inRooms([room, ...others]) },
});

const forbidden = [
  ...Object.entries(pureRooms).map(pureRoom),
  ...Object.entries(outerRooms).map(outerRoom),
  {
    name: 'infra-only-from-entry-points',
    comment: 'Take the adapter as an argument; src/main.ts hands it over.',
    from: { path: '^src/', pathNot: ['^src/(infra|cli)/', entryPoints] },
    to: { path: '^src/infra/' },
  },
  {
    name: 'stores-know-no-domain',
    comment: 'Take what the store has to know as an argument; embedded.ts and clustered.ts hand it over.',
    from: { path: '^src/infra/(sqlite|eventstoredb|mongodb|redis|bullmq|keys)/' },
    to: { path: '^src/domain/' },
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
    name: 'known-rooms-only',
    comment: 'A new folder or file under src/ needs a rule here that says what it may import.',
    from: { path: '^src/', pathNot: [inRooms(roomNames), '^src/main\\.ts$'] },
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
