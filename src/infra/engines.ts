/** What the configuration names: the engines, and who vouches for callers. */
import type { FastifyBaseLogger } from 'fastify';
import type { TokenVerifier } from '../commands/ports.ts';
import type { EventSource, StoreDamaged } from '../eventsourcing/ports.ts';
import type { Config } from './config/config.ts';
import { isLoopback } from './config/configValues.ts';
import type { UsedProofs } from './oidc/dpopProofs.ts';
import { loadSigningKeys } from './oidc/issuerKeys.ts';
import { createSandboxProvider, type SandboxProvider } from './oidc/sandboxProvider.ts';
import { createTokenVerifier } from './oidc/verifier.ts';
import type { SystemClock } from './system.ts';

interface EngineOptions {
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

/** Who vouches for callers: the configured issuer, or the sandbox in this process, whose tokens no other process takes. */

interface Identity {
  readonly issuer: string;
  readonly verifier: TokenVerifier;
  readonly sandbox: SandboxProvider | null;
}

/** @param usedProofs of all processes together; absent: there is only this one */
export const createIdentity = async (
  config: Config,
  logger: FastifyBaseLogger,
  usedProofs?: UsedProofs,
): Promise<Identity> => {
  const { oidcIssuer, audience, publicUrl, sandboxWarehouses, dataDir, host, introspection, boundTokens } = config;
  const rules = { audience, introspection, boundTokens, usedProofs };
  if (oidcIssuer !== null) {
    return { issuer: oidcIssuer, verifier: createTokenVerifier({ ...rules, issuer: oidcIssuer }), sandbox: null };
  }
  if (!isLoopback(host)) {
    logger.warn({ host }, 'the sandbox identity is on, and its public secrets open this service to the network');
  }
  const issuer = `${publicUrl}/oidc`;
  const sandbox = createSandboxProvider({
    issuer,
    warehouses: sandboxWarehouses,
    signingKeys: await loadSigningKeys(dataDir),
    onError: (error) => logger.error({ err: error }, 'sandbox identity failed'),
  });
  return { issuer, verifier: createTokenVerifier({ ...rules, issuer, jwks: sandbox.jwks }), sandbox };
};
