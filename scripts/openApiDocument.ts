/** The OpenAPI document as the app serves it: from an app on throw-away engines, which never listens. */
import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { compose, type Settings } from '../src/app/compose.ts';
import { type Config, readConfig } from '../src/infra/config/config.ts';
import { openEmbeddedEngines } from '../src/infra/embedded.ts';
import { createIdentity } from '../src/infra/engines.ts';
import { createApiKeyTexts } from '../src/infra/keys/apiKeyTexts.ts';
import { loadApiKeyPepper, loadTrackingKey } from '../src/infra/keys/keyFiles.ts';
import { createTrackingTokens } from '../src/infra/keys/trackingTokens.ts';
import { createWebhookSender } from '../src/infra/webhooks/sender.ts';

/** Any length of time will do: nothing is placed and nothing is kept. */
const noTimeMs = 1_000;

const settingsOf = (
  { publicUrl, requestsPerMinute, trustedProxies, roles, projectionParts }: Config,
  issuer: string,
): Settings => ({
  roles,
  projectionParts,
  http: { hasApi: true, publicUrl, issuer, version: packageJson.version, requestsPerMinute, trustedProxies },
  stateCacheBytesMax: 1,
  orderReservationMs: noTimeMs,
  idempotencyKeptMs: noTimeMs,
  approvalFromUnits: 0,
});

const serve = async (dataDir: string): Promise<string> => {
  // An empty environment: the document must not depend on whose machine it was written on.
  const config = readConfig({ DATA_DIR: dataDir });
  const logger = pino({ level: 'silent' });
  const clock = { now: () => new Date().toISOString() };
  const engines = await openEmbeddedEngines({ dataDir, keyEncryptionKey: undefined, clock });
  const sender = createWebhookSender({ allowedTargets: [] });
  try {
    const apiKeyTexts = createApiKeyTexts(await loadApiKeyPepper(dataDir, undefined));
    const trackingTokens = createTrackingTokens(await loadTrackingKey(dataDir, undefined));
    const { issuer, verifier, sandbox } = await createIdentity(config, logger);
    const ports = {
      verifier,
      sandbox,
      sender,
      cache: null,
      countryPoint: () => null,
      clock,
      logger,
      random: Math.random,
      apiKeyTexts,
      trackingTokens,
      newId: () => randomUUIDv7(),
    };
    const newSecret = (): string => randomBytes(1).toString('base64');
    const { app } = await compose({ ...engines, ...ports, newSecret }, settingsOf(config, issuer));
    const { body } = await app.inject('/openapi.json');
    await app.close();
    return body;
  } finally {
    await sender.close();
    await engines.close();
  }
};

/** Pretty-printed JSON with a newline at its end, as it stands in `docs/openapi.json`. */
export const openApiDocument = async (): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-openapi-'));
  try {
    return `${JSON.stringify(JSON.parse(await serve(dataDir)), null, 2)}\n`;
  } finally {
    await rm(dataDir, { recursive: true });
  }
};
