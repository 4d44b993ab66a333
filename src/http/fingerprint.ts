/** What makes two requests under one idempotency key the same request. */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Members in one order, whatever order they came in: JSON objects have none (RFC 8259 §4). */
const ordered = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/**
 * SHA-256 in hex of what was asked: the route, its parameters as they are read (so that a path may be spelt in several
 * ways), the query, the body, and the revision that the caller has seen.
 */
export const fingerprintOf = (request: FastifyRequest): string => {
  const { method, routeOptions, params, query, body, headers } = request;
  const asked = { route: routeOptions.url, params, query, body, ifMatch: headers['if-match'] };
  return hash('sha256', `${method} ${JSON.stringify(asked, ordered)}`);
};
