/** The two pages for people: what this service is (`/`), and how to get a token of the sandbox (`/oidc`). No scripts. */
import { createHash } from 'node:crypto';
import type { HttpPorts, Sandbox } from './ports.ts';

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
export const pagePolicy = [
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

export const frontPage = ({
  settings: { version, issuer },
  sandbox,
}: Pick<HttpPorts, 'settings' | 'sandbox'>): string =>
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

export const sandboxPage = (issuer: string, sandbox: Sandbox): string =>
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
