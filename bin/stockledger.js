#!/usr/bin/env node
/**
 * The start line of the service, for `npm start` and the container: bounds its memory, then becomes `src/main.ts`, in the
 * same process. Plain JavaScript, so that a Node.js which can't read the sources says so in one line.
 * What each flag is worth: docs/operations.md, "Memory".
 */
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Reads TypeScript, makes ids in the order of time, and can become another program. */
const nodeMin = [24, 16];

const isOlder = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]);
};

const isSet = (name) => (process.env[name] || '') !== '';

/** The old part of the heap, MB: on servers their clients and a larger state cache are in it. */
const heapMb = () => {
  const wanted = isSet('EVENTSTORE_URL') || isSet('EVENTSTORE_URL_FILE') ? 384 : 176;
  // A container's limit, or the machine's memory; as much again is for buffers, SQLite's cache and threads.
  const memoryBytes = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return Math.min(wanted, Math.floor(memoryBytes / 2 / 1_048_576));
};

const flags = () => [
  `--max-old-space-size=${heapMb()}`,
  '--max-semi-space-size=8', // Resident memory at rest: a fifth less.
  '--no-concurrent-marking', // The time of the slowest requests: half. Its threads would take the cores from the one that writes.
  '--no-separate-gc-phases', // Resident memory under load: 6 to 10 % less.
];

const start = () => {
  const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.ts');
  // Node.js takes the flag before what NODE_OPTIONS says, and the last of two: whoever gives one has the last word.
  const given = (process.env.NODE_OPTIONS || '').split(' ').filter((option) => option.startsWith('--max-'));
  const args = [process.execPath, ...flags(), ...given, ...process.execArgv, main, ...process.argv.slice(2)];
  process.execve(process.execPath, args, { ...process.env, MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX || '1' });
};

if (isOlder()) {
  process.stderr.write(
    `Stockledger needs Node.js ${nodeMin.join('.')} or later, and this is ${process.versions.node}: npm start uses the one that npm ci has brought along.\n`,
  );
  process.exitCode = 1;
} else {
  start();
}
