/** What is asked, by whom, and what a request is made of: all that the cases of the matrix share. */
import { randomUUID } from 'node:crypto';
import { type Operation, policies, type Rule } from '../../src/domain/access/policy.ts';
import { type Role, roles } from '../../src/domain/access/principal.ts';
import { type ApiDocument, type Documented, isCommand, operationsOf } from '../support/documented.ts';
import { type Person, personOf, verdictOf } from './people.ts';
import { type Good, type Recipe, recipeOf } from './recipes.ts';
import type { Things } from './things.ts';
import type { Asked, World } from './world.ts';

export interface Case {
  readonly operation: Operation;
  readonly person: Person | null;
  /** In words, for a finding. */
  readonly what: string;
  readonly asked: Asked;
  readonly expected: number;
  /** Of each row, where each has an answer of its own; absent: 200. */
  readonly rowStatus?: number;
}

/** An operation with all that the matrix knows of it. */
export interface Target {
  readonly name: Operation;
  readonly documented: Documented;
  readonly rule: Rule;
  readonly recipe: Recipe;
  readonly changes: boolean;
}

/** Served beside the API, to machines. */
const metrics: Documented = {
  method: 'GET',
  path: '/metrics',
  operation: { operationId: 'getMetrics', responses: { 200: { description: 'Metrics.' } } },
};

/** @throws Error for a route without a recipe. */
export const targetsOf = (document: ApiDocument): readonly Target[] =>
  [...operationsOf(document), metrics].map((documented) => {
    const name = documented.operation.operationId as Operation;
    return { name, documented, rule: policies[name], recipe: recipeOf(name), changes: isCommand(documented) };
  });

export const isEndless = ({ documented: { operation } }: Target): boolean =>
  'text/event-stream' in (operation.responses[200]?.content ?? {});

/** One of each role; two roles at once; and those who lack a token, a scope, a role, or a fresh authentication. */
export const people: readonly (Person | null)[] = [
  null,
  ...roles.map((role) => personOf([role], 'east')),
  personOf(['warehouse_staff', 'auditor'], 'east'),
  personOf(['customer', 'partner'], 'east'),
  personOf(roles, 'east', { name: 'without-scopes', scopes: [] }),
  personOf([], 'east'),
  personOf(['admin'], 'east', { name: 'admin-without-step-up', isStrong: false }),
];

/** Each row has its own answer. */
export const multiStatus = 207;
export const notFound = 404;
const accepted = 202;
/** What it answers when all is well, tried out or done. */
export const wellOf = ({ documented, changes, recipe }: Target, isDryRun: boolean): number => {
  const well = Object.keys(documented.operation.responses)
    .map(Number)
    .filter((status) => status < 300 && (status !== accepted || recipe.isLater === true));
  if (well.includes(multiStatus)) return multiStatus;
  return changes && !isDryRun ? Math.max(...well) : Math.min(...well);
};

export interface Changes {
  readonly query?: string;
  readonly headers?: Asked['headers'];
  readonly isDryRun?: boolean;
  readonly method?: string;
  /** Each byte of the path's ids in another spelling of it (RFC 3986 §2.1). */
  readonly isEncoded?: boolean;
}

const encoded = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

export const askedOf = (target: Target, good: Good, changes: Changes = {}): Asked => {
  const { method, path } = target.documented;
  const spell = changes.isEncoded === true ? encoded : encodeURIComponent;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => spell(good.params?.[name] ?? name));
  const queries = [
    ...(changes.isDryRun === true ? ['dryRun=true'] : []),
    ...(changes.query === undefined ? [] : [changes.query]),
  ];
  const isJson = good.body === undefined ? {} : { 'content-type': 'application/json' };
  const key: Asked['headers'] = target.changes ? { 'idempotency-key': randomUUID() } : {};
  return {
    method: changes.method ?? method,
    url: queries.length === 0 ? filled : `${filled}?${queries.join('&')}`,
    headers: { ...isJson, ...key, ...good.headers, ...changes.headers },
    ...(good.body === undefined ? {} : { body: JSON.stringify(good.body) }),
  };
};

/** Somebody who is let in, in the role that they act in, with what is theirs and what is somebody else's. */
export interface Entered {
  readonly target: Target;
  readonly person: Person;
  readonly role: Role;
  readonly own: Things;
  readonly theirs: Things;
}

export const enteredOf = (target: Target, world: World): readonly Entered[] =>
  people.flatMap((person) => {
    const verdict = verdictOf(target.rule, person);
    if (person === null || verdict.kind !== 'allowed') return [];
    const [own, theirs] = [world.thingsFor(person, 'east'), world.thingsFor(person, 'west')];
    return [{ target, person, role: verdict.role, own, theirs }];
  });
