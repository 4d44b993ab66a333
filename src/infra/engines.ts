/** The engines that the configuration names. */
import type { FastifyBaseLogger } from 'fastify';
import type { EventSource, StoreDamaged } from '../eventsourcing/ports.ts';
import type { SystemClock } from './clock.ts';
import type { Config } from './config/config.ts';

export interface EngineOptions {
  readonly clock: SystemClock;
  readonly logger: FastifyBaseLogger;
  /** The environment variable `DEBUG`, by which a client of others would print secrets. */
  readonly debug: string | undefined;
  /** Called with the first damage of the store's files. */
  readonly onDamage: (damage: StoreDamaged) => void;
}

/** Nothing is recorded before what was recorded last, whatever the clock of the machine says. */
const setClock = async ({ readAll }: Pick<EventSource, 'readAll'>, clock: SystemClock): Promise<void> => {
  const [newest] = await readAll(null, 'backwards', 1);
  if (newest !== undefined) clock.notBefore(newest.recordedAt);
};

/** Each form is loaded alone: the clients of the servers would take another 20 MB of the embedded one. */
export const openEngines = async (config: Config, { clock, logger, debug, onDamage }: EngineOptions) => {
  const { servers, dataDir, keyEncryptionKey, erasuresFile } = config;
  if (servers === null) {
    const { openEmbeddedEngines } = await import('./embedded.ts');
    const engines = await openEmbeddedEngines({
      dataDir,
      keyEncryptionKey,
      erasuresFile,
      clock,
      onDamage,
      onMarkFailure: (error) => logger.error({ err: error }, 'log.mark can not be written'),
    });
    return { ...engines, keepTime: () => setClock(engines.events, clock) };
  }
  const { openClusteredEngines } = await import('./clustered.ts');
  const engines = openClusteredEngines({ servers, debug, erasuresFile, logger, clock });
  return { ...engines, keepTime: () => setClock(engines.events, clock) };
};
