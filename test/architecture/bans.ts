/**
 * What may not be written here, and what to write instead. Each ban carries samples that it must find, and
 * `tidy.test.ts` checks that it does. This file is the only one that the bans don't read: it is made of samples.
 */
export interface Ban {
  readonly name: string;
  /** Globs from the project's root. */
  readonly files: readonly string[];
  readonly except?: readonly string[];
  /** Global, so that every place is reported. */
  readonly pattern: RegExp;
  /** Prose about a banned thing is fine in comments, unless the ban is about comments. */
  readonly comments: 'ignored' | 'read';
  readonly instead: string;
  /** Texts that the ban must find. */
  readonly bad: readonly string[];
  /** Look-alikes that it must leave alone. */
  readonly good: readonly string[];
}

const source = ['src/**/*.ts'];
const tests = ['test/**/*.ts'];
const ours = ['{src,test,bench,demo,scripts}/**/*.ts'];

const purity: readonly Ban[] = [
  {
    name: 'the clock in the domain',
    files: ['src/domain/**/*.ts'],
    pattern: /\bnew Date(?:\(\)|(?=[;,)\s]))|\bDate\.now\b|(?<![.\w]|new )Date\(|\bperformance\.now\b/g,
    comments: 'ignored',
    instead: 'take the time in the command data',
    bad: ['const at = new Date();', 'const ms = Date.now();', 'at: Date(),', 'const at = new Date;'],
    good: ['const at = new Date(command.occurredAt);', 'const ms = Date.parse(at);', '// Never Date.now() here.'],
  },
  {
    name: 'randomness in the domain',
    files: ['src/domain/**/*.ts'],
    pattern: /\bMath\.random\b|\brandomUUID|\brandomBytes\b|\bgetRandomValues\b/g,
    comments: 'ignored',
    instead: 'take the id in the command data',
    bad: ['const id = crypto.randomUUID();', 'randomUUIDv7()', 'if (Math.random() < 0.5) retry();'],
    good: ['const id = command.orderId;'],
  },
  {
    name: 'the outside world in the domain',
    files: ['src/domain/**/*.ts'],
    pattern: /(?<![.\w])(?:process|fetch|console|crypto|setTimeout|setInterval|setImmediate)\s*[.(]/g,
    comments: 'ignored',
    instead: 'return data, and let an adapter act on it',
    bad: ['await fetch(url)', "console.log('placed')", 'process.exit(1)', 'setTimeout(expire, 10)'],
    good: ['line.process(order)', "status: 'process'", 'const processed = 1;'],
  },
  {
    name: 'the clock in commands and projections',
    files: ['src/{commands,projections}/**/*.ts'],
    pattern: /\bnew Date\(\)|\bDate\.now\b/g,
    comments: 'ignored',
    instead: 'take the Clock port, so that tests own the time',
    bad: ['recordedAt: new Date().toISOString()', 'const started = Date.now();'],
    good: ['const now = clock.now();', 'new Date(event.recordedAt)'],
  },
];

const sourceBans: readonly Ban[] = [
  {
    name: "an async handler on 'data'",
    files: source,
    pattern: /\.on\(\s*(['"`])data\1,\s*async\b/g,
    comments: 'ignored',
    instead: 'for await, so that events stay in order and a failure stops the reader',
    bad: ["stream.on('data', async (event) => {", 'stream.on(\n  "data",\n  async handle)'],
    good: ["stream.on('data', (chunk) => {", 'for await (const event of stream) {'],
  },
  {
    name: 'errors told apart by their text',
    files: source,
    pattern: /\bmessage\??\.(?:includes|startsWith|endsWith|indexOf|match|search)\(|\.test\(\w+\.message\)/g,
    comments: 'ignored',
    instead: 'instanceof, or a code',
    bad: ["if (error.message.includes('version'))", 'error.message.match(/x/)', '/x/.test(error.message)'],
    good: ['error instanceof StoreUnavailable', "messages.includes('x')"],
  },
  {
    name: 'the environment read outside the configuration',
    files: source,
    except: ['src/infra/config/config.ts', 'src/main.ts', 'src/cli/*.ts'],
    pattern: /\bprocess\.env\b|\benv\s*\}\s*=\s*process\b/g,
    comments: 'ignored',
    instead: 'a field of the configuration that src/infra/config/config.ts parses once',
    bad: ['const port = process.env.PORT;', 'const { env } = process;'],
    good: ['const port = config.port;'],
  },
  {
    name: 'mutable state of a module',
    files: source,
    pattern: /^(?:export )?(?:let|var)\s/gm,
    comments: 'ignored',
    instead: 'state that a function makes and compose.ts hands over',
    bad: ['let cache = new Map();', 'export let current = 0;'],
    good: ['  let sum = 0;', 'export const lengthMax = 64;'],
  },
  {
    name: 'a class of our own',
    files: source,
    pattern: /\bclass\s+\w+(?:<[^>{]*>)?\s*(?:implements\s[^{]+)?\{/g,
    comments: 'ignored',
    instead: 'a function that returns a record (errors, and what a library wants extended, may be classes)',
    bad: ['export class OrderService {', 'class Cache<Key> implements Store<Key> {'],
    good: ['export class StoreUnavailable extends Error {', '// This class of errors {'],
  },
];

const typeBans: readonly Ban[] = [
  {
    name: 'any',
    files: ours,
    pattern: /(?::\s*|<|\bas\s+|\|\s*|,\s*)any(?=\s*(?:[,;)=>|&{}[\]]|$))/gm,
    comments: 'ignored',
    instead: 'unknown and a check, or the type itself',
    bad: [
      'const row: any = read();',
      'Promise<any>',
      'x as any;',
      'rows: any[]',
      '(a: any, b: string)',
      'Map<string, any>',
    ],
    good: ['unknown', 'expect.any(String)', "'any'", 'Promise.any([])', "kind: 'any' | 'all'"],
  },
  {
    name: 'a cast through unknown',
    files: ours,
    pattern: /\bas\s+unknown\s+as\b/g,
    comments: 'ignored',
    instead: 'a check that narrows the type',
    bad: ['const order = body as unknown as Order;'],
    good: ['body as unknown', 'body as Order'],
  },
  {
    name: 'a linter switched off without a reason',
    files: ours,
    pattern: /eslint-disable(?![^\n]* -- \S)|@ts-(?:ignore|nocheck)\b|@ts-expect-error(?! \S)/g,
    comments: 'read',
    instead: 'eslint-disable-next-line rule -- why, or @ts-expect-error why; better: other code',
    bad: ['// eslint-disable-next-line complexity', '/* eslint-disable */', '// @ts-ignore', '// @ts-expect-error\n'],
    good: ['// eslint-disable-next-line complexity -- one case for each event', '// @ts-expect-error no such field'],
  },
  {
    name: 'work left undone',
    files: [...ours, '*.md', 'docs/**/*.md', '.ci/*', '*.{ts,js,cjs}'],
    pattern: /\b(?:TODO|FIXME|XXX)\b/g,
    comments: 'read',
    instead: 'do it now, or say in the docs what is missing',
    bad: ['// TODO retry', '/* FIXME: leaks */'],
    good: ['const todos = 1;'],
  },
];

const testBans: readonly Ban[] = [
  {
    name: 'a test that hides tests',
    files: tests,
    pattern: /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b|(?<![.\w])[xf](?:it|describe)\(/g,
    comments: 'ignored',
    instead: 'run it, delete it, or skipIf with a condition that says when it runs',
    bad: ["it.only('pays',", "describe.skip('orders',", "it.concurrent.only('x',", "it.todo('later')", "xit('x',"],
    good: ["describe.skipIf(url === undefined)('MongoDB',", "it('skips a duplicate',", 'exit()'],
  },
  {
    name: 'a sleep',
    files: tests,
    pattern: /=>\s*\{?\s*setTimeout\(\s*\w+\s*,|\bawait\s+(?:sleep|delay|setTimeout)\(/g,
    comments: 'ignored',
    instead: 'wait for the condition: expect.poll, vi.waitFor, an event, a position',
    bad: ['await new Promise((resolve) => setTimeout(resolve, 50));', 'await sleep(10);', 'await setTimeout(10);'],
    good: ['setTimeout(() => reply.end(), delayMs)', 'await expect.poll(read).toBe(3);'],
  },
  {
    name: 'a fixed folder for temporary files',
    files: [...source, ...tests],
    pattern: /['"`]\/(?:var\/)?tmp\b/g,
    comments: 'ignored',
    instead: "mkdtemp(join(tmpdir(), 'stockledger-')), removed afterwards",
    bad: ["const file = '/tmp/stock.db';"],
    good: ["join(tmpdir(), 'stockledger-')"],
  },
];

export const bans: readonly Ban[] = [...purity, ...sourceBans, ...typeBans, ...testBans];
