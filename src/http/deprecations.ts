/**
 * What of the contract is about to end (R14.2): the one table. A line here makes the headers of each answer, the mark in the
 * document and, when its time has come, the refusal. docs/versions.md says what is promised.
 */
import type { FastifyReply } from 'fastify';
import type { Operation } from '../domain/access/policy.ts';
import type { Clock } from '../eventsourcing/ports.ts';
import { Problem } from './problems/problem.ts';
import type { ProblemCode } from './problems/problemCodes.ts';

export interface Deprecation {
  /** Since when nobody should begin with it, ISO 8601 UTC. */
  readonly deprecatedAt: string;
  /** From when it is not served any more; at least half a year later. */
  readonly sunsetAt: string;
  /** A page that says what to do instead. */
  readonly guide: string;
}

export type Deprecations = { readonly [Name in Operation]?: Deprecation };

/** None so far. */
export const deprecations: Deprecations = {};

/** `Deprecation` (RFC 9745 §2), `Sunset` (RFC 8594 §3), and where it is explained. */
const headersOf = ({ deprecatedAt, sunsetAt, guide }: Deprecation) => ({
  deprecation: `@${Math.floor(Date.parse(deprecatedAt) / 1_000)}`,
  sunset: new Date(sunsetAt).toUTCString(),
  link: `<${guide}>; rel="deprecation"; type="text/html"`,
});

interface Ending {
  /** Before anything else is done for a request. Absent: the operation stays. @throws Problem once its time has come. */
  readonly announce?: (reply: FastifyReply) => void;
  /** Of the document. */
  readonly mark: { readonly deprecated?: true };
  readonly problems: readonly ProblemCode[];
}

const stays: Ending = { mark: {}, problems: [] };

/** What an operation that is about to end adds to its route. */
export const endingOf = (deprecation: Deprecation | undefined, clock: Clock): Ending => {
  if (deprecation === undefined) return stays;
  const headers = headersOf(deprecation);
  const endsAtMs = Date.parse(deprecation.sunsetAt);
  const announce = (reply: FastifyReply): void => {
    reply.headers(headers);
    if (Date.parse(clock.now()) < endsAtMs) return;
    throw new Problem('NO_LONGER_SERVED', `It was served until ${deprecation.sunsetAt}. See ${deprecation.guide}.`);
  };
  return { announce, mark: { deprecated: true }, problems: ['NO_LONGER_SERVED'] };
};
