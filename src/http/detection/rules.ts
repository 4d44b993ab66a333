/**
 * What an attack looks like in the answers that were given (R13.2, R8.3): so many of a kind within a time, of one caller
 * or one address. Data and pure functions. docs/security.md says where the limits come from.
 */
import type { AccessEntry } from '../../audit/accessLog.ts';
import type { AlertRule } from '../../domain/alert/events.ts';

export interface CountingRule {
  readonly name: Exclude<AlertRule, 'impossible_travel'>;
  readonly by: 'caller' | 'address';
  /** More than so many within the window raise it. */
  readonly limit: number;
  readonly windowMs: number;
  /** Whether the answer counts. */
  readonly counts: (entry: AccessEntry) => boolean;
  /** What is counted apart; absent: all that counts is one. */
  readonly apart?: (entry: AccessEntry) => string;
  /** What counts once, however often it comes; absent: each answer counts. */
  readonly once?: (entry: AccessEntry) => string;
}

const minuteMs = 60_000;
const tenMinutesMs = 10 * minuteMs;

const isDone = ({ status }: AccessEntry): boolean => status < 300;
const objectOf = ({ object }: AccessEntry): string => Object.values(object).join('/');

/** What somebody else has is not found: these codes hide it. A SKU is nobody's, and shops ask for many that are not there. */
const hidden: ReadonlySet<string | null> = new Set([
  'WAREHOUSE_NOT_FOUND',
  'ORDER_NOT_FOUND',
  'SHIPMENT_NOT_FOUND',
  'WEBHOOK_ENDPOINT_NOT_FOUND',
]);

const deletions: ReadonlySet<string | null> = new Set(['retireInventory', 'deleteWebhookEndpoint']);
const ordering: ReadonlySet<string | null> = new Set(['placeOrder', 'setOrderStatus']);

/** Whether the operation is one that `mass_deletion` counts, and blocks. */
export const isDeletion = (operation: string): boolean => deletions.has(operation);

export const countingRules: readonly CountingRule[] = [
  {
    // A client whose token ran out asks for a new one after the first.
    name: 'authentication_failures',
    by: 'address',
    limit: 20,
    windowMs: minuteMs,
    counts: ({ status, operation, route }) => status === 401 && (operation !== null || route === '/oidc/*'),
  },
  {
    // Who mistypes an id does it a few times; a list of ids is walked through by a machine.
    name: 'object_scan',
    by: 'caller',
    limit: 20,
    windowMs: tenMinutesMs,
    counts: ({ code }) => hidden.has(code),
    once: objectOf,
  },
  {
    name: 'mass_deletion',
    by: 'caller',
    limit: 20,
    windowMs: tenMinutesMs,
    counts: (entry) => isDeletion(entry.operation ?? '') && isDone(entry),
  },
  {
    // Goods of one stock are held and given back, so that nobody else can have them.
    name: 'stock_hoarding',
    by: 'caller',
    limit: 30,
    windowMs: tenMinutesMs,
    counts: (entry) => entry.operation === 'releaseReservation' && isDone(entry),
    apart: ({ object }) => `${object.warehouseId}/${object.sku}`,
  },
  {
    // The same by orders that are cancelled. A shop places those of all its customers, so only customers are looked at.
    name: 'order_loop',
    by: 'caller',
    limit: 20,
    windowMs: tenMinutesMs,
    counts: (entry) => entry.role === 'customer' && ordering.has(entry.operation) && isDone(entry),
  },
  {
    // 60,000 events. An auditor reads on; somebody who copies the log does not stop.
    name: 'export_burst',
    by: 'caller',
    limit: 120,
    windowMs: tenMinutesMs,
    counts: (entry) => entry.operation === 'listAuditEvents' && isDone(entry),
  },
];
