/** How large a body may be, and how many bytes of them may be worked on at once. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { CommandSpec } from '../routeSpec.ts';
import { callerKey, createShares, type Shares } from '../shares.ts';
import { jsonBytesMax } from './bounds.ts';

/** An order of 1,000 lines has some 100 kB; bulk changes have a bound of their own. */
const bodyDefaultBytesMax = 512 * 1_024;
/** Of a route that takes none: a client may send `{}` all the same. */
const noBodyBytesMax = 1_024;
/**
 * A body takes some sixteen times its bytes until it is answered: text, values, events, their JSON, the answer. So many
 * at once leave half of the heap of `npm start` to the rest.
 */
const bodiesBytesMax = 6 * 1_024 * 1_024;
/** A body that announces at most this is not counted: it weighs no more than its request. */
const smallBytesMax = 1_024;
/** The largest body there is, and a few orders beside it. */
const bodiesOfCallerBytesMax = 3 * 1_024 * 1_024;

export const createBodyShares = (): Shares =>
  createShares({ what: 'bytes of bodies', total: bodiesBytesMax, perCaller: bodiesOfCallerBytesMax });

/** No more than its schema can take, so that a change of one field never reads half a megabyte. */
export const bodyLimitOf = ({
  body,
  bodyBytesMax,
}: Pick<CommandSpec<TSchema, TSchema>, 'body' | 'bodyBytesMax'>): number =>
  body === undefined ? noBodyBytesMax : Math.min(jsonBytesMax(body), bodyBytesMax ?? bodyDefaultBytesMax);

const bytesOf = ({ headers }: FastifyRequest, bodyLimit: number): number => {
  const announced = Number(headers['content-length'] ?? bodyLimit);
  return Number.isSafeInteger(announced) ? Math.min(announced, bodyLimit) : bodyLimit;
};

/**
 * Before a body is read. What is worked on weighs until it is done, whether or not its client is still there.
 * @throws Problem when too much is under way.
 */
export const holdBody = (shares: Shares, request: FastifyRequest, { raw }: FastifyReply, bodyLimit: number): void => {
  const bytes = bytesOf(request, bodyLimit);
  if (bytes <= smallBytesMax && request.headers['content-length'] !== undefined) return;
  const share = shares.take(callerKey(request.caller), bytes);
  const release = (): void => {
    if (!request.isWorkedOn) share.release();
  };
  request.bodyShare = share;
  raw.once('finish', release);
  raw.once('close', release);
};
