/** Lists: a page, and where the next one is (API.md "Lists"). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page, PageRequest } from '../projections/page.ts';

const limitDefault = 50;

export const pageRequestOf = ({
  limit,
  cursor,
}: {
  readonly limit?: number;
  readonly cursor?: string;
}): PageRequest => ({
  limit: limit ?? limitDefault,
  ...(cursor === undefined ? {} : { cursor }),
});

export const answerPage = <T, U>(
  page: Page<T>,
  request: FastifyRequest,
  reply: FastifyReply,
  show: (item: T) => U,
): { readonly items: readonly U[]; readonly nextCursor: string | null } => {
  const { items, nextCursor } = page;
  if (nextCursor !== null) {
    const [path = '', query = ''] = request.url.split('?');
    const parameters = new URLSearchParams(query);
    parameters.set('cursor', nextCursor);
    reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
  }
  return { items: items.map(show), nextCursor };
};
