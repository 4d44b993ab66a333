/** What makes two requests under one idempotency key the same request. */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

type Members = Readonly<Record<string, unknown>>;

/** Whether the members of all objects in it are in order already: then nothing has to be copied. */
const isOrdered = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isOrdered);
  let before = '';
  for (const name in value) {
    if (name < before || !isOrdered((value as Members)[name])) return false;
    before = name;
  }
  return true;
};

/** Members in one order, whatever order they came in: JSON objects have none (RFC 8259 §4). */
const ordered = (_name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) sorted[name] = (value as Members)[name];
  return sorted;
};

const namesByRoute = new Map<string, readonly string[]>();

/** The parameters of a route are always the same ones, so their order is found once. */
const orderedParams = (route: string, params: Members): Members => {
  const names = namesByRoute.get(route) ?? Object.keys(params).sort();
  namesByRoute.set(route, names);
  const sorted: Record<string, unknown> = {};
  for (const name of names) sorted[name] = params[name];
  return sorted;
};

/**
 * SHA-256 in hex of what was asked: the route, its parameters as they are read (so that a path may be spelt in several
 * ways), the query, the body, and the revision that the caller has seen.
 */
export const fingerprintOf = (request: FastifyRequest): string => {
  const { method, query, body, headers } = request;
  const { url: route = '' } = request.routeOptions;
  const params = orderedParams(route, request.params as Members);
  const asked = { body, ifMatch: headers['if-match'], params, query, route };
  return hash('sha256', `${method} ${isOrdered(asked) ? JSON.stringify(asked) : JSON.stringify(asked, ordered)}`);
};
