/** What is wrong with an answer: its status, words that are not for whoever got it, events of a refused call. */
import { policies, type Rule } from '../../src/domain/access/policy.ts';
import type { Answer } from '../support/service.ts';
import { verdictOf } from './people.ts';
import type { Case } from './targets.ts';
import { type Canary, maySee } from './things.ts';

type Told = Pick<Answer, 'status' | 'text' | 'headers'>;

/** Words of somebody else in an answer, which the request has not said itself. */
const leaksIn = (
  { operation, person, asked }: Pick<Case, 'operation' | 'person' | 'asked'>,
  { text, headers }: Pick<Told, 'text' | 'headers'>,
  canaries: readonly Canary[],
): readonly string[] => {
  const rule: Rule = policies[operation];
  const verdict = verdictOf(rule, person);
  const role = verdict.kind === 'allowed' ? verdict.role : null;
  const told = `${text}\n${JSON.stringify(headers)}`.toLowerCase();
  const said = `${decodeURIComponent(asked.url)} ${JSON.stringify(asked.headers)} ${asked.body ?? ''}`.toLowerCase();
  return canaries
    .filter((canary) => person === null || !maySee(canary, { operation, person, role }))
    .map(({ word }) => word)
    .filter((word) => told.includes(word.toLowerCase()) && !said.includes(word.toLowerCase()));
};

const rowStatuses = (text: string): readonly number[] =>
  (JSON.parse(text) as { readonly results: readonly { readonly status: number }[] }).results.map(
    ({ status }) => status,
  );

const hasWrongRows = ({ rowStatus = 200 }: Case, { status, text }: Told): boolean =>
  status === 207 && rowStatuses(text).some((row) => row !== rowStatus);

export const inWords = ({ operation, person, what, asked: { method, url, body = '' } }: Case): string =>
  `${operation} as ${person?.name ?? 'nobody'}, ${what}: ${method} ${url} ${body}`;

/** What of an answer may differ from one to the next of the same kind. */
const passing: readonly string[] = ['ratelimit', 'date'];

/** All that an answer tells, but for what no two answers have the same of. */
const gistOf = ({ status, text, headers }: Told): string => {
  const lasting = Object.entries(headers).filter(([name]) => !passing.includes(name));
  return JSON.stringify([status, text.replace(/"instance":"[^"]*"/, ''), lasting.sort()]);
};

/** Whether a thing of somebody else is told apart from nothing at all. */
export const twinFindings = (asked: Case, theirs: Told, nothing: Told): readonly string[] =>
  gistOf(theirs) === gistOf(nothing)
    ? []
    : [`${inWords(asked)}\n  is told apart from nothing: ${gistOf(theirs)} and ${gistOf(nothing)}`];

/** @param recorded events that it has left in the log, though it should leave none. */
export const findingsOf = (
  asked: Case,
  answer: Told,
  { canaries, recorded }: { readonly canaries: readonly Canary[]; readonly recorded: number },
): readonly string[] => {
  const { status, text } = answer;
  const leaks = leaksIn(asked, answer, canaries);
  return [
    ...(status === asked.expected ? [] : [`${status} and not ${asked.expected}: ${text.slice(0, 300)}`]),
    ...(status === asked.expected && hasWrongRows(asked, answer) ? [`its rows: ${text.slice(0, 300)}`] : []),
    ...(leaks.length === 0 ? [] : [`tells of ${leaks.join(', ')}: ${text.slice(0, 2_000)}`]),
    ...(recorded === 0 ? [] : [`has recorded ${recorded} events`]),
  ].map((finding) => `${inWords(asked)}\n  ${finding}`);
};
