/** The engines that the configuration names. */
import type { FastifyBaseLogger } from 'fastify';
import type { Clock, StoreDamaged } from '../commands/ports.ts';
import type { Config } from './config.ts';

export interface EngineOptions {
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  /** The environment variable `DEBUG`, by which a client of others would print secrets. */
  readonly debug: string | undefined;
  /** Called with the first damage of the store's files. */
  readonly onDamage: (damage: StoreDamaged) => void;
}

/** Each form is loaded alone: the clients of the servers would take another 20 MB of the embedded one. */
export const openEngines = async (config: Config, { clock, logger, debug, onDamage }: EngineOptions) => {
  const { servers, dataDir, keyEncryptionKey, erasuresFile } = config;
  if (servers === null) {
    const { openEmbeddedEngines } = await import('./embedded.ts');
    return openEmbeddedEngines({
      dataDir,
      keyEncryptionKey,
      erasuresFile,
      clock,
      onDamage,
      onMarkFailure: (error) => logger.error({ err: error }, 'log.mark can not be written'),
    });
  }
  const { openClusteredEngines } = await import('./clustered.ts');
  return openClusteredEngines({ servers, debug, erasuresFile, logger });
};
