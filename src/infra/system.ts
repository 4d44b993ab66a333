/** What the machine gives: the time, the log, the middle of each country. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import type { CountryPoint } from '../commands/ports.ts';
import type { Clock } from '../eventsourcing/ports.ts';

export interface SystemClock extends Clock {
  /** It is at least this time now, ISO 8601 UTC: events of the log were recorded by then. */
  notBefore(time: string): void;
}

interface TimeSources {
  /** The time of the system, which a person or a server of times may set. */
  readonly wallMs?: () => number;
  /** Only ever goes on. */
  readonly elapsedMs?: () => number;
}

/**
 * How fast our time goes while it is ahead of the system's: slower, so that an hour is made up for in ten; hardly slower, so
 * that what waits for a time waits a tenth longer at most.
 */
const paceAhead = 0.9;

/**
 * The system's time, which never goes back within a log: where the system's clock was set back, ours goes on from the newest
 * event, until the system's has come up with it. Many ask within one millisecond, and the text is made once for all of them.
 */
export const createSystemClock = ({
  wallMs = Date.now,
  elapsedMs = () => performance.now(),
}: TimeSources = {}): SystemClock => {
  let atMs = wallMs();
  let seenMs = elapsedMs();
  let told = { ms: Number.NaN, text: '' };

  const nowMs = (): number => {
    const elapsed = elapsedMs();
    atMs = Math.max(wallMs(), atMs + paceAhead * (elapsed - seenMs));
    seenMs = elapsed;
    return atMs;
  };

  return {
    now: () => {
      const ms = Math.floor(nowMs());
      if (ms !== told.ms) told = { ms, text: new Date(ms).toISOString() };
      return told.text;
    },
    notBefore: (time) => {
      atMs = Math.max(nowMs(), Date.parse(time));
    },
  };
};

/** The middle of each country, from `world-countries` (ODbL 1.0), in whole degrees for most. */

interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly cca2: string;
  readonly latlng: readonly [latitude: number, longitude: number];
}

/** Read once, and not imported: of its 800 kB only two numbers a country are kept. */
export const createCountryPoints = (): CountryPoint => {
  const file = fileURLToPath(import.meta.resolve('world-countries/dist/countries.json'));
  const countries = JSON.parse(readFileSync(file, 'utf8')) as readonly Country[];
  const points = new Map(countries.map(({ cca2, latlng: [latitude, longitude] }) => [cca2, { latitude, longitude }]));
  return (countryCode) => points.get(countryCode) ?? null;
};

/** Lines of JSON on standard output. A reader that is gone or stuck loses lines, and never keeps the process from ending. */

const standardOutput = 1;
/** Of 100 ms each: so long a reader may be stuck when the process ends. */
const retriesAtEndMax = 10;

export const createLog = (level: string): Logger => {
  let retriesLeft = Number.POSITIVE_INFINITY;
  const destination = pino.destination({
    fd: standardOutput,
    sync: false,
    retryEAGAIN: () => {
      retriesLeft -= 1;
      return retriesLeft > 0;
    },
  });
  const flushSync = destination.flushSync.bind(destination);
  // It is called when the process ends, and after a line of level fatal, which is followed by the end.
  destination.flushSync = () => {
    retriesLeft = retriesAtEndMax;
    try {
      flushSync();
    } catch {
      // The log itself has failed, so the failure can't be logged.
    }
  };
  return pino({ level, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] }, destination);
};
