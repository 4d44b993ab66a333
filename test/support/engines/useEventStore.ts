/** An event store for the suite around it: the one of `EVENTSTORE_URL`, or one that lives as long as the suite. */
import { afterAll, beforeAll } from 'vitest';
import { eventStoreEngine } from './eventstoredb.ts';
import type { RunningEngine } from './runningEngine.ts';

/** @returns its connection string, once the suite runs. */
export const useEventStore = (): (() => string) => {
  let engine: RunningEngine | undefined;
  beforeAll(async () => {
    engine = await eventStoreEngine();
  });
  afterAll(async () => {
    await engine?.stop();
  });
  return () => {
    if (engine === undefined) throw new Error('the event store runs only while its tests run');
    return engine.url;
  };
};
