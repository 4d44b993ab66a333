/**
 * Every route as every role, with what is one's own, somebody else's and nobody's in path, body, query, cursor and headers;
 * tried out, done, and done again. A new route is asked as soon as `recipes.ts` says how a good request of it is made.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { policies } from '../../src/domain/access/policy.ts';
import { roles } from '../../src/domain/access/principal.ts';
import { type VisibleFields, visibleFieldsByRole } from '../../src/domain/access/visibleFields.ts';
import { servedRoutes } from '../support/servedRoutes.ts';
import type { Answer } from '../support/service.ts';
import { entryCases, pathCases, twinCases } from './cases.ts';
import { cursorCases, cursorOfWarehouses, isList } from './cursors.ts';
import { type Done, doAll } from './done.ts';
import { bodyCases, queryCases } from './idCases.ts';
import { findingsOf, inWords, twinFindings } from './judge.ts';
import { claimsOf, verdictOf } from './people.ts';
import { hear, streamCases } from './streams.ts';
import { type Case, enteredOf, isEndless, people, type Target, targetsOf } from './targets.ts';
import { openSecurityWorld } from './world.ts';

const world = await openSecurityWorld();
afterAll(() => world.close());
const { service, canaries } = world;
const targets = targetsOf(service.document);
const named = targets.map((target) => ({ name: target.name, target }));
const otherCursor = await cursorOfWarehouses(world, targets);
const position = (await service.as('sandbox-admin').get('/v1/warehouses')).headers['stockledger-position'] ?? '';

/** The front door, health, the document and its page; and the sandbox issuer, which asks for secrets of its own. */
const openToAll =
  /^[A-Z]+ \/($|\*|health\/(live|ready)$|openapi\.json$|docs|oidc|v1\/carriers\/\{carrier\}\/webhook$|track\/)/;
/** As everybody at least once, and in more places where somebody is let in. */
const casesOfOperationMin = people.length;
/** What was asked, for the count; and which fields somebody has been shown, by role. */
let asked = 0;
const shown = new Map<string, Set<keyof VisibleFields>>();

const note = ({ operation, person }: Case, text: string): void => {
  const verdict = verdictOf(policies[operation], person);
  if (verdict.kind === 'refused') return;
  const fields = shown.get(verdict.role) ?? new Set();
  for (const { word, field } of canaries) if (field !== undefined && text.includes(word)) fields.add(field);
  shown.set(verdict.role, fields);
};

/** At rest nothing is recorded but by what is asked. */
const ask = async (each: Case, findings: string[]): Promise<Answer> => {
  asked += 1;
  const before = await service.countEvents();
  const answer = await world.ask(each.person, each.asked);
  const recorded = (await service.countEvents()) - before;
  note(each, answer.text);
  findings.push(...findingsOf(each, answer, { canaries, recorded }));
  return answer;
};

const askAll = async (cases: readonly Case[]): Promise<readonly string[]> => {
  const findings: string[] = [];
  for (const each of cases) await ask(each, findings);
  return findings;
};

const lookCases = async (target: Target): Promise<readonly Case[]> => {
  const cases: Case[] = [...entryCases(target, world)];
  if (isEndless(target)) return cases;
  for (const entered of enteredOf(target, world)) {
    cases.push(...pathCases(entered, position), ...bodyCases(entered, service.document), ...queryCases(entered));
    const cursor = target.name === 'listWarehouses' ? '' : otherCursor;
    if (isList(target)) cases.push(...(await cursorCases(entered, world, cursor)));
  }
  return cases;
};

describe.each(named)('$name', ({ target }) => {
  it('lets in who may, shows what is theirs, and records nothing when it refuses or tries out', async () => {
    expect(await askAll(await lookCases(target))).toEqual([]);
  });

  it("does not tell what is somebody else's from what is not there", async () => {
    const findings: string[] = [];
    if (isEndless(target)) return;
    for (const { theirs, nothing } of enteredOf(target, world).flatMap((entered) => twinCases(entered, position))) {
      const told = await ask(theirs, findings);
      findings.push(...twinFindings(theirs, told, await ask(nothing, findings)));
    }
    expect(findings).toEqual([]);
  });
});

describe('the live stream', () => {
  it('tells everybody what is theirs, from its beginning, by whatever filter', async () => {
    const origin = await service.listen();
    const findings: string[] = [];
    for (const entered of targets.filter(isEndless).flatMap((target) => enteredOf(target, world))) {
      const token = await service.tokenFor(claimsOf(entered.person));
      for (const each of streamCases(entered)) {
        asked += 1;
        const headers = { ...each.asked.headers, authorization: `Bearer ${token}` };
        const heard = await hear(service, origin, { ...each.asked, headers });
        note(each, heard.text);
        findings.push(...findingsOf(each, heard, { canaries, recorded: 0 }));
      }
    }
    expect(findings).toEqual([]);
  });
});

/** What was refused, by the id that its events would have. */
const refused = new Map<string, Done>();

const carryOut = async (done: Done, findings: string[]) => {
  asked += 1;
  const correlationId = randomUUID();
  if (done.expected >= 400) refused.set(correlationId, done);
  const headers = { ...done.asked.headers, 'correlation-id': correlationId };
  const answer = await world.ask(done.person, { ...done.asked, headers });
  findings.push(...findingsOf(done, answer, { canaries, recorded: 0 }));
  const isReplay = answer.headers['idempotency-replayed'] === 'true';
  if (done.isReplay !== undefined && done.isReplay !== isReplay)
    findings.push(`${inWords(done)}: replayed ${isReplay}`);
  if (done.sameAs !== undefined && done.sameAs !== answer.text) findings.push(`${inWords(done)}: ${answer.text}`);
  return answer;
};

describe.each(named.filter(({ target }) => target.changes))('$name, carried out', ({ target }) => {
  it('is answered the same under its key, and to nobody who may not see it', async () => {
    const findings: string[] = [];
    // Commands are turned away while what follows the log is far behind.
    await world.rest();
    for (const entered of enteredOf(target, world)) {
      await doAll(entered, world, (done) => carryOut(done, findings));
    }
    expect(findings).toEqual([]);
  });
});

describe('the matrix', () => {
  it('has left no event of a call that was refused', async () => {
    await world.rest();
    const log = await service.adapters.events.readAll(null, 'forwards', 1_000_000);
    const traces = log.flatMap(({ type, metadata }) => {
      const done = refused.get(metadata.$correlationId);
      return done === undefined ? [] : [`${inWords(done)} has left ${type}`];
    });
    expect(traces).toEqual([]);
  });

  it('asks every route that is served, but for those that are open to all', () => {
    const asked = targets.map(({ documented: { method, path } }) => `${method} ${path}`);
    const others = servedRoutes(service.app).filter((route) => !asked.includes(route));
    const closed = others.filter((route) => !openToAll.test(route));
    expect(closed).toEqual([]);
    expect(asked.filter((route) => !servedRoutes(service.app).includes(route))).toEqual([]);
  });

  it('has over 1,000 cases, every operation among them, for everybody', () => {
    expect(targets.map(({ name }) => name).sort()).toEqual(Object.keys(policies).sort());
    expect(new Set(people.flatMap((person) => person?.roles ?? []))).toEqual(new Set(roles));
    process.stdout.write(`access matrix: ${asked} requests of ${targets.length} operations\n`);
    expect(asked).toBeGreaterThan(casesOfOperationMin * targets.length);
    expect(asked).toBeGreaterThan(1_000);
  });

  it.each(roles)('has shown a %s each field of the table, and so would have noticed the others (R7.3)', (role) => {
    const visible = Object.entries(visibleFieldsByRole[role]).flatMap(([field, sees]) =>
      sees === true ? [field] : [],
    );
    expect([...(shown.get(role) ?? [])].sort()).toEqual(visible.sort());
  });
});
