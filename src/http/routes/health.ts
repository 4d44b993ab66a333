/** How the service is: for whoever starts it, and for whoever watches it. No token, no secrets. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { HttpPorts } from '../ports.ts';
import type { RouteSupport } from '../route.ts';

/** Without a token, figures are for this machine; a request that a proxy passed on comes from elsewhere. */
const isLocal = ({ ip, headers }: FastifyRequest): boolean =>
  headers['x-forwarded-for'] === undefined &&
  headers.forwarded === undefined &&
  (ip === '127.0.0.1' || ip === '::1' || ip === '::ffff:127.0.0.1');

const escapeLabel = (text: string): string => text.replaceAll(/[\\"\n]/g, '_');

const memoryLines = (): readonly string[] => {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const gauge = (name: string, help: string, value: number): readonly string[] => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    `${name} ${value}`,
  ];
  return [
    ...gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    ...gauge('nodejs_heap_total_bytes', 'Heap that was taken from the system.', heapTotal),
    ...gauge('nodejs_heap_used_bytes', 'Heap in use.', heapUsed),
    ...gauge('nodejs_external_memory_bytes', 'Memory outside the heap that objects hold.', external),
  ];
};

export const registerHealth = (app: FastifyInstance, ports: HttpPorts, { identify }: RouteSupport): void => {
  const { readModels, consumers, checkEngines, isPrepared, isCaughtUp, measured } = ports;

  /** A consumer may be beyond the newest event of ours. */
  const lagOf = (consumer: Progress, head: bigint): number =>
    Math.max(0, Number(head - (consumer.position()?.commit ?? 0n)));

  app.get('/health/live', { schema: { hide: true } }, async () => ({ status: 'live' }));

  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const engines = await checkEngines();
    const states = consumers.map((consumer) => [consumer.name, consumer.failure()] as const);
    const isReady =
      !app.draining.aborted &&
      isPrepared() &&
      isCaughtUp() &&
      engines.every(({ failure, isVital }) => failure === null || !isVital) &&
      states.every(([, failure]) => failure === null);
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? 'ready' : 'not ready',
      checks: {
        ...Object.fromEntries(engines.map(({ name, failure }) => [name, failure ?? 'ok'])),
        'read models': isCaughtUp() ? 'ok' : 'catching up with the log of the start',
        ...Object.fromEntries(states.map(([name, failure]) => [name, failure ?? 'ok'])),
      },
    });
  });

  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (!isLocal(request)) await identify(request, reply, 'getMetrics');
    // What an engine does not tell now is left out; the rest is wanted most just then.
    const head = await readModels.source.head().catch(() => undefined);
    const events = await readModels.logCount.queries.events().catch(() => null);
    const lines = [
      '# HELP stockledger_events_total Events in the log.',
      '# TYPE stockledger_events_total counter',
      ...(events === null ? [] : [`stockledger_events_total ${events}`]),
      '# HELP stockledger_consumer_lag_positions How far a consumer is behind the log: events when embedded, bytes of the log on a server.',
      '# TYPE stockledger_consumer_lag_positions gauge',
      ...(head === undefined ? [] : consumers).map(
        (consumer) =>
          `stockledger_consumer_lag_positions{consumer="${escapeLabel(consumer.name)}"} ${lagOf(consumer, head?.commit ?? 0n)}`,
      ),
      '# HELP stockledger_consumer_failing Whether a consumer stands still.',
      '# TYPE stockledger_consumer_failing gauge',
      ...consumers.map(
        (consumer) =>
          `stockledger_consumer_failing{consumer="${escapeLabel(consumer.name)}"} ${consumer.failure() === null ? 0 : 1}`,
      ),
      ...measured(),
      ...memoryLines(),
    ];
    return reply.header('content-type', 'text/plain; version=0.0.4').send(`${lines.join('\n')}\n`);
  });
};
