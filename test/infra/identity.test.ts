/** Who vouches for callers, and what the log says about it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/infra/config/config.ts';
import { createIdentity } from '../../src/infra/engines.ts';

const warningsOf = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'stockledger-'));
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true }));
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await createIdentity(readConfig({ DATA_DIR, ...env }), logger);
  return lines;
};

it('warns of a sandbox identity that others can reach, and of no other (15)', async () => {
  expect(await warningsOf({})).toEqual([]);
  expect(await warningsOf({ HOST: '::1' })).toEqual([]);
  expect(await warningsOf({ OIDC_ISSUER: 'https://issuer.example', HOST: '0.0.0.0' })).toEqual([]);
  const [line, ...others] = await warningsOf({ HOST: '0.0.0.0' });
  expect(line).toContain('"level":40');
  expect(line).toContain('its public secrets open this service to the network');
  expect(others).toEqual([]);
});
