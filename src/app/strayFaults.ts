/** What was thrown where no code of ours could catch it. */
import type { FastifyBaseLogger } from 'fastify';

interface FaultSource {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (fault: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Goes on after a fault that `recover` knows and has mended. After any other the state of the process is not known: it
 * ends with one line and code 1, and its supervisor starts it again.
 */
export const guardAgainstStrayFaults = (
  source: FaultSource,
  recover: (fault: unknown) => boolean,
  logger: Pick<FastifyBaseLogger, 'warn' | 'fatal'>,
): void => {
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    source.on(event, (fault) => {
      if (recover(fault)) return logger.warn({ err: fault }, 'a client was replaced');
      logger.fatal({ err: fault, event }, 'the process ends after a fault that nothing caught');
      source.exit(1);
    });
  }
};
