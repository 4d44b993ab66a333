/** What the guards cost: the service as it is, beside the same with nothing but its token checks, in turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, startService } from '../demo/service.ts';
import { type Api, prepare, settle, signIn } from './api.ts';
import { adjustments, type NextRequest, reads, skuOf, skusSpread } from './requests.ts';
import { untilMoved } from './resources.ts';
import { type Side, takeTurns } from './rounds.ts';

const unguarded = { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'unguarded.ts')}`, ACCESS_LOG_DIR: 'off' };

interface Started {
  readonly service: Service;
  readonly api: Api;
  readonly dataDir: string;
}

const start = async (env: { readonly [name: string]: string }): Promise<Started> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-guards-'));
  const service = await startService({
    dataDir,
    partnerPort: 1,
    warehouseIds: ['BER'],
    env: { ...process.env, ...env },
  });
  const api = { origin: service.origin, token: await signIn(service.origin, 'sandbox-admin') };
  await prepare(api);
  await settle(api);
  return { service, api, dataDir };
};

const end = async ({ service, dataDir }: Started): Promise<void> => {
  await service.stop();
  await rm(dataDir, { recursive: true, force: true });
};

/** @returns rate with all guards ÷ rate without, of each round. */
export const compareGuards = async (
  seconds: number,
): Promise<{ readonly adjust: readonly number[]; readonly read: readonly number[] }> => {
  const [guarded, plain] = [await start({}), await start(unguarded)];
  const skus = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
  const compare = async (what: string, nextOf: (token: string) => NextRequest): Promise<readonly number[]> => {
    const side = (name: string, { service, api }: Started): Side => ({
      name: `${what}, ${name}`,
      origin: service.origin,
      pid: service.pid,
      next: nextOf(api.token),
      rest: () => settle(api).then(untilMoved),
    });
    const pairs = await takeTurns(side('all guards', guarded), side('token checks only', plain), seconds);
    return pairs.map(({ ours, bare }) => ours.perSecond / bare.perSecond);
  };
  try {
    return { adjust: await compare('adjust', (token) => adjustments(token, skus)), read: await compare('read', reads) };
  } finally {
    await end(guarded);
    await end(plain);
  }
};
