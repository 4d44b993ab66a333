/** Cursors that another has got: of the same list they go on in what is one's own, of any other they are none. */
import { bodySchemaOf, isObject } from '../http/requests.ts';
import { type Person, personOf } from './people.ts';
import type { Good } from './recipes.ts';
import { askedOf, type Case, type Entered, type Target, wellOf } from './targets.ts';
import { reaches } from './things.ts';
import type { World } from './world.ts';

const isBodyList = ({ documented: { method } }: Target): boolean => method === 'POST';

const hasCursor = (properties: unknown): boolean => isObject(properties) && 'cursor' in properties;

/** In the query, or in the body of a private read. */
export const isList = ({ documented }: Target): boolean =>
  documented.operation.parameters?.some(({ name }) => name === 'cursor') === true ||
  hasCursor(bodySchemaOf(documented)?.properties);

const withCursor = (target: Target, good: Good, cursor: string) =>
  isBodyList(target) && isObject(good.body)
    ? askedOf(target, { ...good, body: { ...good.body, cursor } })
    : askedOf(target, good, { query: `cursor=${encodeURIComponent(cursor)}` });

/** The second page of somebody who sees all. */
const cursorOf = async (world: World, target: Target, person: Person, good: Good): Promise<string> => {
  const asked =
    isBodyList(target) && isObject(good.body)
      ? askedOf(target, { ...good, body: { ...good.body, limit: 1 } })
      : askedOf(target, good, { query: 'limit=1' });
  const { body, text, headers } = await world.ask(person, asked);
  // Where a standard says what the body is, the cursor is in the link alone.
  const linked = /[?&]cursor=([^>&]+)/.exec(headers.link ?? '')?.[1];
  const cursor: unknown = body?.nextCursor ?? linked;
  if (typeof cursor === 'string') return cursor;
  throw new Error(`${target.name} has no second page in this world: ${text.slice(0, 500)}`);
};

/** An administrator sees every list there is. */
const boss = personOf(['admin'], 'west');

export const cursorCases = async (
  { target, person, role, own, theirs }: Entered,
  world: World,
  otherCursor: string,
): Promise<readonly Case[]> => {
  const { name: operation, recipe, rule } = target;
  const [good, foreign] = [recipe.good(own), recipe.good(theirs)];
  const well = wellOf(target, false);
  const make = (what: string, of: Good, cursor: string, expected: number): Case => ({
    operation,
    person,
    what,
    asked: withCursor(target, of, cursor),
    expected,
  });
  const ofSame = await cursorOf(world, target, boss, good);
  const hasPath = foreign.params !== undefined && JSON.stringify(foreign.params) !== JSON.stringify(good.params);
  const ofTheirs = hasPath ? await cursorOf(world, target, boss, foreign) : null;
  const isReached = reaches(person, role, rule.whose, theirs);
  return [
    make('a cursor of this list, from who sees all', good, ofSame, well),
    make('a cursor of another list', good, otherCursor, 400),
    ...(ofTheirs === null
      ? []
      : [
          make("a cursor of theirs for one's own", good, ofTheirs, 400),
          make('a cursor of theirs for theirs', foreign, ofTheirs, isReached ? well : 404),
        ]),
  ];
};

/** Of a list that nobody can name: the warehouses. */
export const cursorOfWarehouses = (world: World, targets: readonly Target[]): Promise<string> => {
  const target = targets.find(({ name }) => name === 'listWarehouses');
  if (target === undefined) throw new Error('there is no list of warehouses');
  return cursorOf(world, target, boss, {});
};
