/** One issuer for all processes, on a port of its own: in the sandbox form each would have its own keys. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadSigningKeys } from '../../src/infra/oidc/issuerKeys.ts';
import { createSandboxProvider } from '../../src/infra/oidc/sandboxProvider.ts';

export interface Issuer {
  readonly issuer: string;
  /** A fresh access token of a sandbox client. */
  tokenFor(client: string): Promise<string>;
  close(): Promise<void>;
}

export const startIssuer = async (directory: string, warehouses: readonly string[]): Promise<Issuer> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createSandboxProvider({
    issuer,
    warehouses,
    signingKeys: await loadSigningKeys(directory),
    onError: () => undefined,
  });
  server.on('request', provider.handle);
  return {
    issuer,
    tokenFor: async (client) => {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:sandbox`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      if (answer.status !== 200) throw new Error(`no token for ${client}: ${answer.status} ${await answer.text()}`);
      return ((await answer.json()) as { readonly access_token: string }).access_token;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
