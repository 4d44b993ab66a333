/**
 * The same from a stranger: schemathesis, which others wrote, and which knows of the service what the document says. `npm run
 * fuzz:schemathesis` takes half an hour; SCHEMATHESIS_SECONDS and SCHEMATHESIS_SEED say how long, and which requests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrange, line, orderOf } from '../http/arrange.ts';
import { operationsOf } from '../support/documented.ts';
import { isRequired } from '../support/engines/required.ts';
import { startService, type TestService } from '../support/service.ts';

const { SCHEMATHESIS_TOOLS: chosen, XDG_CACHE_HOME: caches = join(homedir(), '.cache') } = process.env;
/** As `.ci/schemathesis` chooses it. */
const program = join(chosen ?? join(caches, 'stockledger', 'schemathesis'), 'venv/bin/schemathesis');
const settings = join(import.meta.dirname, 'schemathesis.toml');
const seconds = Number(process.env.SCHEMATHESIS_SECONDS ?? 90);
const seed = Number(process.env.SCHEMATHESIS_SEED ?? 15);

/** The findings, with how to send each again, and the summary. */
const shownChars = 20_000;

const missing = existsSync(program) ? null : 'run .ci/schemathesis, which needs Python 3';
if (missing !== null && isRequired('schemathesis')) {
  it('schemathesis can be had, as CI_REQUIRE names it', () => {
    expect(missing).toBeNull();
  });
}

interface Outcome {
  readonly status: number | null;
  /** What it said, with how to send each failing request again. */
  readonly said: string;
}

describe.skipIf(missing !== null)(missing === null ? 'schemathesis' : `schemathesis: ${missing}`, () => {
  let service: TestService;
  let origin: string;
  let scratch: string;
  let position: string;
  const statuses = new Map<number, number>();

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'stockledger-schemathesis-'));
    // Within this process, so that nothing goes out to the webhook addresses that are made up.
    service = await startService({
      adapt: () => ({ accessLog: { write: ({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1) } }),
    });
    origin = await service.listen();
    await arrange(service, { BER: { 'TABLE-OAK-160': 50, CHAIR: 900 }, PAR: { CHAIR: 5 } });
    const { headers } = await service.as('sandbox-admin').post('/v1/orders', orderOf([line('CHAIR', 1)]));
    position = headers['stockledger-position'] ?? '';
  });
  afterAll(async () => {
    await service.close();
    await rm(scratch, { recursive: true });
  });

  const run = async (document: string, args: readonly string[]): Promise<Outcome> => {
    const child = spawn(program, ['--config-file', settings, 'run', document, '--url', origin, ...args], {
      cwd: scratch,
      env: {
        ...process.env,
        STOCKLEDGER_TOKEN: await service.tokenFor('sandbox-admin'),
        STOCKLEDGER_POSITION: position,
      },
    });
    const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { status: child.exitCode, said: said + complaints };
  };

  it(
    'finds no answer that the document does not have',
    async () => {
      const { status, said } = await run(`${origin}/openapi.json`, [
        '--seed',
        String(seed),
        '--max-time',
        String(seconds),
      ]);
      const summary = said.slice(said.lastIndexOf(' SUMMARY '));
      const told = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`);
      const cases = /Test cases:\s+(.*)/.exec(summary)?.[1] ?? 'none';
      process.stdout.write(`schemathesis, seed ${seed}: ${cases}; ${told.join(', ')}\n`);
      expect(status, said.slice(-shownChars)).toBe(0);
      // All but the live stream, which does not end.
      expect(summary).toContain(`Tested: ${operationsOf(service.document).length - 1}\n`);
      // Else the requests are so bad that none of them comes far.
      const all = [...statuses.values()].reduce((sum, count) => sum + count, 0);
      expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(all / 20);
    },
    seconds * 1_000 + 300_000,
  );

  it('finds an answer that has not the documented shape', async () => {
    const { paths, ...rest } = service.document;
    const get = paths['/v1/warehouses']!.get!;
    const planted = { ...get.responses[200], content: { 'application/json': { schema: { type: 'array' } } } };
    const operation = { ...get, responses: { ...get.responses, 200: planted } };
    const file = join(scratch, 'planted.json');
    writeFileSync(file, JSON.stringify({ ...rest, paths: { '/v1/warehouses': { get: operation } } }));
    const { status, said } = await run(file, ['--phases', 'fuzzing', '--max-examples', '30', '--seed', String(seed)]);
    expect(status).toBe(1);
    expect(said).toContain('Response violates schema');
  });
});
