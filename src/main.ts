/** The process: configuration → adapters → compose → listen → graceful stop. */
import { randomBytes, randomUUIDv7 } from 'node:crypto';
import packageJson from '../package.json' with { type: 'json' };
import { compose } from './app/compose.ts';
import { failureLineOf, greetingOf, guardAgainstStrayFaults } from './app/startup.ts';
import { failureFacts } from './eventsourcing/ports.ts';
import { openAccessLog } from './infra/accessLog/accessLog.ts';
import { createCache } from './infra/cache.ts';
import { createCarrierHttp } from './infra/carriers/carrierHttp.ts';
import { createCarriers } from './infra/carriers/carriers.ts';
import { openCertificate } from './infra/certificates.ts';
import { readConfig } from './infra/config/config.ts';
import { createIdentity, openEngines } from './infra/engines.ts';
import { createApiKeyTexts } from './infra/keys/apiKeyTexts.ts';
import { loadAccessLogKey, loadApiKeyPepper, loadTrackingKey } from './infra/keys/keyFiles.ts';
import { createTrackingTokens } from './infra/keys/trackingTokens.ts';
import { closeDataDir } from './infra/privateFiles.ts';
import { createCountryPoints, createLog, createSystemClock } from './infra/system.ts';
import { createWebhookSender } from './infra/webhooks/sender.ts';

/** What is in flight at SIGTERM is finished within this; orchestrators kill after 30 s by default. */
const stopMaxMs = 10_000;
/** An attempt at a webhook may last longer than we may: it is made again, under the same id. */
const attemptsMaxMs = 1_500;
/** 7 days are promised; one more for other clocks and time zones. */
const idempotencyKeptMs = 8 * 24 * 3_600_000;
const secretBytes = 32;

const start = async (): Promise<void> => {
  const config = readConfig(process.env);
  // A person reads the greeting, and then only what goes wrong.
  const isTerminal = process.stdout.isTTY;
  const level = isTerminal && (process.env.LOG_LEVEL ?? '') === '' ? 'warn' : config.logLevel;
  const logger = createLog(level);
  const clock = createSystemClock();
  const { dataDir, requestsPerMinute, trustedProxies, countryHeader, publicUrl } = config;
  const open = closeDataDir(dataDir);
  if (open.length > 0) logger.warn({ open }, 'other users can reach these: take their rights away (chmod go=)');
  let isDamaged = false;
  const engines = await openEngines(config, {
    clock,
    logger,
    debug: process.env.DEBUG,
    onDamage: (damage) => {
      isDamaged = true;
      logger.fatal(failureFacts(damage), 'the store is damaged: nothing is read or written until it is restored');
    },
  });
  const { accessLogDir: directory, accessLogDays: keptDays } = config;
  const accessLog =
    directory === null
      ? null
      : await openAccessLog({
          directory,
          keptDays,
          key: await loadAccessLogKey(dataDir, config.keyEncryptionKey, false),
          nowMs: Date.now,
          onFailure: (error) => logger.error({ err: error, directory }, 'the access log can not be written'),
        });
  const certificate = config.tls === null ? null : await openCertificate(config.tls, logger);
  const { issuer, verifier, sandbox } = await createIdentity(config, logger, engines.usedProofs);
  const sender = createWebhookSender({ allowedTargets: config.webhookAllowedTargets });
  const carrierHttp = createCarrierHttp({ allowedTargets: config.webhookAllowedTargets });
  const service = await compose(
    {
      ...engines,
      ...(accessLog === null ? {} : { accessLog }),
      ...(certificate === null ? {} : { certificate }),
      verifier,
      sandbox,
      sender,
      carriers: createCarriers(config.carriers, carrierHttp.call),
      cache: createCache(config.cache, engines.openSharedCache),
      countryPoint: createCountryPoints(),
      clock,
      newId: () => randomUUIDv7(),
      newSecret: () => `whsec_${randomBytes(secretBytes).toString('base64')}`,
      apiKeyTexts: createApiKeyTexts(await loadApiKeyPepper(dataDir, config.keyEncryptionKey)),
      trackingTokens: createTrackingTokens(await loadTrackingKey(dataDir, config.keyEncryptionKey)),
      random: Math.random,
      logger,
    },
    {
      http: {
        hasApi: config.roles.has('api'),
        publicUrl,
        issuer,
        version: packageJson.version,
        requestsPerMinute,
        trustedProxies,
        ...(countryHeader === null ? {} : { countryHeader }),
      },
      roles: config.roles,
      projectionParts: config.projectionParts,
      stateCacheBytesMax: config.stateCacheBytesMax,
      orderReservationMs: config.orderReservationMs,
      idempotencyKeptMs,
      approvalFromUnits: config.approvalFromUnits,
    },
  );
  guardAgainstStrayFaults(process, engines.recover, logger);
  const stopping = new AbortController();
  const running = service.run(stopping.signal);

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ stopMaxMs }, 'stopped with work in flight');
      process.exit(1);
    }, stopMaxMs).unref();
    // First no new requests, then what the last ones have set going, then the files.
    await service.app.drain();
    await service.app.close();
    await service.app.flushAnswers();
    stopping.abort();
    const givingUp = setTimeout(() => void sender.close(), attemptsMaxMs);
    await running;
    clearTimeout(givingUp);
    await sender.close();
    await carrierHttp.close();
    // Once more: a request whose client was given up may have been answered since.
    await service.app.flushAnswers();
    await accessLog?.close();
    await engines.close();
    logger.info('stopped');
    process.exit(isDamaged ? 1 : 0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void stop(signal);
    });
  }

  await service.app.listen({ port: config.port, host: config.host });
  logger.info({ url: publicUrl, docs: `${publicUrl}/docs`, dataDir, issuer }, 'listening');
  if (isTerminal) {
    process.stdout.write(greetingOf({ publicUrl, issuer, dataDir, isOnServers: config.servers !== null, sandbox }));
  }
};

try {
  await start();
} catch (error) {
  const line = failureLineOf(error);
  if (line === null) throw error;
  process.stderr.write(`${line}\n`);
  process.exit(2);
}
