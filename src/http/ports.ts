/** All that the HTTP layer is given: use cases to ask, read models to look at, and the few ports it needs itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { AccessLog } from '../audit/accessLog.ts';
import type { CarrierAdapter } from '../commands/carrierPorts.ts';
import type { ReportCounts } from '../commands/carrierReports.ts';
import type { UseCases } from '../commands/index.ts';
import type {
  ApiKeyTexts,
  CountryPoint,
  IdempotencyRecords,
  NewId,
  PersonalData,
  TokenVerifier,
  TrackingTokens,
} from '../commands/ports.ts';
import type { RecordedRequest } from '../eventsourcing/commandHandling/recordedCommands.ts';
import type { Progress } from '../eventsourcing/consumers/consumerProgress.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import type { ReadModels } from '../projections/index.ts';
import type { Cache } from '../projections/readCache/readCache.ts';
import type { WebhookReadModels } from '../webhooks/index.ts';
import type { CheckTarget } from '../webhooks/ports.ts';
import type { KeysInUse } from './commands/keptAnswers.ts';
import type { Deprecations } from './deprecations.ts';
import type { SharedCounts } from './slidingWindow.ts';

export interface HttpPorts {
  readonly useCases: UseCases;
  readonly readModels: ReadModels & WebhookReadModels;
  /** All that follows the log, for health and metrics. */
  readonly consumers: readonly Progress[];
  /** How long the policies are behind what was recorded, in ms. */
  readonly behindMs: () => number;
  /** What the service measures of itself: lines of the Prometheus text format. */
  readonly measured: () => readonly string[];
  readonly verifier: TokenVerifier;
  readonly apiKeyTexts: ApiKeyTexts;
  readonly trackingTokens: TrackingTokens;
  readonly idempotencyRecords: IdempotencyRecords;
  readonly personalData: PersonalData;
  /** Of read-heavy answers (R21); `null`: off. */
  readonly cache: Cache | null;
  readonly countryPoint: CountryPoint;
  readonly carrierPorts: CarrierPorts;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly checkWebhookTarget: CheckTarget;
  /** Whether each engine takes work now. */
  readonly checkEngines: () => Promise<readonly EngineCheck[]>;
  /** `false` from a cold start until every engine that is needed was reached once. */
  readonly isPrepared: () => boolean;
  /** Whether the read models have reached the head that the log had at the start. */
  readonly isCaughtUp: () => boolean;
  /** What request a command came with that recorded something; absent where the log does not find it by its id. */
  readonly findRequest: ((commandId: string) => Promise<RecordedRequest | null>) | undefined;
  /** Absent: of this process alone. */
  readonly keysInUse?: KeysInUse;
  /** Absent: each process counts requests for itself. */
  readonly sharedCounts?: SharedCounts;
  /** Absent: plain HTTP. */
  readonly certificate?: Certificate;
  /** Absent: requests are not written down. */
  readonly accessLog?: AccessLog;
  readonly logger: FastifyBaseLogger;
  readonly settings: HttpSettings;
  /** The issuer in this process (embedded form only). Answers raw requests below `/oidc`. */
  readonly sandbox: Sandbox | null;
}

/** Carriers that are configured (docs/couriers.md). */
export interface CarrierPorts {
  /** `null`: no carrier of this name sends us anything. */
  webhookOf(name: string): CarrierAdapter | null;
  /** A message of a carrier that was found to be its own. */
  take(adapter: CarrierAdapter, body: Uint8Array): Promise<ReportCounts>;
  /** Since when these carriers, as they are compared, can't be asked, ISO 8601 UTC; those that can are missing. */
  away(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
  /** Authorities of the certificates that clients may show; absent: they are asked for none. */
  readonly clientCa?: string;
}

export interface Certificate {
  /** As it was at the start. */
  readonly current: CertificatePair;
  /** Calls with each newer one. @returns what ends that. */
  onChange(tell: (pair: CertificatePair) => void): () => void;
}

export interface Sandbox {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Its clients, all with one public secret; both are shown on its page. */
  readonly clients: readonly { readonly clientId: string; readonly roles: readonly string[] }[];
  readonly secret: string;
}

interface EngineCheck {
  readonly name: string;
  /** `null`: none. In words that are safe to show. */
  readonly failure: string | null;
  /** Without it no request can be answered; others only make it slower or later. */
  readonly isVital: boolean;
}

export interface HttpSettings {
  /** `false`: only health and metrics, for a process without the role `api`. */
  readonly hasApi: boolean;
  /** Shown as `servers` of the OpenAPI document and used for the sandbox's addresses. */
  readonly publicUrl: string;
  readonly issuer: string;
  readonly version: string;
  /** Requests of one caller (an unknown one: of one address) within a minute. */
  readonly requestsPerMinute: number;
  /** Addresses and networks (CIDR) of the proxies whose `X-Forwarded-For` and `X-Client-Certificate` are believed. */
  readonly trustedProxies: readonly string[];
  /** The header in which a trusted proxy names the caller's country; absent: none does. */
  readonly countryHeader?: string;
  /** Absent: those of this release. */
  readonly deprecations?: Deprecations;
}
