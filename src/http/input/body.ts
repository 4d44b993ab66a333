/**
 * A body, from its bytes to its JSON, as every reader reads it (RFC 7493, "I-JSON"): valid UTF-8, no member twice, and
 * texts that show as what they are. `JSON.parse` takes the last of two members; a gateway may have judged the first.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Turns } from '../../eventsourcing/concurrency.ts';
import { Problem } from '../problems/problem.ts';

/** Where no length is announced; doubled as often as needed. */
const firstBytes = 4_096;

/**
 * Reads a body into one piece of memory: a client may send it byte by byte, and each part that is kept takes 200 bytes.
 * @param done told once: the bytes, or a Problem when they are more than the route takes, or did not come to their end.
 */
const readBody = (
  request: FastifyRequest,
  payload: IncomingMessage,
  done: (fault: Problem | null, bytes?: Buffer) => void,
): void => {
  const { bodyLimit } = request.routeOptions;
  const tooLarge = (): Problem => new Problem('BODY_TOO_LARGE', 'The body is too large.');
  const header = request.headers['content-length'];
  const announced = header === undefined ? null : Number(header);
  if (announced !== null && announced > bodyLimit) {
    done(tooLarge());
    return;
  }
  let bytes = Buffer.allocUnsafe(Math.min(announced ?? firstBytes, bodyLimit));
  let length = 0;

  const end = (fault: Problem | null): void => {
    payload.removeListener('data', take).removeListener('end', finish).removeListener('error', fail);
    done(fault, bytes.subarray(0, length));
  };
  const finish = (): void => end(null);
  const fail = (): void => end(new Problem('MALFORMED_REQUEST', 'The body did not arrive.'));
  const take = (part: Buffer): void => {
    if (length + part.length > bodyLimit) {
      end(tooLarge());
      return;
    }
    if (length + part.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(bodyLimit, Math.max(2 * bytes.length, length + part.length)));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    part.copy(bytes, length);
    length += part.length;
  };
  payload.on('data', take).on('end', finish).on('error', fail);
};

/** U+0000 ends texts in other languages; controls of writing direction show a text as another than it is (CVE-2021-42574). */
const misleading = /[\0\u202a-\u202e\u2066-\u2069]/;
/** A source without any of this has no misleading text; valid UTF-8 has no half of a surrogate pair. */
const suspicious = /[\u202a-\u202e\u2066-\u2069]|\\u|__proto__/;
const byteOrderMark = 0xfe_ff;
const [quote, colon, backslash] = [0x22, 0x3a, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

export const isWellFormed = (text: string): boolean => text.isWellFormed() && !misleading.test(text);
export const illFormed = 'has U+0000, half of a surrogate pair, or a control of writing direction';

/** `pointer`: JSON pointer (RFC 6901) of what is wrong, or of the object that has a name which can't be shown. */
interface MisleadingText {
  readonly pointer: string;
  readonly message: string;
}
/** `fault`: it is no JSON that all readers read alike. */
type JsonReading = { readonly value: unknown } | { readonly fault: string } | MisleadingText;

const isEscaped = (source: string, at: number): boolean => {
  let before = at - 1;
  while (source.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
};

const endOfText = (source: string, start: number): number => {
  let at = source.indexOf('"', start + 1);
  while (at >= 0 && isEscaped(source, at)) at = source.indexOf('"', at + 1);
  return at < 0 ? source.length : at;
};

/** Deepest of ours: a list of rows with a list in each. More only makes parsers work (10 MB/s instead of 100). */
const levelsMax = 32;

/** How many members are written: in JSON each colon outside a text belongs to one. `null`: nested too deeply. */
const membersWritten = (source: string): number | null => {
  let [members, level] = [0, 0];
  for (let at = 0; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code === quote) at = endOfText(source, at);
    else if (code === colon) members += 1;
    else if (code === openBracket || code === openBrace) {
      level += 1;
      if (level > levelsMax) return null;
    } else if (code === closeBracket || code === closeBrace) level -= 1;
  }
  return members;
};

const childrenOf = (value: object): readonly unknown[] => (Array.isArray(value) ? value : Object.values(value));

const membersRead = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let members = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const child of childrenOf(value)) if (typeof child === 'object') members += membersRead(child);
  return members;
};

/** The first text or name that may not be, or `null`. */
const misleadingIn = (value: unknown, pointer = ''): MisleadingText | null => {
  if (typeof value === 'string') return isWellFormed(value) ? null : { pointer, message: illFormed };
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, child] of Object.entries(value)) {
    if (!isWellFormed(name)) return { pointer, message: illFormed };
    const below = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    // A copy of the object would get it as its prototype.
    if (name === '__proto__') return { pointer: below, message: 'is no name of a member' };
    const found = misleadingIn(child, below);
    if (found !== null) return found;
  }
  return null;
};

const decode = (bytes: Buffer): string => {
  const source = bytes.toString('utf8');
  return source.charCodeAt(0) === byteOrderMark ? source.slice(1) : source;
};

export const readStrictJson = (bytes: Buffer): JsonReading => {
  if (!isUtf8(bytes)) return { fault: 'The body is not valid UTF-8.' };
  const source = decode(bytes);
  const written = membersWritten(source);
  if (written === null) return { fault: `The body is nested more than ${levelsMax} levels deep.` };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { fault: 'The body could not be parsed.' };
  }
  if (membersRead(value) !== written) return { fault: 'An object in the body names a member twice.' };
  return (suspicious.test(source) ? misleadingIn(value) : null) ?? { value };
};

const none = Buffer.alloc(0);
const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/** RFC 8259 §8.1 knows no other charset, and nothing here unpacks (a small body may be large unpacked). */
const requirePlain = ({ headers }: FastifyRequest): void => {
  const named = charset.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (named !== undefined && named !== 'utf-8' && named !== 'utf8') {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'JSON is taken in UTF-8 only.');
  }
  if (headers['content-encoding'] !== undefined) {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body without Content-Encoding.');
  }
};

export const misleadingText = ({ pointer, message }: MisleadingText): Problem =>
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
  throw 'fault' in reading ? new Problem('MALFORMED_JSON', reading.fault) : misleadingText(reading);
};

/** @param turns bodies that arrive together are parsed in turns: one caller may have 3 MB of them. */
export const registerJsonBodies = (app: FastifyInstance, turns: Turns): void => {
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
};
