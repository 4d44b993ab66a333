/** The words of webhook deliveries, and what they need from the world beside documents and the log. */
import type { WebhookEventType } from '../domain/webhook/events.ts';
import { comparePositions, type Position, type Sealed } from '../eventsourcing/message.ts';

export interface Endpoint {
  readonly endpointId: string;
  /** Who may see and change it: a partner's id, or the subject of the client that made it. */
  readonly ownerId: string;
  /** Sealed for the context `webhook-{endpointId}/url`. */
  readonly url: Sealed;
  /** Sealed for the context `webhook-{endpointId}/secret`; opens to `whsec_` and base64. */
  readonly secret: Sealed;
  readonly eventTypes: readonly WebhookEventType[];
  /** Absent: all the warehouses of `scope`. */
  readonly warehouseIds?: readonly string[];
  /** What its owner may see now; no attempt goes beyond it. */
  readonly scope: 'all' | readonly string[];
  /** What it was up to a position (inclusive), the oldest first: what is owed for old events must not change. */
  readonly pastScopes?: readonly { readonly until: Position; readonly scope: 'all' | readonly string[] }[];
  readonly status: 'active' | 'disabled';
  /** Only what happened after it is delivered. */
  readonly createdAt: Position;
}

export interface EndpointDirectory {
  /** All endpoints that are not deleted, as of at least `position`; cheap when nothing changed since the last call. */
  all(position: Position): Promise<readonly Endpoint[]>;
  /** `null`: deleted or never there. May be behind: what must not be missed asks `all` for its position first. */
  get(endpointId: string): Promise<Endpoint | null>;
}

export interface Unseal {
  /** `null` when the key is gone for ever. @throws when the text was tampered with or moved. */
  open(sealed: Sealed, context: string): Promise<unknown>;
}

export interface SendRequest {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/**
 * Why no answer came. `blocked`: the target is one we never connect to; nothing was sent. `interrupted`: our process stopped
 * or died; whether the receiver got it is not known.
 */
export type SendError = 'blocked' | 'timeout' | 'connection' | 'tls' | 'interrupted';

export type SendResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The `Retry-After` header as it came. */
      readonly retryAfter?: string;
      /** The beginning of the answer's body: hostile text, bounded. */
      readonly bodyStart: string;
    }
  | { readonly kind: 'failed'; readonly error: SendError };

export interface WebhookSender {
  /** One POST, never redirected, with a time limit. Resolves for whatever the receiver does; throws only for a bug. */
  send(request: SendRequest): Promise<SendResult>;
}

/** Why a URL can't be a webhook target. Safe to show to the caller that gave it. */
export type TargetRefusal = 'not_a_url' | 'scheme' | 'userinfo' | 'port' | 'host' | 'address';

/** The part of the check that needs no name resolution: for the moment an endpoint is made. `null`: nothing against it. */
export type CheckTarget = (url: string) => TargetRefusal | null;

/** A job is a stored contract too: versioned payload, id derived from the log, never made by a request. */
export interface Job<T = unknown> {
  readonly id: string;
  readonly payload: T;
  /** How often it was started before. */
  readonly attempts: number;
}

export interface JobQueue {
  /** Adds what is not there yet (same id: once). `notBefore` is ISO 8601 UTC. Durable when it resolves. */
  add(
    queue: string,
    jobs: readonly { readonly id: string; readonly payload: object; readonly notBefore?: string }[],
  ): Promise<void>;
  /** Which of these ids are waiting or running. */
  known(queue: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Runs `handle` for each due job until aborted, at most `concurrency` at once. A job whose process died is handed out
   * again after `leaseMs`. Returning `done` removes it, `retryAt` puts it back. A throw counts as `retryAt` with the
   * queue's own backoff.
   */
  work<T>(queue: string, options: WorkOptions, handle: (job: Job<T>) => Promise<JobOutcome>): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
}

export type JobOutcome = { readonly kind: 'done' } | { readonly kind: 'retry'; readonly notBefore: string };

// Who listens to what, and how far they see.

/** `webhook.test` needs no subscription: it goes to the endpoint that was asked to be tested. */
export type MessageType = WebhookEventType | 'webhook.test';

export interface WebhookMessage {
  readonly type: MessageType;
  readonly data: object;
}

/** Ids of warehouses. `all` also stands for what names no warehouse at all. */
export type WarehouseScope = 'all' | ReadonlySet<string>;

export interface Audience {
  readonly endpointId: string;
  readonly types: ReadonlySet<MessageType>;
  readonly warehouses: WarehouseScope;
}

export const covers = (warehouses: WarehouseScope, warehouseId: string): boolean =>
  warehouses === 'all' || warehouses.has(warehouseId);

/** Never beyond `scope`. */
const warehouseScopeOf = ({ warehouseIds }: Endpoint, scope: Endpoint['scope']): WarehouseScope => {
  if (warehouseIds === undefined) return scope === 'all' ? 'all' : new Set(scope);
  return new Set(scope === 'all' ? warehouseIds : warehouseIds.filter((id) => scope.includes(id)));
};

const audience = (endpoint: Endpoint, scope: Endpoint['scope']): Audience => ({
  endpointId: endpoint.endpointId,
  types: new Set(endpoint.eventTypes),
  warehouses: warehouseScopeOf(endpoint, scope),
});

/** Who may be told now. */
export const audienceOf = (endpoint: Endpoint): Audience => audience(endpoint, endpoint.scope);

/** Who was to be told at each position: the same whenever it is asked, so that sequences follow from the log alone. */
export const audiencesOf = (endpoint: Endpoint): ((position: Position) => Audience) => {
  const now = audienceOf(endpoint);
  const past = (endpoint.pastScopes ?? []).map(({ until, scope }) => ({ until, told: audience(endpoint, scope) }));
  return (position) => past.find(({ until }) => comparePositions(position, until) <= 0)?.told ?? now;
};
