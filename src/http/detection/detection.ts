/** Looks at each answer that was given, raises alerts, and stops who deletes too much (R13.2). */
import { LRUCache } from 'lru-cache';
import type { AccessEntry } from '../../audit/accessLog.ts';
import type { CountryPoint, NewId } from '../../commands/ports.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { isFresh } from '../../domain/access/stepUp.ts';
import { type AlertRaised, type AlertRule, alertRules } from '../../domain/alert/events.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import type { Clock } from '../../eventsourcing/ports.ts';
import { callerKey } from '../limits.ts';
import { Problem } from '../problems/problem.ts';
import { createAddressKeys } from '../rateLimits.ts';
import { createSlidingWindow, type SharedCounts, type Verdict } from '../slidingWindow.ts';
import { type CountingRule, countingRules, isDeletion } from './rules.ts';
import { createTravel } from './travel.ts';

export interface Observed {
  readonly entry: AccessEntry;
  /** `null`: the caller is not known. */
  readonly principal: Principal | null;
  /** ISO 3166-1 alpha-2, as the gateway says; `null`: it does not. */
  readonly country: string | null;
}

export interface Detection {
  /** Returns at once; alerts are raised later. */
  observe(observed: Observed): void;
  /**
   * Whether the caller has deleted too much lately, and has not signed in again since.
   * @throws Problem `RATE_LIMITED` where it is a client, which can't
   */
  isStopped(principal: Principal, operation: string): boolean;
  /** Of the Prometheus text format. */
  lines(): readonly string[];
}

interface DetectionPorts {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly countryPoint: CountryPoint;
  readonly sharedCounts?: SharedCounts | undefined;
  /** Records it. */
  readonly raise: (alert: AlertRaised['data']) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}

/** What is remembered of callers and objects, each some 100 bytes. */
const rememberedMax = 50_000;
const hourMs = 3_600_000;
/** An attacker with many addresses must not fill the log with alerts; what is beyond is counted. */
const recordedPerHourMax = 100;

interface Finding {
  readonly rule: AlertRule;
  /** Whose, and of what: one alert for each within a window. */
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  /** Known by the address alone, of which nothing may be told, not even by an id that is made of it. */
  readonly isNameless: boolean;
}

const createAlerts = ({ clock, newId, raise, onFailure }: DetectionPorts) => {
  const raisedUntilMs = new LRUCache<string, number>({ max: rememberedMax });
  const nowMsOf = (): number => Date.parse(clock.now());
  const recorded = createSlidingWindow({ quota: recordedPerHourMax, lengthMs: hourMs, nowMs: nowMsOf });
  const counts = new Map<AlertRule, number>(alertRules.map((rule) => [rule, 0]));
  return {
    counts,
    /** @returns whether it is news. */
    tell: ({ rule, key, limit, windowMs, isNameless }: Finding, { entry, principal }: Observed): boolean => {
      const nowMs = nowMsOf();
      if ((raisedUntilMs.get(key) ?? 0) > nowMs) return false;
      raisedUntilMs.set(key, nowMs + windowMs);
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
      const { subject = '', client = '' } = principal ?? {};
      const alert = {
        alertId: isNameless ? newId() : derivedId(`alert/${key}/${Math.floor(nowMs / windowMs)}`),
        rule,
        ...(principal === null || isNameless ? {} : { caller: { subject, client } }),
        requestId: entry.requestId,
        limit,
        windowSeconds: windowMs / 1_000,
      };
      // Of this process alone, so that the verdict is there at once.
      const { retryAfterMs } = recorded.take('', 1) as Verdict;
      if (retryAfterMs === 0) raise(alert).catch(onFailure);
      return true;
    },
  };
};

const createCounting = (
  rule: CountingRule,
  { clock, sharedCounts }: DetectionPorts,
  onOver: (finding: Finding, observed: Observed) => void,
): ((observed: Observed) => void) => {
  const { name, by, limit, windowMs, counts, apart, once } = rule;
  const window = createSlidingWindow({
    quota: limit,
    lengthMs: windowMs,
    nowMs: () => Date.parse(clock.now()),
    ...(sharedCounts === undefined ? {} : { shared: sharedCounts }),
  });
  const seen = new LRUCache<string, true>({ max: rememberedMax, ttl: windowMs });
  const addressKeyOf = createAddressKeys();
  const whose = ({ entry, principal }: Observed): string | null => {
    if (by === 'address') return addressKeyOf(entry.address);
    return principal === null ? null : callerKey({ principal });
  };
  return (observed) => {
    const { entry } = observed;
    if (!counts(entry)) return;
    const who = whose(observed);
    if (who === null) return;
    const key = `${name}:${who}${apart === undefined ? '' : ` ${apart(entry)}`}`;
    if (once !== undefined) {
      const what = `${key} ${once(entry)}`;
      if (seen.has(what)) return;
      seen.set(what, true);
    }
    const finding = { rule: name, key, limit, windowMs, isNameless: by === 'address' };
    void Promise.resolve(window.take(key, 1)).then(({ retryAfterMs }) => {
      if (retryAfterMs > 0) onOver(finding, observed);
    });
  };
};

export const createDetection = (ports: DetectionPorts): Detection => {
  const { clock, countryPoint } = ports;
  const alerts = createAlerts(ports);
  const travel = createTravel(countryPoint);
  /** Since when, and for how long, who deletes too much. */
  const blocked = new LRUCache<string, { readonly sinceMs: number; readonly untilMs: number }>({ max: rememberedMax });
  const onOver = (finding: Finding, observed: Observed): void => {
    if (!alerts.tell(finding, observed) || finding.rule !== 'mass_deletion' || observed.principal === null) return;
    const sinceMs = Date.parse(clock.now());
    blocked.set(callerKey({ principal: observed.principal }), { sinceMs, untilMs: sinceMs + finding.windowMs });
  };
  const counting = countingRules.map((rule) => createCounting(rule, ports, onOver));

  const lookAtTravel = (observed: Observed): void => {
    const { principal, country, entry } = observed;
    if (country === null || principal?.kind !== 'person') return;
    if (!travel.isImpossible(principal.subject, country, Date.parse(entry.at))) return;
    const key = `impossible_travel:${principal.subject}`;
    onOver({ rule: 'impossible_travel', key, limit: 0, windowMs: hourMs, isNameless: false }, observed);
  };

  return {
    observe: (observed) => {
      for (const count of counting) count(observed);
      lookAtTravel(observed);
    },
    isStopped: (principal, operation) => {
      if (!isDeletion(operation)) return false;
      const block = blocked.get(callerKey({ principal }));
      const nowMs = Date.parse(clock.now());
      if (block === undefined || block.untilMs <= nowMs) return false;
      const isSince = (principal.authTime ?? 0) * 1_000 > block.sinceMs;
      if (isSince && isFresh(principal, nowMs / 1_000)) return false;
      if (principal.acr !== undefined || principal.kind === 'person') return true;
      const seconds = Math.ceil((block.untilMs - nowMs) / 1_000);
      const headers = { 'retry-after': String(seconds) };
      throw new Problem('RATE_LIMITED', `Much was deleted lately. Try again in ${seconds} s.`, { headers });
    },
    lines: () => [
      '# HELP stockledger_alerts_total Alerts that this process has raised.',
      '# TYPE stockledger_alerts_total counter',
      ...[...alerts.counts].map(([rule, count]) => `stockledger_alerts_total{rule="${rule}"} ${count}`),
    ],
  };
};
