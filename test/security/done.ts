/** Commands that are carried out: under a key of one's own, once more, under another's key, and after one's reach has changed. */
import { annexOf, customerOf, isOfWarehouses, type Person, personOf, warehouseOf } from './people.ts';
import { askedOf, type Case, type Entered, wellOf } from './targets.ts';
import type { Things } from './things.ts';
import type { Asked, World } from './world.ts';

export interface Done extends Case {
  /** The text of the first answer, where this one must be the same. */
  readonly sameAs?: string;
  /** It must say that it is the first answer again, or not. */
  readonly isReplay?: boolean;
}

type Ask = (done: Done) => Promise<{ readonly text: string }>;

const withKey = (asked: Asked, key: string): Asked => ({
  ...asked,
  headers: { ...asked.headers, 'idempotency-key': key },
});

/** The same person before: with both warehouses, or as the other customer. */
const before = ({ person, role }: Entered): Person =>
  role === 'customer'
    ? { ...person, customerId: customerOf('west') }
    : {
        ...person,
        warehouses: ['east' as const, 'west' as const].flatMap((side) => [warehouseOf(side), annexOf(side)]),
      };

const ownOf = async ({ target, person, own }: Entered, world: World): Promise<Things> => {
  const { newName } = world.thingsFor(person, 'east');
  const { needs } = target.recipe;
  return { ...own, newName, ...(needs === undefined ? {} : await world.fresh(needs, person, 'east')) };
};

const theirsOf = async ({ target, theirs }: Entered, by: Person, world: World): Promise<Things> => {
  const { newName } = world.thingsFor(by, 'west');
  const { needs } = target.recipe;
  return { ...theirs, newName, ...(needs === undefined ? {} : await world.fresh(needs, by, 'west')) };
};

/** Each request is sent when the one before it was answered. */
export const doAll = async (entered: Entered, world: World, ask: Ask): Promise<void> => {
  const { target, person, role } = entered;
  const { name: operation, recipe, rule } = target;
  const well = wellOf(target, false);
  const make = (who: Person, what: string, asked: Asked, expected: number): Done => ({
    operation,
    person: who,
    what,
    asked,
    expected,
  });

  const asked = askedOf(target, recipe.good(await ownOf(entered, world)));
  const first = await ask({ ...make(person, 'done', asked, well), isReplay: false });
  await ask({ ...make(person, 'done, and the same again', asked, well), sameAs: first.text, isReplay: true });

  const key = `shared-${operation}-${person.name}`;
  const other = personOf(person.roles, 'west');
  const theirs = withKey(askedOf(target, recipe.good(await theirsOf(entered, other, world))), key);
  await ask(make(other, 'done by another', theirs, well));
  const own = withKey(askedOf(target, recipe.good(await ownOf(entered, world))), key);
  await ask({ ...make(person, 'done under the key of another', own, well), isReplay: false });

  if (rule.whose === 'endpoint' || !(isOfWarehouses(role) || role === 'customer')) return;
  const lost = withKey(askedOf(target, recipe.good(await theirsOf(entered, other, world))), `${key}-lost`);
  await ask(make(before(entered), 'done before a reach was lost', lost, well));
  // The path alone tells that a warehouse is out of reach; of the rest it is the answer that is not shown.
  const status = isOfWarehouses(role) && target.documented.path.includes('{warehouseId}') ? 404 : 409;
  await ask(make(person, 'the same again after a reach was lost', lost, status));
};
