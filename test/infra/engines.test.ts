import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/infra/config/config.ts';
import { openEngines } from '../../src/infra/engines.ts';
import { createSystemClock } from '../../src/infra/system.ts';
import { golden } from '../projections/golden.ts';

it('a start on a log that is ahead of the clock of the machine goes on from its newest event (22)', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-'));
  const clock = createSystemClock();
  const engines = await openEngines(readConfig({ DATA_DIR: dataDir }), {
    clock,
    logger: pino({ level: 'silent' }),
    debug: undefined,
    onDamage: () => undefined,
  });
  onTestFinished(async () => {
    await engines.close();
    await rm(dataDir, { recursive: true });
  });
  await engines.keepTime();
  const recordedAt = new Date(Date.now() + 3_600_000).toISOString();
  expect(clock.now() < recordedAt).toBe(true);
  await engines.events.append('stock-BER.A', 'no_stream', [
    { ...golden('StockReceived', 1), id: randomUUID(), recordedAt },
  ]);
  await engines.keepTime();
  expect(clock.now() >= recordedAt).toBe(true);
});
