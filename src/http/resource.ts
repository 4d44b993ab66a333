import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTagOf, isNotModified } from './headers.ts';

/** A single resource with its ETag; nothing but 304 when the caller has this very revision (RFC 9110 §13.1.2). */
export const showResource = <T extends { readonly revision: number }>(
  resource: T,
  request: FastifyRequest,
  reply: FastifyReply,
): T | FastifyReply => {
  reply.header('etag', entityTagOf(resource.revision));
  return isNotModified(request, resource.revision) ? reply.code(304).send() : resource;
};
