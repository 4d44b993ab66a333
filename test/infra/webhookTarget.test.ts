import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebhookSender, type GuardedSender } from '../../src/infra/webhooks/sender.ts';
import { isPublicAddress, readTarget, trustedTargets } from '../../src/infra/webhooks/target.ts';

/** Everything that must never be connected to, with `PORT` for the port of a listener on this machine. */
const hostile = {
  'the IPv4 loopback in its usual and unusual forms': [
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/',
    'https://127.1/',
    'https://127.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0x7f.0.0.0x1/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://127.255.255.254/',
    'https://１２７.0.0.1/',
    'https://127。0。0。1/',
    'https://①②⑦.0.0.1/',
    'https://%31%32%37.0.0.1/',
  ],
  'addresses of nobody, everybody and this network': [
    'https://0.0.0.0/',
    'https://0/',
    'https://0.1.2.3/',
    'https://255.255.255.255/',
    'https://224.0.0.1/',
    'https://240.0.0.1/',
  ],
  'private, shared and link-local IPv4 addresses': [
    'https://10.0.0.1/',
    'https://10.255.255.255/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://100.64.0.1/',
    'https://100.127.255.254/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://169.254.170.2/',
    'https://100.100.100.200/',
  ],
  'IPv4 addresses for documentation, tests and protocols': [
    'https://192.0.0.170/',
    'https://192.0.2.1/',
    'https://192.88.99.1/',
    'https://198.18.0.1/',
    'https://198.51.100.7/',
    'https://203.0.113.9/',
  ],
  'IPv6 addresses that are not global': [
    'https://[::1]/',
    'https://[::]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
    'https://[2001:db8::1]/',
    'https://[3fff::1]/',
    'https://[5f00::1]/',
    'https://[4000::1]/',
  ],
  'IPv4 addresses in IPv6 clothes': [
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[64:ff9b::127.0.0.1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[64:ff9b:1::7f00:1]/',
    'https://[2001:0:53aa:64c::1]/',
    'https://[2001:20::1]/',
  ],
  'names that are not public': [
    'https://localhost/',
    'https://localhost./',
    'https://LOCALHOST/',
    'https://ｌｏｃａｌｈｏｓｔ/',
    'https://api.localhost/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://router.home.arpa/',
    'https://intranet/',
    'https://hooks.example.com./',
    'https://hooks..example.com/',
  ],
  'other schemes, ports and logins': [
    'https://127.0.0.1:PORT/',
    'http://127.0.0.1:PORT/',
    'https://[::1]:PORT/',
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT/',
    'javascript:alert(1)',
    'data:text/plain,hello',
    'https://hooks.example.com:22/',
    'https://hooks.example.com:PORT/',
    'https://hooks.example.com:80/',
    'https://hooks.example.com:0/',
    'https://user@hooks.example.com/',
    'https://user:password@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    'https://hooks.example.com:443@127.0.0.1:PORT/',
  ],
  'texts that are no URL': ['', 'hooks.example.com', '//hooks.example.com/', 'https://', 'https://[::1', 'https:// x/'],
} as const;

const groups = Object.entries(hostile);

/** What is wrong with all of a group; the others are wrong in many ways. */
const reasons: { readonly [group: string]: string } = {
  'the IPv4 loopback in its usual and unusual forms': 'address',
  'addresses of nobody, everybody and this network': 'address',
  'private, shared and link-local IPv4 addresses': 'address',
  'IPv4 addresses for documentation, tests and protocols': 'address',
  'IPv6 addresses that are not global': 'address',
  'IPv4 addresses in IPv6 clothes': 'address',
  'names that are not public': 'host',
  'texts that are no URL': 'not_a_url',
};

const listen = async (host: string, port: number, onConnection: () => void): Promise<Server> => {
  const server = createServer((socket) => {
    onConnection();
    socket.destroy();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
};

describe('the targets of webhooks (W11, OWASP API7)', () => {
  const connections: string[] = [];
  const attempted: unknown[] = [];
  const noteAttempt = (message: unknown): void => {
    attempted.push(message);
  };
  const resolved: string[] = [];
  let sender: GuardedSender;
  let listener: Server;
  let port: number;

  beforeAll(async () => {
    listener = await listen('127.0.0.1', 0, () => connections.push('127.0.0.1'));
    ({ port } = listener.address() as AddressInfo);
    subscribe('undici:client:beforeConnect', noteAttempt);
    sender = createWebhookSender({
      allowedTargets: [],
      // Whatever the name: if it is asked for at all, it leads to the listener.
      lookup: async (host) => {
        resolved.push(host);
        return ['127.0.0.1'];
      },
    });
  });
  afterAll(async () => {
    unsubscribe('undici:client:beforeConnect', noteAttempt);
    await sender.close();
    listener.close();
  });

  it('are at least sixty bad ones in this corpus', () => {
    expect(groups.flatMap(([, urls]) => urls).length).toBeGreaterThanOrEqual(60);
  });

  it.each(groups)('are never %s', async (group, urls) => {
    for (const text of urls) {
      const url = text.replaceAll('PORT', String(port));
      expect.soft(sender.checkTarget(url), url).toBe(reasons[group] ?? sender.checkTarget(url) ?? 'refused');
      expect
        .soft(await sender.send({ url, headers: {}, body: '{}' }), url)
        .toEqual({ kind: 'failed', error: 'blocked' });
    }
    expect(attempted).toEqual([]);
    expect(connections).toEqual([]);
    expect(resolved).toEqual([]);
  });

  it('are found at the listener when the configuration names it, so that the zeros above mean something', async () => {
    const trusting = createWebhookSender({ allowedTargets: [`127.0.0.1:${port}`] });
    const sent = await trusting.send({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' });
    expect(sent).toEqual({ kind: 'failed', error: 'connection' });
    expect(attempted.splice(0)).toHaveLength(1);
    expect(connections.splice(0)).toEqual(['127.0.0.1']);
    await trusting.close();
  });

  it('can be a public name or address on a usual port', () => {
    for (const url of [
      'https://hooks.example.com/stock?token=1',
      'https://hooks.example.com:8443/',
      'https://bücher.example/',
      'https://8.8.8.8/',
      'https://[2606:4700:4700::1111]/',
    ]) {
      expect.soft(sender.checkTarget(url), url).toBeNull();
    }
  });

  it('are told apart by what is wrong with them', () => {
    expect(sender.checkTarget('nothing')).toBe('not_a_url');
    expect(sender.checkTarget(`https://hooks.example.com/${'x'.repeat(2_048)}`)).toBe('not_a_url');
    expect(sender.checkTarget('http://hooks.example.com/')).toBe('scheme');
    expect(sender.checkTarget('https://me@hooks.example.com/')).toBe('userinfo');
    expect(sender.checkTarget('https://hooks.example.com:25/')).toBe('port');
    expect(sender.checkTarget('https://localhost/')).toBe('host');
    expect(sender.checkTarget('https://10.0.0.1/')).toBe('address');
  });

  it('may be http and private when the configuration names host and port, and only then', () => {
    const allowed = trustedTargets(['127.0.0.1:9000', '[::1]:9000', 'partner.local:80']);
    const kinds = (url: string): string => readTarget(url, allowed).kind;
    expect(kinds('http://127.0.0.1:9000/hooks')).toBe('target');
    expect(kinds('http://[::1]:9000/hooks')).toBe('target');
    expect(kinds('http://partner.local/')).toBe('target');
    expect(kinds('http://127.0.0.1:9001/')).toBe('refused');
    expect(kinds('http://localhost:9000/')).toBe('refused');
    expect(kinds('http://user@127.0.0.1:9000/')).toBe('refused');
    expect(kinds('ftp://127.0.0.1:9000/')).toBe('refused');
  });

  it.each(['127.0.0.1', 'http://127.0.0.1:80', '127.0.0.1:80/x', 'a b:80', '*:80', 'user@host:80'])(
    'are not configured as %s',
    (text) => {
      expect(() => createWebhookSender({ allowedTargets: [text] })).toThrow(RangeError);
    },
  );

  it('have public addresses only', () => {
    for (const address of ['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1', '2a00:1450::1']) {
      expect.soft(isPublicAddress(address), address).toBe(true);
    }
    for (const address of ['fe80::1%eth0', '2606:4700::1%1', '::ffff:1.1.1.1', '::8.8.8.8', 'no address', '']) {
      expect.soft(isPublicAddress(address), address).toBe(false);
    }
  });
});
