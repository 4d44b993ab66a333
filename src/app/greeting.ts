/** What a person at a terminal reads when the service has started; a program reads the log line instead. */
export interface Greeting {
  readonly publicUrl: string;
  readonly issuer: string;
  readonly dataDir: string;
  /** On servers nothing but keys of its own lies in `dataDir`. */
  readonly isOnServers: boolean;
  readonly sandbox: { readonly clients: readonly { readonly clientId: string }[]; readonly secret: string } | null;
}

export const greetingOf = ({ publicUrl, issuer, dataDir, isOnServers, sandbox }: Greeting): string => {
  const rows = [
    ['address', publicUrl],
    ['documentation', `${publicUrl}/docs`],
    ['data', isOnServers ? 'on the servers of EVENTSTORE_URL, MONGODB_URL and REDIS_URL' : `${dataDir}/`],
    ...(sandbox === null
      ? [['identity', issuer]]
      : [
          ['sandbox clients', sandbox.clients.map(({ clientId }) => clientId).join(' ')],
          ['their secret', sandbox.secret],
          ['a token', `curl -u sandbox-admin:${sandbox.secret} -d grant_type=client_credentials ${issuer}/token`],
        ]),
    ['stop', 'Ctrl-C'],
  ];
  const width = Math.max(...rows.map(([label = '']) => label.length));
  const lines = rows.map(([label = '', value]) => `  ${label.padEnd(width)}  ${value}`);
  return `\nStockledger is running.\n\n${lines.join('\n')}\n\n`;
};
