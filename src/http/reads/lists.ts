/**
 * Lists: a page, and where the next one is (docs/openapi.json). A cursor leaves the service sealed, for the list and the
 * filters it was made for: it holds a name that not every caller may see, and a client may not choose where a page begins.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PersonalData } from '../../commands/ports.ts';
import type { Operation } from '../../domain/access/policy.ts';
import type { Sealed } from '../../eventsourcing/message.ts';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { InvalidCursor, type Page, type PageRequest } from '../../eventsourcing/projecting/page.ts';

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

interface ListAnswer<U> {
  readonly items: readonly U[];
  /** `route.ts` seals it. */
  readonly nextCursor: string | null;
  /** Answered in place of items and cursor, where a standard says how: the next page is in the link alone. */
  readonly document?: object;
}

export const answerPage = <T, U>({ items, nextCursor }: Page<T>, show: (item: T) => U): ListAnswer<U> => ({
  items: items.map(show),
  nextCursor,
});

/** The same where it takes time to show an item. */
export const answerPageOf = async <T, U>(page: Page<T>, show: (item: T) => Promise<U>): Promise<ListAnswer<U>> => ({
  items: await Promise.all(page.items.map(show)),
  nextCursor: page.nextCursor,
});

/** One key for all cursors, the same in every process. They hold no personal data, and are never erased. */
const subject = 'cursors';

type RequestQuery = Readonly<Record<string, unknown>>;

/** A private one comes in a body. */
export const queryOf = ({ method, query, body }: Pick<FastifyRequest, 'method' | 'query' | 'body'>): RequestQuery =>
  (method === 'POST' ? body : query) as RequestQuery;

/** A cursor is valid for this list and these filters; pages of another size go on from the same place. */
const contextOf = (operation: Operation, request: FastifyRequest): string => {
  const { cursor: _, limit: __, ...filters } = queryOf(request);
  const sorted = Object.entries({ ...(request.params as RequestQuery), ...filters }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return `cursor/${operation}/${JSON.stringify(sorted)}`;
};

/** The decoder takes other spellings too; only the one that was given out is valid. */
const isCanonical = (cursor: string): boolean => {
  const [body = ''] = cursor.split('.').slice(-1);
  return Buffer.from(body, 'base64url').toString('base64url') === body;
};

const isListed = (answer: unknown): answer is ListAnswer<unknown> =>
  typeof answer === 'object' && answer !== null && 'items' in answer && 'nextCursor' in answer;

export interface Cursors {
  /** The query with its cursor as the read side made it. @throws InvalidCursor */
  opened(operation: Operation, request: FastifyRequest): Promise<unknown>;
  /** A page with its cursor sealed, and the link to the next one if it has an address; any other answer as it is. */
  sealed(operation: Operation, answer: unknown, reply: FastifyReply): Promise<unknown>;
}

export const createCursors = ({ seal, open }: Pick<PersonalData, 'seal' | 'open'>): Cursors => {
  const opened: Cursors['opened'] = async (operation, request) => {
    const query = queryOf(request);
    const { cursor } = query as { readonly cursor?: string };
    if (cursor === undefined) return query;
    if (!isCanonical(cursor)) throw new InvalidCursor('not a cursor of ours');
    const text = await open(cursor as Sealed, contextOf(operation, request)).catch((error: unknown) => {
      if (error instanceof StoreUnavailable) throw error;
      throw new InvalidCursor('not a cursor of this list', { cause: error });
    });
    if (typeof text !== 'string') throw new InvalidCursor('its key is gone');
    return { ...query, cursor: text };
  };

  const sealed: Cursors['sealed'] = async (operation, answer, reply) => {
    if (!isListed(answer)) return answer;
    if (answer.nextCursor === null) return answer.document ?? answer;
    const { request } = reply;
    const nextCursor = await seal(subject, contextOf(operation, request), answer.nextCursor);
    // The next page of a POST is another POST, which no link can name.
    if (request.method === 'POST') return { ...answer, nextCursor };
    const [path = '', query = ''] = request.url.split('?');
    const parameters = new URLSearchParams(query);
    parameters.set('cursor', nextCursor);
    const next = `<${path}?${parameters.toString()}>; rel="next"`;
    const others = reply.getHeader('link');
    reply.header('link', others === undefined ? next : `${String(others)}, ${next}`);
    return answer.document ?? { ...answer, nextCursor };
  };

  return { opened, sealed };
};
