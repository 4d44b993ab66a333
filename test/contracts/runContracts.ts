/** What each adapter of each port runs: the same contract suites. */
import { describe, expect, it } from 'vitest';
import { isRequired } from '../support/engines/required.ts';
import { cacheContract } from './cache.contract.ts';
import { checkpointsContract } from './checkpoints.contract.ts';
import { documentsContract } from './documents.contract.ts';
import type { Engine } from './engine.ts';
import { eventSourceContract } from './eventSource.contract.ts';
import { eventStoreContract } from './eventStore.contract.ts';
import { idempotencyContract } from './idempotency.contract.ts';
import { jobQueueContract } from './jobQueue.contract.ts';
import { leasesContract } from './leases.contract.ts';
import type { Make } from './make.ts';
import { personalDataContract } from './personalData.contract.ts';
import { snapshotStoreContract } from './snapshotStore.contract.ts';

const runs = <Port>(port: string, make: Make<Port> | undefined, contract: (make: Make<Port>) => void): void => {
  if (make === undefined) return;
  describe(port, () => {
    contract(make);
  });
};

const runsAll = (engine: Engine): void => {
  runs('EventStore', engine.events, (make) => {
    eventStoreContract(make, engine);
  });
  runs('EventSource', engine.events, eventSourceContract);
  runs('SnapshotStore', engine.snapshots, snapshotStoreContract);
  runs('Documents', engine.documents, documentsContract);
  runs('Checkpoints and Generations', engine.checkpoints, checkpointsContract);
  runs('Leases', engine.leases, leasesContract);
  runs('JobQueue', engine.jobs, jobQueueContract);
  runs('Cache', engine.cache, cacheContract);
  runs('IdempotencyRecords', engine.idempotency, idempotencyContract);
  runs('PersonalData', engine.personalData, personalDataContract);
};

export const runContracts = (engines: readonly Engine[]): void => {
  for (const engine of engines) {
    const { name, server, missing = null } = engine;
    if (missing !== null && server !== undefined && isRequired(server)) {
      it(`${name} can be had, as CI_REQUIRE names it`, () => {
        expect(missing).toBeNull();
      });
    } else {
      // The name of a skipped suite says what to install.
      describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, () => {
        runsAll(engine);
      });
    }
  }
};
