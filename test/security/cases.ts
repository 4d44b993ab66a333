/**
 * The matrix: every operation, as everybody, with own, others' and absent ids in its path. What an answer must be is told by
 * rules here, from the policy table and whose the things are; no case has a line of its own.
 */
import { isOfWarehouses, verdictOf } from './people.ts';
import {
  askedOf,
  type Case,
  type Changes,
  type Entered,
  multiStatus,
  notFound,
  people,
  type Target,
  wellOf,
} from './targets.ts';
import { reaches } from './things.ts';
import type { Asked, World } from './world.ts';

/** Everybody, about their own things and those of others: who is not let in is told so before anything is looked at. */
export const entryCases = (target: Target, world: World): readonly Case[] =>
  people.flatMap((person) => {
    const verdict = verdictOf(target.rule, person);
    if (verdict.kind === 'allowed') return [];
    return (['east', 'west'] as const).flatMap((side) =>
      (target.changes ? [true, false] : [false]).map((isDryRun) => ({
        operation: target.name,
        person,
        what: `not let in, to things of the ${side}${isDryRun ? ', tried out' : ''}`,
        asked: askedOf(target, target.recipe.good(world.thingsFor(person, side)), { isDryRun }),
        expected: verdict.status,
      })),
    );
  });

const absent: { readonly [name: string]: string } = {
  warehouseId: 'NOWHERE',
  sku: 'NOTHING',
  lineId: 'nothing',
  reservationId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  keyId: '0000000000000000',
  approvalId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  orderId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  shipmentId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  endpointId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  transferId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  inboundId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  returnId: '01939d1a-6f0a-7cc1-9a54-000000000000',
  linkId: '01939d1a-6f0a-7cc1-9a54-000000000000',
};

/** What is asked with, and what it comes to for who reaches the thing; another's is not found. */
interface Way {
  readonly what: string;
  readonly changes: Changes;
  readonly well: number;
}

const waysOf = (target: Target, position: string): readonly Way[] => {
  const { changes, documented } = target;
  if (!changes) {
    const well = wellOf(target, false);
    const unchanged = documented.operation.responses[304] === undefined ? well : 304;
    return [
      { what: 'read', changes: {}, well },
      { what: 'read by another spelling', changes: { isEncoded: true }, well },
      ...(documented.method === 'GET' ? [{ what: 'HEAD', changes: { method: 'HEAD' }, well }] : []),
      { what: 'If-None-Match', changes: { headers: { 'if-none-match': '*' } }, well: unchanged },
      { what: 'at a position of another', changes: { headers: { 'stockledger-min-position': position } }, well },
    ];
  }
  const well = wellOf(target, true);
  // A weak tag matches nothing, so that all that ever happened is told. Rows of a bulk change have revisions of their own.
  const stale = well === multiStatus ? well : 412;
  const headers = { 'if-match': 'W/"0"' };
  return [
    { what: 'dry run', changes: { isDryRun: true }, well },
    { what: 'dry run by another spelling', changes: { isDryRun: true, isEncoded: true }, well },
    { what: 'If-Match, tried out', changes: { isDryRun: true, headers }, well: stale },
    ...(stale === 412 ? [{ what: 'If-Match', changes: { headers }, well: stale }] : []),
  ];
};

const paramsOf = ({ documented: { path } }: Target): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

type Make = (what: string, asked: Asked, expected: number) => Case;

const makeFor =
  ({ target: { name: operation }, person }: Entered): Make =>
  (what, asked, expected) => ({ operation, person, what, asked, expected });

const isTheirsReached = ({ target, person, role, theirs }: Entered): boolean =>
  reaches(person, role, target.rule.whose, theirs);

/** All that is asked with is one's own, or all of it is another's by its path. */
const wholeCases = (entered: Entered, position: string): readonly Case[] => {
  const { target, own, theirs } = entered;
  const make = makeFor(entered);
  const { good } = target.recipe;
  const isReached = isTheirsReached(entered);
  const isByPath = paramsOf(target).length > 0;
  return waysOf(target, position).flatMap(({ what, changes, well }) => [
    make(`own, ${what}`, askedOf(target, good(own), changes), well),
    ...(isByPath ? [make(`theirs, ${what}`, askedOf(target, good(theirs), changes), isReached ? well : notFound)] : []),
  ]);
};

/** One id of the path is of nothing, or of another, while the rest of the request is one's own. */
const partCases = (entered: Entered): readonly Case[] => {
  const { target, role, own, theirs } = entered;
  const make = makeFor(entered);
  const { good, creates } = target.recipe;
  const mine = good(own);
  const params = paramsOf(target);
  const changes = { isDryRun: target.changes };
  const hasRevision = mine.headers?.['if-match'] !== undefined;
  /** A revision is looked at first, but for a warehouse that is not one's own. */
  const missing = (name: string): number =>
    hasRevision && !(name === 'warehouseId' && isOfWarehouses(role)) ? 412 : notFound;
  const withParam = (name: string, id = ''): Asked =>
    askedOf(target, { ...mine, params: { ...mine.params, [name]: id } }, changes);
  // Where it is all of the path and there is no body, it is theirs as a whole; who reaches it may do as they please.
  const isMixed = params.length > 1 || (mine.body !== undefined && !isTheirsReached(entered));
  return params.flatMap((name) => [
    make(
      `own, but for ${name} of nothing`,
      withParam(name, absent[name]),
      creates === true ? wellOf(target, true) : missing(name),
    ),
    ...(isMixed
      ? [make(`own, but for ${name} of another`, withParam(name, good(theirs).params?.[name]), missing(name))]
      : []),
  ]);
};

export const pathCases = (entered: Entered, position: string): readonly Case[] => [
  ...wholeCases(entered, position),
  ...partCases(entered),
];

export interface Twins {
  readonly theirs: Case;
  readonly nothing: Case;
}

/** Of who doesn't reach a thing: the same asked of it and of nothing. One answer must be as good as the other. */
export const twinCases = (entered: Entered, position: string): readonly Twins[] => {
  const { target, theirs } = entered;
  if (paramsOf(target).length === 0 || isTheirsReached(entered)) return [];
  const make = makeFor(entered);
  const foreign = target.recipe.good(theirs);
  const ofNothing = Object.keys(foreign.params ?? {}).map((name) => [name, absent[name] ?? ''] as const);
  return waysOf(target, position).map(({ what, changes }) => ({
    theirs: make(`of another, ${what}`, askedOf(target, foreign, changes), notFound),
    nothing: make(
      `of nothing, ${what}`,
      askedOf(target, { ...foreign, params: Object.fromEntries(ofNothing) }, changes),
      notFound,
    ),
  }));
};
