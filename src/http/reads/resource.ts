import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTagOf, isNotModified } from '../input/headers.ts';

/**
 * A single resource with its ETag; nothing but 304 when the caller has this very one (RFC 9110 §13.1.2).
 * @param beside see `entityTagOf`.
 */
export const showResource = <T extends { readonly revision: number }>(
  resource: T,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  beside?: number,
): T | FastifyReply => {
  const tag = entityTagOf(resource.revision, beside);
  reply.header('etag', tag);
  return isNotModified(request, tag) ? reply.code(304).send() : resource;
};
