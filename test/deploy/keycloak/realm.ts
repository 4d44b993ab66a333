/** The realm of deploy/keycloak on a Keycloak that runs: programs and people who want tokens of it. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopes } from '../../../src/domain/access/principal.ts';
import { keycloakMissing, type RunningKeycloak, startKeycloak } from '../../support/engines/keycloak.ts';
import { isRequired } from '../../support/engines/required.ts';
import { asksFor, type Browser, fieldOf, openBrowser, type Page } from './browser.ts';
import { type HardwareKey, holdTelephone, makeHardwareKey, type Telephone } from './factors.ts';

/** Where the console is: nobody listens there. */
export const callback = 'http://localhost:8080/docs/static/oauth2-redirect.html';
const password = 'correct horse battery staple';
const secrets = { SHOP_CLIENT_SECRET: 'shop-1', ERP_CLIENT_SECRET: 'erp-1', WMS_CLIENT_SECRET: 'wms-1' };
/** Before the first page nobody knows what it asks. */
const pagesMax = 8;

export interface Tokens {
  readonly access: string;
  /** Of people; programs ask again. */
  readonly refresh: string;
}

export interface Person {
  readonly username: string;
  readonly key: HardwareKey;
  /** From the first sign-in on that asks for it. */
  telephone?: Telephone;
}

export interface SignedIn extends Tokens {
  /** What the pages asked for, in their order. */
  readonly asked: readonly string[];
  readonly browser: Browser;
}

interface SignInOptions {
  /** With the session of before; absent: a new one. */
  readonly browser?: Browser;
  readonly scope?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface Realm extends RunningKeycloak {
  /** Asks an endpoint of OpenID Connect. @returns status and body. */
  ask(
    endpoint: string,
    form: Readonly<Record<string, string>>,
    basic?: string,
  ): Promise<{ status: number; body: Readonly<Record<string, unknown>> }>;
  /** @param client `id:secret`. @throws with the issuer's reason. */
  program(client: string, more?: Readonly<Record<string, string>>): Promise<string>;
  /** A person with roles, and the attributes that go with them. */
  hire(
    username: string,
    roles: readonly string[],
    attributes?: Readonly<Record<string, readonly string[]>>,
  ): Promise<Person>;
  /** By authorization code and PKCE, with whatever the pages ask for. @throws when a page asks for what the person lacks. */
  signIn(person: Person, options?: SignInOptions): Promise<SignedIn>;
}

/** Every scope there is; which of them a token has, the realm decides. */
export const everyScope = scopes.join(' ');

/** What a page asks for, and how the person answers. */
const answers: readonly {
  readonly asked: string;
  readonly field: string;
  readonly form: (person: Person, page: Page) => Readonly<Record<string, string>>;
}[] = [
  { asked: 'password', field: 'password', form: ({ username }) => ({ username, password }) },
  {
    asked: 'telephone enrolment',
    field: 'totpSecret',
    form: (person, page) => {
      const totpSecret = fieldOf(page, 'totpSecret');
      person.telephone = holdTelephone(totpSecret);
      return { totpSecret, totp: person.telephone.code(), userLabel: 'telephone' };
    },
  },
  { asked: 'code', field: 'otp', form: ({ telephone }) => ({ otp: telephone?.code() ?? '' }) },
  { asked: 'key enrolment', field: 'attestationObject', form: ({ key }, page) => key.register(challengeOf(page)) },
  { asked: 'key', field: 'authenticatorData', form: ({ key }, page) => key.assert(challengeOf(page)) },
];

const challengeOf = ({ html, url }: Page) => ({
  challenge: /challenge\s*:\s*['"]([\w-]+)['"]/.exec(html)?.[1] ?? '',
  origin: new URL(url).origin,
});

/** What a person reads there. */
const textOf = ({ html }: Page): string =>
  html
    .replaceAll(/<(script|style|head)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

const answerPages = async (person: Person, browser: Browser, first: Page) => {
  const asked: string[] = [];
  let page = first;
  while (!page.url.startsWith(callback)) {
    const answer = answers.find(({ field }) => asksFor(page, field));
    const again = answer !== undefined && asked.includes(answer.asked);
    if (answer === undefined || again || asked.length > pagesMax) {
      throw new Error(`After ${asked.join(', ')} Keycloak says: ${textOf(page)}`);
    }
    asked.push(answer.asked);
    page = await browser.submit(page, answer.field, answer.form(person, page));
  }
  return { asked, page };
};

const openRealm = (keycloak: RunningKeycloak): Realm => {
  const endpointOf = (name: string): string => `${keycloak.issuer}/protocol/openid-connect/${name}`;

  const ask: Realm['ask'] = async (endpoint, form, basic) => {
    const answer = await fetch(endpointOf(endpoint), {
      method: 'POST',
      headers: basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` },
      body: new URLSearchParams(form),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  };
  const tokens = async (form: Readonly<Record<string, string>>, basic?: string): Promise<Tokens> => {
    const { body } = await ask('token', form, basic);
    const { access_token: access, refresh_token: refresh = '' } = body as Readonly<Record<string, string>>;
    if (access === undefined) throw new Error(JSON.stringify(body));
    return { access, refresh };
  };

  const signIn: Realm['signIn'] = async (person, options = {}) => {
    const { browser = openBrowser(callback), scope = everyScope, parameters = {} } = options;
    // Proof Key for Code Exchange (RFC 7636).
    const verifier = randomBytes(32).toString('base64url');
    const asking = new URLSearchParams({
      client_id: 'console',
      response_type: 'code',
      redirect_uri: callback,
      scope: `openid ${scope}`,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    });
    const first = await browser.load(`${endpointOf('auth')}?${asking.toString()}`);
    const { asked, page } = await answerPages(person, browser, first);
    const code = new URL(page.url).searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: 'console', code, redirect_uri: callback };
    return { ...(await tokens({ ...form, code_verifier: verifier })), asked, browser };
  };

  const hire: Realm['hire'] = async (username, roles, attributes = {}) => {
    const names = { firstName: 'Some', lastName: 'Body', email: `${username}@example.invalid` };
    const credentials = [{ type: 'password', value: password, temporary: false }];
    await keycloak.administer('POST', '/users', { username, enabled: true, ...names, attributes, credentials });
    const [user] = (await keycloak.administer('GET', `/users?username=${username}&exact=true`)) as [{ id: string }];
    const granted = await Promise.all(roles.map((role) => keycloak.administer('GET', `/roles/${role}`)));
    await keycloak.administer('POST', `/users/${user.id}/role-mappings/realm`, granted);
    return { username, key: makeHardwareKey() };
  };

  return {
    ...keycloak,
    ask,
    hire,
    signIn,
    program: async (client, more = {}) => (await tokens({ grant_type: 'client_credentials', ...more }, client)).access,
  };
};

/** Tests that need Keycloak: where it can't be had they are skipped and say what to do, or fail as `CI_REQUIRE` asks. */
export const describeKeycloak = (name: string, tests: (realm: () => Realm) => void): void => {
  const missing = keycloakMissing();
  if (missing !== null && isRequired('keycloak')) {
    it(`${name} can be had, as CI_REQUIRE names it`, () => {
      expect(missing).toBeNull();
    });
  }
  describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, () => {
    let started: Realm | undefined;
    beforeAll(async () => {
      started = openRealm(await startKeycloak({ ...secrets, CONSOLE_REDIRECT_URI: callback }));
    });
    afterAll(() => started?.stop());
    tests(() => {
      if (started === undefined) throw new Error('Keycloak has not started.');
      return started;
    });
  });
};
