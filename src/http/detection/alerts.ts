/** What was found is told: once for each of its kind within a window, and so often in an hour at most. */
import { LRUCache } from 'lru-cache';
import type { CountryPoint, NewId } from '../../commands/ports.ts';
import type { Principal } from '../../domain/access/principal.ts';
import { type AlertRaised, type AlertRule, alertRules } from '../../domain/alert/events.ts';
import { derivedId } from '../../eventsourcing/commandHandling/ids.ts';
import type { Clock } from '../../eventsourcing/ports.ts';
import { createSlidingWindow, type SharedCounts, type Verdict } from '../slidingWindow.ts';

export interface DetectionPorts {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly countryPoint: CountryPoint;
  readonly sharedCounts?: SharedCounts | undefined;
  /** Records it. */
  readonly raise: (alert: AlertRaised['data']) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}

/** What is remembered of callers and objects, each some 100 bytes. */
export const rememberedMax = 50_000;
export const hourMs = 3_600_000;
/** An attacker with many addresses must not fill the log with alerts; what is beyond is counted. */
const recordedPerHourMax = 100;

export interface Finding {
  readonly rule: AlertRule;
  /** Whose, and of what: one alert for each within a window. */
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  /** Known by the address alone, of which nothing may be told, not even by an id that is made of it. */
  readonly isNameless: boolean;
}

export interface About {
  readonly requestId: string;
  readonly principal: Principal | null;
}

export const createAlerts = ({ clock, newId, raise, onFailure }: DetectionPorts) => {
  const raisedUntilMs = new LRUCache<string, number>({ max: rememberedMax });
  const nowMsOf = (): number => Date.parse(clock.now());
  const recorded = createSlidingWindow({ quota: recordedPerHourMax, lengthMs: hourMs, nowMs: nowMsOf });
  const counts = new Map<AlertRule, number>(alertRules.map((rule) => [rule, 0]));
  return {
    counts,
    tell: ({ rule, key, limit, windowMs, isNameless }: Finding, { requestId, principal }: About): void => {
      const nowMs = nowMsOf();
      if ((raisedUntilMs.get(key) ?? 0) > nowMs) return;
      raisedUntilMs.set(key, nowMs + windowMs);
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
      const { subject = '', client = '' } = principal ?? {};
      const alert = {
        alertId: isNameless ? newId() : derivedId(`alert/${key}/${Math.floor(nowMs / windowMs)}`),
        rule,
        ...(principal === null || isNameless ? {} : { caller: { subject, client } }),
        requestId,
        limit,
        windowSeconds: windowMs / 1_000,
      };
      // Of this process alone, so that the verdict is there at once.
      const { retryAfterMs } = recorded.take('', 1) as Verdict;
      if (retryAfterMs === 0) raise(alert).catch(onFailure);
    },
  };
};
