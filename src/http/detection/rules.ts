/**
 * What an attack looks like in the answers that were given (R13.2, R8.3): so many of a kind within a time, of one caller
 * or one address. Data and pure functions. docs/security.md says where the limits come from.
 */
import { hash } from 'node:crypto';
import type { AccessEntry } from '../../audit/accessLog.ts';
import type { Principal } from '../../domain/access/principal.ts';
import type { AlertRule } from '../../domain/alert/events.ts';

export interface Observed {
  readonly entry: AccessEntry;
  /** `null`: the caller is not known. */
  readonly principal: Principal | null;
  /** ISO 3166-1 alpha-2, as the gateway says; `null`: it does not. */
  readonly country: string | null;
  /** As it was sent. It may hold anything, and is kept in memory alone. */
  readonly url: string;
  /** As it was read, if it was. It may hold anything. */
  readonly body: unknown;
  /** What rows of it name that was not found, where each has an answer of its own. */
  readonly missed: readonly string[];
  /** It was only tried out: nothing was done. */
  readonly isDryRun: boolean;
}

export interface CountingRule {
  readonly name: Exclude<AlertRule, 'impossible_travel' | 'mass_deletion'>;
  readonly by: 'caller' | 'address';
  /** More than so many within the window raise it. */
  readonly limit: number;
  readonly windowMs: number;
  /** Whether the answer counts. */
  readonly counts: (observed: Observed) => boolean;
  /** What is counted apart; absent: all that counts is one. */
  readonly apart?: (entry: AccessEntry) => string;
  /** What of it counts once, however often it comes; absent: each answer counts. */
  readonly once?: (observed: Observed) => readonly string[];
}

const minuteMs = 60_000;
const tenMinutesMs = 10 * minuteMs;

/** As proxies write it: the client closed the connection before there was an answer. What it asked for is done all the same. */
export const clientLeft = 499;
const isDone = ({ entry: { status }, isDryRun }: Observed): boolean =>
  !isDryRun && (status < 300 || status === clientLeft);

/** What somebody else has is not found: these codes hide it. A SKU is nobody's, and shops ask for many that are not there. */
const hidden: ReadonlySet<string | null> = new Set([
  'WAREHOUSE_NOT_FOUND',
  'ORDER_NOT_FOUND',
  'SHIPMENT_NOT_FOUND',
  'WEBHOOK_ENDPOINT_NOT_FOUND',
  'APPROVAL_NOT_FOUND',
]);

/** A client that tries again sends the same. Bodies are long, and kept for minutes. */
const askedFor = (url: string, body: unknown): string =>
  body === null || body === undefined ? url : `${url} ${hash('sha256', JSON.stringify(body))}`;

const deletions: ReadonlySet<string | null> = new Set(['retireInventory', 'deleteWebhookEndpoint']);
const ordering: ReadonlySet<string | null> = new Set(['placeOrder', 'setOrderStatus']);

/** Whether the operation is one that `deletionLimit` counts. */
export const isDeletion = (operation: string): boolean => deletions.has(operation);

/** Counted when they are asked for, as what is deleted is gone; whoever asks for more is stopped. */
export const deletionLimit = { name: 'mass_deletion', limit: 20, windowMs: tenMinutesMs } as const;

export const countingRules: readonly CountingRule[] = [
  {
    // A client whose token ran out asks for a new one after the first.
    name: 'authentication_failures',
    by: 'address',
    limit: 20,
    windowMs: minuteMs,
    // Beyond a number of them the answer is 429; who is known is told 401 for other reasons.
    counts: ({ entry: { status, operation, route, caller } }) =>
      (status === 401 && (operation !== null || route === '/oidc/*')) ||
      (status === 429 && operation !== null && caller === null),
  },
  {
    // Who mistypes an id does it a few times; a list of ids is walked through by a machine.
    name: 'object_scan',
    by: 'caller',
    limit: 20,
    windowMs: tenMinutesMs,
    counts: ({ entry, missed }) => missed.length > 0 || hidden.has(entry.code),
    once: ({ entry, url, body, missed }) => [
      ...new Set(missed),
      ...(hidden.has(entry.code) ? [askedFor(url, body)] : []),
    ],
  },
  {
    // Goods of one stock are held and given back, so that nobody else can have them.
    name: 'stock_hoarding',
    by: 'caller',
    limit: 30,
    windowMs: tenMinutesMs,
    counts: (observed) => observed.entry.operation === 'releaseReservation' && isDone(observed),
    apart: ({ object }) => `${object.warehouseId}/${object.sku}`,
  },
  {
    // The same by orders that are cancelled. A shop places those of all its customers, so only customers are looked at.
    name: 'order_loop',
    by: 'caller',
    limit: 20,
    windowMs: tenMinutesMs,
    counts: (observed) =>
      observed.entry.role === 'customer' && ordering.has(observed.entry.operation) && isDone(observed),
  },
  {
    // 60,000 events. An auditor reads on; somebody who copies the log does not stop.
    name: 'export_burst',
    by: 'caller',
    limit: 120,
    windowMs: tenMinutesMs,
    counts: (observed) => observed.entry.operation === 'listAuditEvents' && isDone(observed),
  },
];
