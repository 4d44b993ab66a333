/** What an engine offers to the contract suites, and how a suite finds out whether its server can be had. */
import type { IdempotencyRecords, PersonalData } from '../../src/commands/ports.ts';
import type { SnapshotStore } from '../../src/eventsourcing/commandHandling/snapshotWriter.ts';
import type { Checkpoints, EventSource, EventStore, Generations, Leases } from '../../src/eventsourcing/ports.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import type { Cache } from '../../src/projections/readCache/readCache.ts';
import type { JobQueue } from '../../src/webhooks/ports.ts';
import type { EngineName } from '../support/engines/required.ts';
import type { Make } from './make.ts';

export interface Engine {
  readonly name: string;
  /** The server it runs on, as `CI_REQUIRE` names it. Absent: it needs none. */
  readonly server?: EngineName;
  /** `null`: its server can be started or is given by a URL. Otherwise what to install. */
  readonly missing?: string | null;
  /** A port it has no adapter for is absent. */
  readonly events?: Make<EventStore & EventSource>;
  /** What its event store must say of itself, and whose sentences it is held to. */
  readonly isBlindToKnownIds?: boolean;
  readonly snapshots?: Make<SnapshotStore>;
  readonly documents?: Make<Documents>;
  readonly checkpoints?: Make<Checkpoints & { readonly generations: Generations }>;
  readonly leases?: Make<Leases>;
  readonly jobs?: Make<JobQueue>;
  readonly cache?: Make<Cache>;
  readonly idempotency?: Make<IdempotencyRecords>;
  readonly personalData?: Make<PersonalData>;
}
