/** One API process, and then two: the same load over HTTP, shared between them. A projector follows, as always. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Member, startMember } from '../../test/chaos/fleet.ts';
import { type Issuer, startIssuer } from '../../test/support/issuer.ts';
import { prepare } from '../api.ts';
import { load } from '../load.ts';
import { adjustments, skuOf, skusSpread } from '../requests.ts';

const readyMaxMs = 60_000;

const untilReady = async ({ origin, output }: Member): Promise<void> => {
  const until = Date.now() + readyMaxMs;
  for (;;) {
    const answer = await fetch(`${origin}/health/ready`).catch(() => null);
    if (answer?.status === 200) return;
    if (Date.now() > until) throw new Error(`not ready: ${(await answer?.text()) ?? ''}\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

export interface Urls {
  readonly EVENTSTORE_URL: string;
  readonly MONGODB_URL: string;
  readonly REDIS_URL: string;
}

const start = async (role: string, urls: Urls, { issuer }: Issuer, key: string): Promise<Member> => {
  const member = await startMember(role, { ...urls, ROLES: role, KEY_ENCRYPTION_KEY: key, OIDC_ISSUER: issuer });
  try {
    await untilReady(member);
  } catch (error) {
    await member.stop();
    throw error;
  }
  return member;
};

/** Commands per second, with one process and with two. The servers must be empty. */
export const compareProcesses = async (
  urls: Urls,
  seconds: number,
): Promise<{ readonly one: number; readonly two: number }> => {
  const directory = await mkdtemp(join(tmpdir(), 'stockledger-bench-'));
  const issuer = await startIssuer(directory, ['BER']);
  const apis: Member[] = [];
  const key = randomBytes(32).toString('base64');
  const projector = await start('projector', urls, issuer, key);
  try {
    const token = await issuer.tokenFor('sandbox-admin');
    const skus = Array.from({ length: skusSpread }, (_, index) => skuOf(index));
    const run = async (): Promise<number> => {
      const loads = apis.map(({ origin }) => load({ origin, next: adjustments(token, skus), seconds }));
      return (await Promise.all(loads)).reduce((sum, { perSecond }) => sum + perSecond, 0);
    };
    apis.push(await start('api', urls, issuer, key));
    await prepare({ origin: apis[0]?.origin ?? '', token });
    await run();
    const one = await run();
    apis.push(await start('api', urls, issuer, key));
    await run();
    return { one, two: await run() };
  } finally {
    for (const member of [...apis, projector]) await member.stop();
    await issuer.close();
    await rm(directory, { recursive: true, force: true });
  }
};
