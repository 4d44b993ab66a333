/** What is served without a token, and without secrets: health, metrics, and two pages for people. No scripts. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Progress } from '../../eventsourcing/consumers/consumerProgress.ts';
import type { HttpPorts, Sandbox } from '../ports.ts';
import type { RouteSupport } from '../route.ts';

/** Without a token, metrics are served to this machine only. A request that a proxy passed on comes from elsewhere. */
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
    if (!isLocal(request)) await identify(request, reply, { operation: 'getMetrics' });
    // Metrics of an engine that is away are left out: the others matter most just then.
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

const style = `
  body { margin: 3rem auto; max-width: 44rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1c2530; }
  h1 { margin-bottom: 0; } h2 { margin-top: 2rem; font-size: 1.1rem; }
  a { color: #0b5cad; } code, pre { font: 0.9rem/1.5 ui-monospace, monospace; background: #eef2f6; border-radius: 4px; }
  code { padding: 0.1rem 0.3rem; } pre { padding: 0.8rem; white-space: pre-wrap; overflow-wrap: anywhere; } pre code { padding: 0; }
  th, td { padding: 0.3rem 1.5rem 0.3rem 0; text-align: left; border-bottom: 1px solid #d5dce4; }
  @media (prefers-color-scheme: dark) {
    body { background: #14191f; color: #dde4ec; } a { color: #7ab8f5; } code, pre { background: #222a33; }
    th, td { border-color: #38424d; }
  }
`;

/** The one style of these pages, by its hash, and nothing else from anywhere. */
const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Addresses come from the configuration; a page shows them as text all the same. */
const asText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;

const clientTable = ({ clients, secret }: Sandbox): string => `<table>
<tr><th>client</th><th>role</th><th>secret</th></tr>
${clients.map(({ clientId, roles }) => `<tr><td><code>${clientId}</code></td><td>${roles.join(', ')}</td><td><code>${secret}</code></td></tr>`).join('\n')}
</table>`;

const tokenExample = (issuer: string, { secret }: Sandbox): string =>
  `<pre><code>curl -u sandbox-admin:${secret} -d grant_type=client_credentials ${asText(issuer)}/token</code></pre>
<p>Send the <code>access_token</code> of the answer as <code>Authorization: Bearer …</code>. It is good for an hour.</p>`;

const identity = (issuer: string, sandbox: HttpPorts['sandbox']): string =>
  sandbox === null
    ? `<p>Access tokens come from <code>${asText(issuer)}</code>.</p>`
    : `<p>The sandbox identity is on: anyone who reaches this address can get a token. It is for trying things out.</p>
${clientTable(sandbox)}
${tokenExample(issuer, sandbox)}`;

const frontPage = ({ settings: { version, issuer }, sandbox }: Pick<HttpPorts, 'settings' | 'sandbox'>): string =>
  page(
    'Stockledger',
    `<h1>Stockledger</h1>
<p>Stock and orders of many warehouses, as a ledger. Version ${asText(version)}.</p>
<ul>
<li><a href="/docs">Documentation of the API</a>, to read and to try out</li>
<li><a href="/openapi.json">The API as an OpenAPI document</a></li>
<li><a href="/health/ready">Health</a>: whether it takes requests now</li>
<li>A console for warehouse, support and auditors is to come.</li>
</ul>
<h2>Signing in</h2>
${identity(issuer, sandbox)}`,
  );

const sandboxPage = (issuer: string, sandbox: Sandbox): string =>
  page(
    'Sandbox identity of Stockledger',
    `<h1>Sandbox identity</h1>
<p>An OpenID provider inside this service. It knows the clients below, takes the grant <code>client_credentials</code>,
and has no users. Its secrets are public, so it is for trying things out only.</p>
${clientTable(sandbox)}
${tokenExample(issuer, sandbox)}
<ul>
<li><a href="/oidc/.well-known/openid-configuration">Its description</a> and <a href="/oidc/jwks">its keys</a></li>
<li><a href="/">What this service is</a></li>
</ul>`,
  );

const pageHeaders = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy };

const serve = (app: FastifyInstance, path: string, html: string): void => {
  app.get(path, { schema: { hide: true } }, (_request, reply: FastifyReply) => reply.headers(pageHeaders).send(html));
};

/** What this service is (`/`), and how to get a token of the sandbox (`/oidc`): for people with a browser. */
export const registerFrontDoor = (app: FastifyInstance, { settings, sandbox }: HttpPorts): void => {
  serve(app, '/', frontPage({ settings, sandbox }));
  if (sandbox === null) return;
  const html = sandboxPage(settings.issuer, sandbox);
  serve(app, '/oidc', html);
  serve(app, '/oidc/', html);
};
