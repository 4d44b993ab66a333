/** STORED FOREVER: what looked like an attack (stream `alert-{alertId}`). A shipped shape is never edited. */
import type { FieldClasses } from '../../eventsourcing/message.ts';

/** What can be found (src/http/detection/rules.ts). Names stay, as operators filter by them. */
export const alertRules = [
  'authentication_failures',
  'object_scan',
  'mass_deletion',
  'stock_hoarding',
  'order_loop',
  'export_burst',
  'impossible_travel',
] as const;
export type AlertRule = (typeof alertRules)[number];

export type AlertRaised = {
  readonly type: 'AlertRaised';
  readonly data: {
    readonly alertId: string;
    readonly rule: AlertRule;
    /** Absent: a caller who is not known, from one address. */
    readonly caller?: { readonly subject: string; readonly client: string };
    /** Of the request that went over the line; the access log has its address, hashed, and what came before. */
    readonly requestId: string;
    /** More than this within the window raise it. */
    readonly limit: number;
    readonly windowSeconds: number;
  };
};
export type AlertEvent = AlertRaised;

export const alertFields: FieldClasses<AlertEvent> = {
  AlertRaised: {
    alertId: 'public',
    rule: 'public',
    caller: 'public',
    requestId: 'public',
    limit: 'public',
    windowSeconds: 'public',
  },
};
export const alertVersions = { AlertRaised: 1 } as const;
