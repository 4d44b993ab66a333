/**
 * `npm run bench:peak -- --seconds 10`: three times what the service can take, from several callers at once. Nothing may
 * fail: who sends too much is told so (429), and what was answered as done is done. Embedded form, over HTTP.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { startService } from '../demo/service.ts';
import { type Api, levelOf, prepare, settle, signIn } from './api.ts';
import { load } from './load.ts';
import { adjustments, hotSku, type NextRequest, skuOf, skusSpread, warehouseId } from './requests.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) throw new RangeError('--seconds takes a whole number from 1.');

const times = 3;
/** Of ours, more than the service lets them have: what is beyond waits here, and comes later than it was due. */
const underwayMax = 1_500;
/** Each has a limit of its own on what it has under way. */
const clients = ['sandbox-admin', 'sandbox-staff', 'sandbox-partner'];

type Answers = Map<number | string, number>;

/** At their own times, whatever the answers are; each on a connection that is free, or a new one. */
const sendAll = async (origin: string, nexts: readonly NextRequest[], rate: number): Promise<Answers> => {
  const answers: Answers = new Map();
  const pool = new Pool(origin, { connections: null, pipelining: 1 });
  const underway = new Set<Promise<void>>();
  const count = (answer: number | string): void => void answers.set(answer, (answers.get(answer) ?? 0) + 1);
  const send = async ({ method, path, body, headers }: ReturnType<NextRequest>): Promise<void> => {
    try {
      const answer = await pool.request({ method, path, headers, body: body ?? null });
      await answer.body.dump();
      count(answer.statusCode);
    } catch (error) {
      count(error instanceof Error ? error.name : 'Error');
    }
  };
  const startedAt = performance.now();
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    while (startedAt + (sent * 1_000) / rate > performance.now() + 1) await pause(1);
    while (underway.size >= underwayMax) await Promise.race(underway);
    const next = nexts[sent % nexts.length];
    if (next === undefined) continue;
    const request = send(next()).finally(() => underway.delete(request));
    underway.add(request);
    if (sent % 50 === 0) await new Promise(setImmediate);
  }
  await Promise.all(underway);
  await pool.close();
  return answers;
};

const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-peak-'));
const service = await startService({ dataDir, partnerPort: 1, warehouseIds: [warehouseId], env: process.env });
try {
  const { origin } = service;
  const api: Api = { origin, token: await signIn(origin, 'sandbox-admin') };
  await prepare(api);
  await settle(api);
  const spread = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
  await load({ origin, next: adjustments(api.token, spread), seconds: 2 });
  const { perSecond } = await load({ origin, next: adjustments(api.token, spread), seconds });
  await settle(api);
  const tokens = await Promise.all(clients.map((client) => signIn(origin, client)));
  const answers = await sendAll(
    origin,
    tokens.map((token) => adjustments(token, [hotSku])),
    times * perSecond,
  );
  await settle(api);
  const { onHand } = await levelOf(api, hotSku);
  const done = answers.get(201) ?? 0;
  const failed = [...answers].filter(([answer]) => typeof answer !== 'number' || answer >= 500);
  const isSound = failed.length === 0 && onHand === done;
  const told = [...answers].map(([answer, count]) => `${count} × ${answer}`).join(', ');
  process.stdout.write(
    [
      `alone: ${Math.round(perSecond)} adjustments/s`,
      `asked for ${Math.round(times * perSecond)}/s by ${clients.length} callers: ${told}`,
      `done: ${Math.round(done / seconds)}/s; on hand ${onHand}, acknowledged ${done}`,
      isSound ? 'Nothing failed, and what was acknowledged is there.' : 'MISSED',
      '',
    ].join('\n'),
  );
  if (!isSound) process.exitCode = 1;
} finally {
  await service.stop();
  await rm(dataDir, { recursive: true, force: true });
}
