/** Looks at each answer that was given, and raises alerts (R13.2). */
import { LRUCache } from 'lru-cache';
import { callerKey } from '../limits.ts';
import { createAddressKeys } from '../rateLimits.ts';
import { createSlidingWindow } from '../slidingWindow.ts';
import { type About, createAlerts, type DetectionPorts, type Finding, hourMs, rememberedMax } from './alerts.ts';
import { createDeletionStop, type DeletionStop } from './deletions.ts';
import { type CountingRule, countingRules, type Observed } from './rules.ts';
import { createTravel } from './travel.ts';

export interface Detection {
  /** Returns at once; alerts are raised later. */
  observe(observed: Observed): void;
  readonly isStopped: DeletionStop['isStopped'];
  /** Of the Prometheus text format. */
  lines(): readonly string[];
}

const createCounting = (
  rule: CountingRule,
  { clock, sharedCounts }: DetectionPorts,
  onOver: (finding: Finding, about: About) => void,
): ((observed: Observed) => void) => {
  const { name, by, limit, windowMs, counts, apart, once } = rule;
  const window = createSlidingWindow({
    quota: limit,
    lengthMs: windowMs,
    nowMs: () => Date.parse(clock.now()),
    shared: sharedCounts,
  });
  const seen = new LRUCache<string, true>({ max: rememberedMax, ttl: windowMs });
  const addressKeyOf = createAddressKeys();
  const whose = ({ entry, principal }: Observed): string | null => {
    if (by === 'address') return addressKeyOf(entry.address);
    return principal === null ? null : callerKey({ principal });
  };
  return (observed) => {
    if (!counts(observed)) return;
    const { entry, principal } = observed;
    const who = whose(observed);
    if (who === null) return;
    const key = `${name}:${who}${apart === undefined ? '' : ` ${apart(entry)}`}`;
    const news = once?.(observed).filter((what) => !seen.has(`${key} ${what}`)) ?? [''];
    const finding = { rule: name, key, limit, windowMs, isNameless: by === 'address' };
    for (const what of news) {
      seen.set(`${key} ${what}`, true);
      void Promise.resolve(window.take(key, 1)).then(({ retryAfterMs }) => {
        if (retryAfterMs > 0) onOver(finding, { requestId: entry.requestId, principal });
      });
    }
  };
};

export const createDetection = (ports: DetectionPorts): Detection => {
  const { countryPoint } = ports;
  const alerts = createAlerts(ports);
  const travel = createTravel(countryPoint);
  const deletions = createDeletionStop(ports, alerts.tell);
  const counting = countingRules.map((rule) => createCounting(rule, ports, alerts.tell));

  const lookAtTravel = (observed: Observed): void => {
    const { principal, country, entry } = observed;
    if (country === null || principal?.kind !== 'person') return;
    if (!travel.isImpossible(principal.subject, country, Date.parse(entry.at))) return;
    const key = `impossible_travel:${principal.subject}`;
    const finding = { rule: 'impossible_travel', key, limit: 0, windowMs: hourMs, isNameless: false } as const;
    alerts.tell(finding, { requestId: entry.requestId, principal });
  };

  return {
    observe: (observed) => {
      deletions.observe(observed);
      for (const count of counting) count(observed);
      lookAtTravel(observed);
    },
    isStopped: deletions.isStopped,
    lines: () => [
      '# HELP stockledger_alerts_total Alerts that this process has raised.',
      '# TYPE stockledger_alerts_total counter',
      ...[...alerts.counts].map(([rule, count]) => `stockledger_alerts_total{rule="${rule}"} ${count}`),
    ],
  };
};
