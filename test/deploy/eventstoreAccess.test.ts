/** The task that gives the service its user in EventStoreDB. */
import { describe, expect, it } from 'vitest';
import { allAcl, defaultAcl, ensureUser, parseTarget } from '../../scripts/eventstoreAccess.ts';

const url = 'esdb://stockledger:pa%40ss@one:2113,two:2113?tls=true&tlsCAFile=/run/secrets/ca_certificate';

describe('the target', () => {
  it('is read from the URL that the service connects with', () => {
    const target = parseTarget(`${url}\n`);
    expect(target).toMatchObject({
      user: 'stockledger',
      password: 'pa@ss',
      origins: ['https://one:2113', 'https://two:2113'],
    });
    expect(target.urlFor('admin', 'x/y')).toBe(url.replace('stockledger:pa%40ss', 'admin:x%2Fy'));
  });

  it.each([
    'esdb://one:2113?tls=true',
    'esdb://stockledger:x@one:2113?tls=false',
    'esdb://stockledger:x@one:2113',
    'redis://stockledger:x@one:2113?tls=true',
    '',
  ])('refuses %j', (bad) => {
    expect(() => parseTarget(bad)).toThrow('EVENTSTORE_URL_FILE');
  });
});

describe('the rights', () => {
  it('let the service read and append, follow everything, and neither delete nor change metadata', () => {
    const { $userStreamAcl: streams, $systemStreamAcl: system } = defaultAcl('stockledger');
    expect([streams.$r, streams.$w]).toEqual([
      ['stockledger', '$admins'],
      ['stockledger', '$admins'],
    ]);
    expect([streams.$d, streams.$mr, streams.$mw, ...Object.values(system)]).toEqual(Array(8).fill('$admins'));
    expect(allAcl('stockledger').readRoles).toEqual(['stockledger', '$admins']);
  });
});

describe('the user', () => {
  const target = parseTarget(url);

  /** A server with these accounts, in memory; `calls` are the changes it was asked for. */
  const server = (accounts: Record<string, string>) => {
    const calls: string[] = [];
    const ask = async (user: string, password: string, path: string, body?: object): Promise<number> => {
      if (accounts[user] !== password) return 401;
      if (body === undefined) return path.slice('/users/'.length) in accounts ? 200 : 404;
      calls.push(path);
      if ('loginName' in body) accounts[String(body.loginName)] = 'password' in body ? String(body.password) : '';
      if ('newPassword' in body) accounts.stockledger = String(body.newPassword);
      return path === '/users/' ? 201 : 200;
    };
    return { ask, calls, accounts };
  };

  it('is made once, gets a new password when the file has one, and otherwise stays as it is', async () => {
    const { ask, calls, accounts } = server({ admin: 'secret' });
    await ensureUser(ask, target, 'secret');
    expect(accounts.stockledger).toBe('pa@ss');
    await ensureUser(ask, target, 'secret');
    expect(calls).toEqual(['/users/']);
    accounts.stockledger = 'of last year';
    await ensureUser(ask, target, 'secret');
    expect(accounts.stockledger).toBe('pa@ss');
    expect(calls).toEqual(['/users/', '/users/stockledger/command/reset-password']);
  });

  it('is not made when the administrator is refused', async () => {
    const { ask, calls } = server({ admin: 'another' });
    await expect(ensureUser(ask, target, 'secret')).rejects.toThrow('status 401');
    expect(calls).toEqual([]);
  });
});
