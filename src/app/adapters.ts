/** What the service stands on, as ports: an entry is an engine, a key or a clock. */
import type { FastifyBaseLogger } from 'fastify';
import type { Carriers } from '../commands/carrierPorts.ts';
import type {
  ApiKeyTexts,
  IdempotencyRecords,
  NewId,
  PersonalData,
  TokenVerifier,
  TrackingTokens,
} from '../commands/ports.ts';
import type { SnapshotStore } from '../eventsourcing/commandHandling/snapshotWriter.ts';
import type {
  Checkpoints,
  Clock,
  EventSource,
  EventStore,
  Generations,
  Leases,
  ProgressPubSub,
} from '../eventsourcing/ports.ts';
import type { Documents } from '../eventsourcing/projecting/documents.ts';
import type { HttpPorts } from '../http/ports.ts';
import type { CheckTarget, JobQueue, WebhookSender } from '../webhooks/ports.ts';

export interface Adapters {
  readonly events: EventStore & EventSource;
  readonly snapshots: SnapshotStore;
  readonly documents: Documents;
  /** As `ReadSide` has it. */
  readonly foldedDocuments?: Documents;
  readonly checkpoints: Checkpoints;
  readonly generations: Generations;
  readonly leases: Leases;
  /** Of other processes; absent where there are none. */
  readonly progressPubSub?: ProgressPubSub;
  readonly jobs: JobQueue;
  readonly idempotencyRecords: IdempotencyRecords;
  readonly personalData: PersonalData;
  readonly verifier: TokenVerifier;
  readonly sender: WebhookSender & { readonly checkTarget: CheckTarget };
  readonly sandbox: HttpPorts['sandbox'];
  readonly cache: HttpPorts['cache'];
  readonly countryPoint: HttpPorts['countryPoint'];
  readonly carriers?: Carriers;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly newSecret: () => string;
  readonly apiKeyTexts: ApiKeyTexts;
  readonly trackingTokens: TrackingTokens;
  /** In [0, 1). */
  readonly random: () => number;
  readonly logger: FastifyBaseLogger;
  /** What must be done once before anything else; may be repeated. */
  readonly prepare?: () => Promise<void>;
  /** Time goes on from the newest event. */
  readonly keepTime?: () => Promise<void>;
  readonly checkEngines: HttpPorts['checkEngines'];
  readonly keysInUse?: NonNullable<HttpPorts['keysInUse']>;
  readonly sharedCounts?: NonNullable<HttpPorts['sharedCounts']>;
  readonly accessLog?: NonNullable<HttpPorts['accessLog']>;
  readonly certificate?: NonNullable<HttpPorts['certificate']>;
}
