/**
 * Orders that wait at rest are served by what comes for them, however busy the process is (docs/architecture.md, "The
 * way of an event").
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missedIn, runQuiet } from './run.ts';

/** 1,000 by hand: `npm run quiet`. */
const trials = 40;
const timeoutMs = 20 * 60_000;

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stockledger-quiet-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe('a service that is quiet but for large reads', () => {
  it(`misses none of ${trials} receipts, adjustments, releases and lapses`, { timeout: timeoutMs }, async () => {
    const figures = await runQuiet({ trials, dataDir, say: () => undefined });
    expect(missedIn(figures), JSON.stringify(figures)).toBe(0);
    expect(figures.reads).toBeGreaterThan(trials);
  });
});
