import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { isKnownClientFault } from './src/infra/eventstoredb/clients.ts';
import { suites } from './test/suites.ts';

/** Where `.ci/run` wants the results as JSON; absent on a developer's machine. */
const reportFile = process.env.TEST_REPORT_FILE;

export default defineConfig({
  test: {
    projects: Object.entries(suites).map(([name, files]) => ({ extends: true as const, test: { name, ...files } })),
    pool: 'forks',
    // Files share a process: loading the sources for each file takes a quarter of the time. A test must clean up.
    isolate: false,
    maxWorkers: 2, // Tests that start the whole service need a core each.
    // Bounds for what never comes: a machine that does ten other things must not meet them.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    // The client of EventStoreDB throws late answers out of its event handlers; the service goes on after them too.
    onUnhandledError: ({ stack = '' }) => !isKnownClientFault(Object.assign(new Error(), { stack })),
    // Each process and thread that a test starts would read all the sources anew.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
    allowOnly: false, // A forgotten `.only` would hide every other test of its file.
    reporters: reportFile === undefined ? ['default'] : ['default', ['json', { outputFile: reportFile }]],
  },
});
