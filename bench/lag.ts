/** How long after its answer a change is there for a plain read, under load: what a shop sees that reads its own writes. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, ask, levelOf } from './api.ts';
import { inventoryPath, probeSku } from './requests.ts';

const everyMs = 10;

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

/** Changes and reads until `until` settles. @returns the lag of each change, ms. */
export const probeLag = async (api: Api, until: Promise<unknown>): Promise<readonly number[]> => {
  const lags: number[] = [];
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const answer = await ask(api, 'POST', `${inventoryPath(probeSku)}/adjustments`, { delta: 1, reason: 'found' });
    const { revision } = (await answer.json()) as { revision: number };
    const answeredAt = performance.now();
    while ((await levelOf(api, probeSku)).revision < revision) await pause(1);
    lags.push(performance.now() - answeredAt);
    await pause(everyMs);
  }
  return lags;
};
