/** Lines of JSON on standard output. A reader that is gone or stuck loses lines, and never keeps the process from ending. */
import { type Logger, pino } from 'pino';

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
  return pino({ level, redact: ['req.headers.authorization'] }, destination);
};
