/** The HTTP layer put together. Never listens and never reads the environment: tests inject. */
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { createTurns, type Turns } from '../eventsourcing/concurrency.ts';
import { StoreUnavailable } from '../eventsourcing/ports.ts';
import { createLastChanges } from '../projections/readCache/lastChanges.ts';
import { createReadCache } from '../projections/readCache/readCache.ts';
import { type Caller, identify } from './access.ts';
import { createAccessNotes, registerAccessNotes } from './accessLog.ts';
import { apiKeyHeader, type CountKey, createApiKeyCheck } from './apiKeyCheck.ts';
import { createIdempotency } from './commands/idempotency.ts';
import { createPartnerScopes } from './commands/partnerEndpoints.ts';
import { deprecations } from './deprecations.ts';
import { createDetection, type Detection } from './detection/detection.ts';
import { countryOf } from './detection/travel.ts';
import { registerDrain } from './drain.ts';
import { registerJsonBodies } from './input/body.ts';
import { createReadCredentials } from './input/credentials.ts';
import { unjudgedFormats } from './input/formats.ts';
import { isTriedOut } from './input/headers.ts';
import { registerValidation } from './input/validation.ts';
import { callerKey, createAdmission, createBodyLimit, createConcurrencyLimit, holdWhileOpen } from './limits.ts';
import { registerOpenApi } from './plugins/openApi.ts';
import { answerBadAddress, answerClientError, registerWire } from './plugins/wire.ts';
import type { HttpPorts } from './ports.ts';
import { registerProblems } from './problems/problem.ts';
import { createAddressKeys, createRequestLimits } from './rateLimits.ts';
import { createCursors } from './reads/lists.ts';
import { createPositionGate } from './reads/positions.ts';
import { requirePolicies } from './requirePolicies.ts';
import { createRouter, type RouteSupport } from './route.ts';
import { registerRequestState } from './routeSpec.ts';
import { registerCarrierWebhooks } from './routes/carrierWebhooks.ts';
import { registerApi } from './routes/index.ts';
import { registerFrontDoor, registerHealth } from './routes/open.ts';
import { registerSandbox } from './routes/sandbox.ts';
import { registerTrackingPage } from './routes/trackingPage.ts';
import { sharedSchemas } from './schemas/documentation.ts';
import { connectionsCheckingInterval, createTlsServer } from './tls.ts';

/** What a route does not narrow by its schema (`route.ts`) has no body to speak of. */
const bodyBytesMax = 16 * 1_024;
/** An SKU of 100 characters, each of four bytes, each byte as `%F0`. */
const paramCharsMax = 1_200;
/** A request that trickles in holds a socket (slowloris); the longest wait we offer is 10 s. */
const requestTimeoutMs = 30_000;
/** Reads of history, each a slice of ten milliseconds in a turn: so many keep each other waiting, and no other request. */
const readsMax = 64;
const readsPerCallerMax = 8;

/** Of a caller: more than any pool of connections opens, and no more than is answered in a tenth of a second. */
const requestsPerCallerMax = 256;
/** Of all callers. Each holds its body, its answer and its place in a queue. */
const requestsMax = 2_048;

/** For requests in one turn of the event loop; the last one begun may exceed it (CONTRIBUTING.md). */
const turnBudgetMs = 10;

const createSupport = (ports: HttpPorts, turns: Turns, detection: Detection): RouteSupport => {
  const { settings, clock, newId, cache, readModels } = ports;
  const lookAtScope = createPartnerScopes(ports);
  const limits = createRequestLimits(settings.requestsPerMinute, ports);
  const checkApiKey = createApiKeyCheck({ ...ports, apiKeys: readModels.apiKeys });
  const addressKeyOf = createAddressKeys();
  const requests = createConcurrencyLimit({ what: 'requests', total: requestsMax, perCaller: requestsPerCallerMax });
  const identification = {
    ...ports,
    issuer: settings.issuer,
    readCredentials: createReadCredentials(settings),
    isStopped: detection.isStopped,
  };
  return {
    identify: async (request, reply, { operation, cost = 1 }) => {
      if (!ports.isPrepared()) throw new StoreUnavailable('an engine was not reached yet', 'not_written');
      const address = addressKeyOf(request.ip);
      let caller: Caller;
      let countKey: CountKey | null = null;
      try {
        caller = await identify(request, operation, identification);
        if (apiKeyHeader in request.headers) countKey = await checkApiKey(request, caller.principal.client);
      } catch (error) {
        await limits.refused(address, reply);
        throw error;
      }
      const key = callerKey(caller);
      await limits.of({ caller: key, address }, reply, cost);
      await countKey?.(reply, cost);
      holdWhileOpen(reply, () => requests.take(key, 1));
      lookAtScope(caller);
      return caller;
    },
    idempotency: createIdempotency(ports),
    bodies: createBodyLimit(),
    admission: createAdmission(ports.behindMs),
    reads: createConcurrencyLimit({ what: 'expensive reads', total: readsMax, perCaller: readsPerCallerMax }),
    positions: createPositionGate(readModels),
    cursors: createCursors(ports.personalData),
    readCache: cache === null ? null : createReadCache(cache, createLastChanges(readModels.live)),
    turns,
    newId,
    clock,
    deprecations: settings.deprecations ?? deprecations,
  };
};

export const buildApp = async (ports: HttpPorts): Promise<FastifyInstance> => {
  const { certificate } = ports;
  const detection = createDetection({
    ...ports,
    raise: ports.useCases.raiseAlert,
    onFailure: (error) => ports.logger.error({ err: error }, 'an alert could not be recorded'),
  });
  const notes = createAccessNotes((entry, request) => {
    ports.accessLog?.write(entry);
    const country = request === null ? null : countryOf(request, ports.settings);
    const { principal = null, url = '', body = null } = request ?? {};
    const missed = request?.missed ?? [];
    const isDryRun = request !== null && isTriedOut(request);
    detection.observe({ entry, principal, country, url, body, missed, isDryRun });
  }, ports.clock);
  const app: FastifyInstance = Fastify({
    loggerInstance: ports.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // In the order of time: an index of random ids would write a page of its own for each (the search by correlation id).
    genReqId: () => randomUUIDv7(),
    // A logger for each request would cost more than checking its token; log lines name the request themselves.
    childLoggerFactory: (logger) => logger,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    ...(certificate === undefined
      ? { http: { connectionsCheckingInterval } }
      : { serverFactory: createTlsServer(certificate, requestTimeoutMs) }),
    trustProxy: [...ports.settings.trustedProxies],
    routerOptions: { maxParamLength: paramCharsMax },
    serializerOpts: { ajv: { formats: unjudgedFormats } },
    frameworkErrors: (error, request, reply) => {
      const refusal = answerBadAddress(error, request, reply);
      notes.unreadable(refusal, request.ip);
    },
    clientErrorHandler: (error, socket) => {
      const { remoteAddress = '' } = socket;
      const refusal = answerClientError(error, socket);
      if (refusal !== null) notes.unreadable(refusal, remoteAddress);
    },
    // Requests that arrive while it closes are answered as before.
    return503OnClosing: false,
  });
  // Fastify parses plain text by default; no route takes it, so it is answered with 415 like any other type.
  app.removeContentTypeParser('text/plain');
  const turns = createTurns({ budgetMs: turnBudgetMs });
  registerRequestState(app);
  // First, so that what anything else refuses is noted too.
  registerAccessNotes(app, notes);
  registerWire(app, turns);
  registerJsonBodies(app, turns);
  registerValidation(app);
  registerProblems(app);
  for (const schema of sharedSchemas) app.addSchema(schema);
  registerDrain(app, () => randomUUID());
  requirePolicies(app);
  const { hasApi } = ports.settings;
  if (hasApi) registerFrontDoor(app, ports);
  if (hasApi) registerTrackingPage(app, ports);
  if (hasApi) await registerOpenApi(app, ports);
  if (hasApi && ports.sandbox !== null) await registerSandbox(app, ports.sandbox, ports);

  const support = createSupport(ports, turns, detection);
  app.addHook('onClose', () => support.idempotency.flush());
  app.decorate('flushAnswers', support.idempotency.flush);
  app.addHook('onClose', async () => support.readCache?.close());
  const router = createRouter(app, support);
  registerHealth(app, { ...ports, measured: () => [...ports.measured(), ...detection.lines()] }, support);
  if (hasApi) registerApi(app, router, ports, support);
  if (hasApi) await registerCarrierWebhooks(app, ports);
  return app;
};
