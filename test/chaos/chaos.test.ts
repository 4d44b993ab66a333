/**
 * 10,000 commands while processes die, Redis forgets, MongoDB freezes and the log misbehaves (R11.2, R20.4, B5):
 * nothing that was acknowledged is lost or done twice, and everything comes to rest.
 */
import { describe, expect, it } from 'vitest';
import { mongoLaunchMissing } from '../support/engines/mongodb.ts';
import { redisLaunchMissing } from '../support/engines/redis.ts';
import { isRequired } from '../support/engines/required.ts';
import { isClean } from './options.ts';
import { runChaos } from './run.ts';

const seed = 20_261_125;
const commands = 10_000;
const membersKilledTwice = 14;
/** It takes four minutes on two cores that have other tests beside it. */
const timeoutMs = 40 * 60_000;

const missing = mongoLaunchMissing() ?? redisLaunchMissing();
const isSkipped = missing !== null && !isRequired('mongodb') && !isRequired('redis');

describe.skipIf(isSkipped)(`seven processes on three servers${isSkipped ? `: ${missing}` : ''}`, () => {
  it(`lose nothing, repeat nothing and come to rest (seed ${seed})`, { timeout: timeoutMs }, async ({ signal }) => {
    const lines: string[] = [];
    const figures = await runChaos({ seed, commands, say: (line) => lines.push(line), signal });
    expect(isClean(figures), `${JSON.stringify(figures)}\n${lines.join('\n')}`).toBe(true);
    expect(figures.acknowledged).toBeGreaterThan(0.9 * commands);
    expect(figures.webhooksDue).toBeGreaterThan(commands);
    expect(figures.kills).toBeGreaterThanOrEqual(membersKilledTwice);
  });
});
