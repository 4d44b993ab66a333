/** Who vouches for callers: the configured issuer, or the sandbox in this process, whose tokens no other process takes. */
import type { FastifyBaseLogger } from 'fastify';
import type { TokenVerifier } from '../commands/ports.ts';
import type { Config } from './config/config.ts';
import { isLoopback } from './config/configDoors.ts';
import { createSandboxProvider, type SandboxProvider } from './oidc/sandboxProvider.ts';
import { loadSigningKeys } from './oidc/signingKeys.ts';
import { createTokenVerifier } from './oidc/verifier.ts';

export interface Identity {
  readonly issuer: string;
  readonly verifier: TokenVerifier;
  readonly sandbox: SandboxProvider | null;
}

export const createIdentity = async (config: Config, logger: FastifyBaseLogger): Promise<Identity> => {
  const { oidcIssuer, audience, publicUrl, sandboxWarehouses, dataDir, host } = config;
  if (oidcIssuer !== null) {
    return { issuer: oidcIssuer, verifier: createTokenVerifier({ issuer: oidcIssuer, audience }), sandbox: null };
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
  return { issuer, verifier: createTokenVerifier({ issuer, audience, jwks: sandbox.jwks }), sandbox };
};
