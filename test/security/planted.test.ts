/** The matrix can fail: holes that are made on purpose are found by the same cases and the same checks. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/domain/access/policy.ts';
import type { Principal } from '../../src/domain/access/principal.ts';
import { entryCases, pathCases } from './cases.ts';
import { findingsOf, twinFindings } from './judge.ts';
import { personOf } from './people.ts';
import { recipeOf } from './recipes.ts';
import { enteredOf, type Target, targetsOf } from './targets.ts';
import { openSecurityWorld } from './world.ts';

/** What the service takes somebody for. */
let takenFor: (principal: Principal) => Principal = (principal) => principal;

const world = await openSecurityWorld({
  adapt: ({ verifier }) => ({
    verifier: { ...verifier, verify: async (...sent) => takenFor(await verifier.verify(...sent)) },
  }),
});
afterAll(() => world.close());
const { service, canaries } = world;
const targets = targetsOf(service.document);
const targetNamed = (name: Operation): Target => {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`${name} is not served`);
  return target;
};

/** All that the matrix says of one operation, as one role. */
const findingsAs = async (name: Operation, role: Principal['roles'][number]): Promise<readonly string[]> => {
  const target = targetNamed(name);
  const entered = enteredOf(target, world).filter(({ person }) => person.roles.join() === role);
  const cases = [
    ...entryCases(target, world).filter(({ person }) => person?.roles.join() === role),
    ...entered.flatMap((each) => pathCases(each, '1')),
  ];
  const findings: string[] = [];
  for (const each of cases) {
    const before = await service.countEvents();
    const answer = await world.ask(each.person, each.asked);
    const recorded = (await service.countEvents()) - before;
    findings.push(...findingsOf(each, answer, { canaries, recorded }));
  }
  return findings;
};

const withHole = async (
  hole: (principal: Principal) => Principal,
  look: () => Promise<readonly string[]>,
): Promise<string> => {
  expect(await look()).toEqual([]);
  takenFor = hole;
  try {
    return (await look()).join('\n');
  } finally {
    takenFor = (principal) => principal;
  }
};

describe('a hole that was made on purpose', () => {
  const everywhere = (principal: Principal): Principal => ({ ...principal, warehouses: ['EASTID', 'WESTID'] });

  it('is found where the warehouse of somebody else can be read', async () => {
    const found = await withHole(everywhere, () => findingsAs('getInventoryHistory', 'warehouse_staff'));
    expect(found).toContain('200 and not 404');
    expect(found).toMatch(/tells of .*westPo/);
  });

  it("is found where the other warehouse's part of an own order shows", async () => {
    const found = await withHole(everywhere, () => findingsAs('getOrder', 'partner'));
    expect(found).toMatch(/own, read: GET .*\n {2}tells of .*westWaybill/);
  });

  it('is found where a customer gets the order of another', async () => {
    const asAnother = (principal: Principal): Principal => ({ ...principal, customerId: 'westCustomer' });
    const found = await withHole(asAnother, () => findingsAs('getOrder', 'customer'));
    expect(found).toContain('404 and not 200');
    expect(found).toMatch(/tells of .*farStreet/);
  });

  it('is found where a field shows that the role may not see', async () => {
    const asAuditor = (principal: Principal): Principal => ({ ...principal, roles: ['auditor'] });
    const found = await withHole(asAuditor, () => findingsAs('getInventoryHistory', 'customer_service'));
    expect(found).toMatch(/own, read: GET .*\n {2}tells of .*eastStockNote/);
  });

  it('is found where a role is let in that may not, and its change is recorded', async () => {
    const asAdmin = (principal: Principal): Principal => ({ ...principal, roles: ['admin'] });
    const found = await withHole(asAdmin, () => findingsAs('adjustInventory', 'auditor'));
    expect(found).toContain('201 and not 403');
    expect(found).toContain('has recorded 1 events');
  });
});

describe('the judge', () => {
  const target = targetNamed('getWarehouse');
  const staff = personOf(['warehouse_staff'], 'east');
  const asked = { method: 'GET', url: '/v1/warehouses/EASTID', headers: {} };
  const one = { operation: target.name, person: staff, what: 'own', asked, expected: 200 };
  const answer = { status: 200, text: '{"warehouseId":"EASTID"}', headers: {} };
  const judge = (changes: object, recorded = 0) => findingsOf(one, { ...answer, ...changes }, { canaries, recorded });

  it('finds nothing in what is right', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    ['a word of another', { text: '{"name":"westDepot"}' }, 0, 'tells of westDepot'],
    ['a word of another in a header', { headers: { location: '/v1/warehouses/WESTID' } }, 0, 'tells of WESTID'],
    ['another status', { status: 500 }, 0, '500 and not 200'],
    ['events', {}, 1, 'has recorded 1 events'],
  ])('finds %s', (_, changes, recorded, finding) => {
    expect(judge(changes, recorded)).toEqual([expect.stringContaining(finding)]);
  });

  it('finds that a thing of somebody else is told apart from nothing', () => {
    const [theirs, nothing] = ['No such order.', 'There is none.'].map((detail) => ({
      status: 404,
      text: JSON.stringify({ detail, instance: detail }),
      headers: {},
    }));
    expect(twinFindings(one, theirs!, nothing!)).toEqual([expect.stringContaining('is told apart from nothing')]);
    expect(twinFindings(one, theirs!, { ...theirs!, headers: { ratelimit: 'r=1' } })).toEqual([]);
    expect(twinFindings(one, theirs!, { ...theirs!, headers: { etag: '"7"' } })).toHaveLength(1);
  });

  it('does not blame an answer for what the request has said', () => {
    const said = { ...one, asked: { ...asked, url: '/v1/warehouses/WESTID' } };
    const told = { ...answer, text: '{"instance":"/v1/warehouses/WESTID"}' };
    expect(findingsOf(said, told, { canaries, recorded: 0 })).toEqual([]);
  });
});

it('a new route says what it lacks', () => {
  expect(() => recipeOf('getSecrets')).toThrow('getSecrets has no line in test/security/recipes.ts: say there how');
});
