/**
 * Random commands over HTTP, lost answers, retries, kills, and reads of all sizes beside them: what the embedded service
 * answers and shows is what an independent model says (R11.2, R6.3, B1, B2, T28).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runModel } from './run.ts';

/** 50,000 by hand, and other seeds: `npm run model`. */
const commands = 5_000;
const seed = 20_261;
/** It takes two minutes alone, and several beside other tests. */
const timeoutMs = 40 * 60_000;

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stockledger-model-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe('the embedded service under random commands and kills', () => {
  it(`differs from the model in nothing (seed ${seed}, ${commands} commands)`, { timeout: timeoutMs }, async () => {
    const lines: string[] = [];
    const figures = await runModel({ seed, commands, dataDir, say: (line) => lines.push(line) });
    expect(figures.differences, lines.join('\n')).toBe(0);
    expect(figures.kills).toBeGreaterThan(3);
    expect(figures.lostAnswers).toBeGreaterThan(commands / 50);
    expect(figures.refused).toBeGreaterThan(commands / 10);
    expect(figures.refused).toBeLessThan(commands / 2);
    expect(figures.reads).toBeGreaterThan(commands / 5);
    expect(figures.shipments).toBeGreaterThan(50);
    expect(figures.approved).toBeGreaterThan(commands / 500);
  });
});
