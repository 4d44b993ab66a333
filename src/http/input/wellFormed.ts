/** What every request must be before anything looks at what it says: text in UTF-8 that shows as what it is. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Turns } from '../../eventsourcing/concurrency.ts';
import { Problem } from '../problems/problem.ts';
import { readBody } from './readBody.ts';
import { illFormed, isWellFormed, type Misleading, readStrictJson } from './strictJson.ts';

const none = Buffer.alloc(0);
const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const utf8: ReadonlySet<string> = new Set(['utf-8', 'utf8']);

/** RFC 8259 §8.1 knows no other charset, and nothing here unpacks (a small body may be large unpacked). */
const requirePlain = ({ headers }: FastifyRequest): void => {
  const named = charset.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (named !== undefined && !utf8.has(named)) {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'JSON is taken in UTF-8 only.');
  }
  if (headers['content-encoding'] !== undefined) {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body without Content-Encoding.');
  }
};

const problemOf = ({ pointer, message }: Misleading): Problem =>
  new Problem('VALIDATION', `${pointer || 'The body'} ${message}.`, {
    members: { errors: [{ pointer, message }] },
  });

/** @throws Problem */
const parse = (request: FastifyRequest, bytes: Buffer): unknown => {
  requirePlain(request);
  // A content type without content is no body: many clients always send the header.
  if (bytes.length === 0) return undefined;
  const reading = readStrictJson(bytes);
  if ('value' in reading) return reading.value;
  throw 'fault' in reading ? new Problem('MALFORMED_JSON', reading.fault) : problemOf(reading);
};

/** Without an escape there is nothing in an address that HTTP lets through and we don't. */
const hasEscapes = ({ url }: FastifyRequest): boolean => url.includes('%');

const requireWellFormed = (part: string, fields: object): void => {
  for (const [name, value] of Object.entries(fields)) {
    for (const text of [name, ...[value as unknown].flat()]) {
      if (typeof text !== 'string' || isWellFormed(text)) continue;
      throw problemOf({ pointer: `/${part}/${isWellFormed(name) ? name : ''}`, message: illFormed });
    }
  }
};

/**
 * @param turns bodies that arrive together are parsed in turns: one caller may have 3 MB of them; so are requests handled:
 * the answers to a hundred large ones are not one piece of work.
 */
export const registerWellFormed = (app: FastifyInstance, turns: Turns): void => {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', (request, payload, done) => {
    readBody(request, payload, (fault, bytes = none) => {
      const parseNow = (): void => {
        try {
          done(null, parse(request, bytes));
        } catch (error) {
          done(error as Error);
        }
      };
      if (fault !== null) {
        done(fault);
        return;
      }
      const turn = turns.take();
      if (turn === null) parseNow();
      else void turn.then(parseNow);
    });
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (hasEscapes(request)) {
      try {
        requireWellFormed('params', request.params as object);
        requireWellFormed('querystring', request.query as object);
      } catch (error) {
        done(error as Error);
        return;
      }
    }
    const turn = turns.take();
    if (turn === null) done();
    else void turn.then(() => done());
  });
};
