/** The realm that Keycloak imports, beside the table of who may do what (R4.3, R5, R7.2). */
import { describe, expect, it } from 'vitest';
import { authorize } from '../../src/domain/access/authorize.ts';
import { policies } from '../../src/domain/access/policy.ts';
import { type Principal, type Role, roles, type Scope, scopes } from '../../src/domain/access/principal.ts';
import { stepUpMaxAgeSeconds } from '../../src/domain/access/stepUp.ts';
import { customerIdPattern, warehouseIdPattern } from '../../src/domain/values.ts';
import { parseCompose, readText } from './composeFile.ts';

type Texts = Readonly<Record<string, string>>;

interface Execution {
  readonly authenticator?: string;
  readonly authenticatorConfig?: string;
  readonly flowAlias?: string;
  readonly requirement: string;
}

interface Client {
  readonly clientId: string;
  readonly secret?: string;
  readonly publicClient: boolean;
  readonly serviceAccountsEnabled: boolean;
  readonly attributes: Texts;
  readonly defaultClientScopes: readonly string[];
}

/** Of Keycloak's representation of a realm, what is looked at here. */
interface Realm {
  readonly [setting: string]: unknown;
  readonly accessTokenLifespan: number;
  readonly attributes: Texts;
  readonly roles: { readonly realm: { readonly name: string; readonly composites?: { readonly realm: string[] } }[] };
  readonly clientScopes: {
    readonly name: string;
    readonly attributes: Texts;
    readonly protocolMappers?: { readonly name: string; readonly config: Texts }[];
  }[];
  readonly scopeMappings: { readonly clientScope: string; readonly roles: string[] }[];
  readonly clients: Client[];
  readonly users: { readonly realmRoles: string[] }[];
  readonly authenticationFlows: { readonly alias: string; readonly authenticationExecutions: Execution[] }[];
  readonly authenticatorConfig: { readonly alias: string; readonly config: Texts }[];
  readonly components: Readonly<Record<string, { readonly config: Readonly<Record<string, string[]>> }[]>>;
}

const realm = JSON.parse(readText('deploy/keycloak/stockledger-realm.json')) as Realm;

const byName = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`The realm has no ${name}.`);
  return found;
};
const flow = (alias: string) => realm.authenticationFlows.find((each) => each.alias === alias)!;
const configOf = (alias: string | undefined): Texts | undefined =>
  realm.authenticatorConfig.find((each) => each.alias === alias)?.config;
const administrator: Principal = {
  subject: 'ada',
  kind: 'person',
  client: 'console',
  roles: ['admin'],
  scopes: ['admin'],
  warehouses: [],
  issuedAt: 0,
};
const machines = realm.clients.filter(({ serviceAccountsEnabled }) => serviceAccountsEnabled);
const people = realm.clients.filter(({ serviceAccountsEnabled }) => !serviceAccountsEnabled);

/** Roles that the policy table lets act under a scope; `admin` stands in for every other scope. */
const rolesUnder = (scope: Scope): Role[] => [
  ...new Set(
    Object.values(policies).flatMap((rule: { scopes: readonly Scope[]; roles: readonly Role[] }) =>
      rule.scopes.includes(scope) ? rule.roles : [],
    ),
  ),
];

describe('the realm', () => {
  it('has every role and every scope of the service, and names no other in a mapping', () => {
    expect(realm.roles.realm.map(({ name }) => name)).toEqual(expect.arrayContaining([...roles]));
    expect(realm.clientScopes.map(({ name }) => name)).toEqual(expect.arrayContaining([...scopes]));
    for (const mapping of realm.scopeMappings) {
      expect(scopes).toContain(mapping.clientScope);
      for (const role of mapping.roles) expect(roles).toContain(role);
    }
  });

  it('gives a scope to every role that the policy table lets use it', () => {
    for (const scope of scopes.filter((each) => each !== 'admin')) {
      const given = realm.scopeMappings.find(({ clientScope }) => clientScope === scope)?.roles ?? [];
      expect(given, scope).toEqual(expect.arrayContaining(rolesUnder(scope)));
      expect(given, scope).toContain('admin');
    }
    expect(rolesUnder('inventory:write')).toContain('warehouse_staff');
  });

  it('gives the scope `admin` to administrators alone', () => {
    expect(realm.scopeMappings.find(({ clientScope }) => clientScope === 'admin')?.roles).toEqual(['admin']);
  });

  it('puts scopes of the service into `scope`, and nothing else', () => {
    const named = realm.clientScopes.filter(({ attributes }) => attributes['include.in.token.scope'] === 'true');
    expect(named.map(({ name }) => name).sort()).toEqual([...scopes].sort());
  });

  it('writes the claims that the service reads, for everyone', () => {
    const mappers = byName(realm.clientScopes, 'stockledger').protocolMappers ?? [];
    const claims = mappers.flatMap(({ config }) => config['claim.name'] ?? []);
    expect(claims.sort()).toEqual(['customerId', 'partnerId', 'roles', 'warehouses']);
    expect(byName(mappers, 'audience').config).toMatchObject({ 'included.custom.audience': 'stockledger' });
    expect(realm.defaultDefaultClientScopes).toEqual(['stockledger']);
    for (const client of realm.clients) {
      expect(client.defaultClientScopes).toContain('stockledger');
      expect(client.attributes['access.token.header.type.rfc9068']).toBe('true');
    }
  });

  it('lets only administrators say which warehouses, partner and customer somebody stands for', () => {
    const [provider] = realm.components['org.keycloak.userprofile.UserProfileProvider'] ?? [];
    const profile = JSON.parse(provider!.config['kc.user.profile.config']![0]!);
    const patterns = { warehouses: warehouseIdPattern, partnerId: customerIdPattern, customerId: customerIdPattern };
    for (const [name, pattern] of Object.entries(patterns)) {
      const attribute = profile.attributes.find((each: { name: string }) => each.name === name);
      expect(attribute.permissions.edit).toEqual(['admin']);
      expect(attribute.validations.pattern.pattern).toBe(pattern);
    }
    expect(profile.unmanagedAttributePolicy).toBeUndefined();
  });
});

describe('clients of the realm', () => {
  it('are programs with their own account, or people with PKCE, and none may hold more roles than its scopes need', () => {
    expect(machines.map(({ clientId }) => clientId)).toEqual(['shop', 'erp', 'wms']);
    for (const client of realm.clients) {
      expect(client).toMatchObject({
        implicitFlowEnabled: false,
        directAccessGrantsEnabled: false,
        fullScopeAllowed: false,
      });
    }
    for (const client of machines) expect(client).toMatchObject({ publicClient: false, standardFlowEnabled: false });
    for (const { publicClient, attributes } of people) {
      expect(publicClient).toBe(true);
      expect(attributes).toMatchObject({ 'pkce.code.challenge.method': 'S256', 'default.acr.values': 'mfa' });
    }
  });

  it('hold no secret: the file names variables that the container sets from files', () => {
    const text = JSON.stringify(realm);
    const variables = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name);
    const { keycloak } = parseCompose(readText('docker-compose.yml')).services;
    const told = `${JSON.stringify(keycloak?.entrypoint)} ${Object.keys(keycloak?.environment ?? {}).join(' ')}`;
    expect(variables.length).toBeGreaterThan(3);
    expect(variables.filter((name) => !told.includes(name))).toEqual([]);
    for (const client of machines) expect(client.secret).toMatch(/^\$\{[A-Z]+_CLIENT_SECRET\}$/);
    expect(realm.users.filter((user) => 'credentials' in user)).toEqual([]);
  });

  it('stand for roles of the service alone, none of them privileged', () => {
    for (const { realmRoles } of realm.users) {
      for (const role of realmRoles) expect(['service', 'warehouse_staff', 'partner']).toContain(role);
    }
  });
});

describe('signing in', () => {
  it('asks administrators and auditors for a second factor, whatever the client asks for', () => {
    expect(realm.browserFlow).toBe('stockledger browser');
    const secondFactor = { flow_to_check: 'stockledger second factor', check_result: 'not-executed' };
    const asAdministrator = { flow_to_check: 'stockledger administrators', check_result: 'not-executed' };
    for (const [name, role, unless] of [
      ['stockledger administrators', 'admin', [secondFactor]],
      ['stockledger auditors', 'auditor', [secondFactor, asAdministrator]],
    ] as const) {
      const steps = flow(name).authenticationExecutions;
      expect(steps.map(({ requirement }) => requirement)).toEqual(steps.map(() => 'REQUIRED'));
      const [condition, ...others] = steps;
      expect(condition?.authenticator).toBe('conditional-user-role');
      expect(configOf(condition?.authenticatorConfig)).toEqual({ condUserRole: role, negate: 'false' });
      expect(others.pop()?.authenticator).toBe('auth-otp-form');
      expect(others.map(({ authenticatorConfig }) => configOf(authenticatorConfig))).toEqual(unless);
      const all = flow('stockledger sign-in').authenticationExecutions;
      expect(all.find(({ flowAlias }) => flowAlias === name)?.requirement).toBe('CONDITIONAL');
    }
  });

  it('has no role within another: who has the inner one would get the scopes of the outer one', () => {
    expect(realm.roles.realm.filter(({ composites }) => composites !== undefined)).toEqual([]);
  });

  it('reaches the level that the service demands for step-up by a hardware key, and forgets it in time', () => {
    const levels = JSON.parse(realm.attributes['acr.loa.map']!) as Readonly<Record<string, number>>;
    // The lowest that is asked for counts, and one that is not known counts as none. No flow claims `phrh`: whether the
    // hardware protects the key, nobody has looked.
    expect(levels).toEqual({ pwd: 1, mfa: 2, phr: 3, phrh: 4 });
    const challenge = authorize('retireInventory', administrator, () => 0);
    expect(challenge).toMatchObject({ kind: 'step_up', acrValues: ['phr', 'phrh'] });
    const [condition, key] = flow('stockledger hardware key').authenticationExecutions;
    expect(key?.authenticator).toBe('webauthn-authenticator');
    expect(configOf(condition?.authenticatorConfig)).toEqual({
      'loa-condition-level': '3',
      'loa-max-age': String(stepUpMaxAgeSeconds),
    });
  });

  it('refers to flows and settings that exist', () => {
    const executions = realm.authenticationFlows.flatMap(({ authenticationExecutions }) => authenticationExecutions);
    for (const { flowAlias, authenticatorConfig } of executions) {
      if (flowAlias !== undefined) expect(flow(flowAlias), flowAlias).toBeDefined();
      if (authenticatorConfig !== undefined) expect(configOf(authenticatorConfig), authenticatorConfig).toBeDefined();
    }
  });

  it('is over TLS, slow to guess, and short', () => {
    expect(realm).toMatchObject({ sslRequired: 'all', bruteForceProtected: true, registrationAllowed: false });
    expect(realm.accessTokenLifespan).toBeLessThanOrEqual(300);
    expect(realm.revokeRefreshToken).toBe(true);
  });
});
