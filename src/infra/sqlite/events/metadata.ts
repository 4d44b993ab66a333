/**
 * The metadata of an event as the file keeps it: ids as 22 characters, one that is the same as another as 0, and who asked
 * by reference, as a client asks again and again. A fifth of the JSON that it stands for, which earlier releases kept.
 */
import type { EventMetadata } from '../../../eventsourcing/message.ts';
import { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Statements } from '../file/writes.ts';
import { idText, uuidBytes } from './ids.ts';

/** Who asked, as JSON: as many rows as clients and people, never changed and never deleted. */
export const authorSchema =
  'CREATE TABLE IF NOT EXISTS authors (id INTEGER PRIMARY KEY, facts TEXT NOT NULL UNIQUE) STRICT';

type Author = Pick<EventMetadata, 'actor' | 'authentication'>;

/** On its way to the file, where the author gets a number. */
export interface PackedMetadata {
  /** JSON; empty: `rest` is all of the metadata, as earlier releases kept it. */
  readonly author: string;
  /** Members of a JSON array, after the number of the author: command, correlation, causation, request. */
  readonly rest: string;
}

/** Before an id that is no UUID in lower case; no digit of base64url. */
const plain = '~';
/** The same as the command. */
const same = 0;

type PackedId = string | typeof same;
type Members = readonly [author: number, command: string, correlation: PackedId, causation: PackedId, request?: string];

const packId = (id: string): string => uuidBytes(id)?.toString('base64url') ?? `${plain}${id}`;

const unpackId = (text: string): string =>
  text.startsWith(plain) ? text.slice(plain.length) : idText(Buffer.from(text, 'base64url'));

const known = ['$correlationId', '$causationId', 'commandId', 'actor', 'authentication', 'request'];

/** A client's changes of one request share both objects, and so does their text. */
const authorTexts = new WeakMap<Author['actor'], { readonly of: Author['authentication']; readonly text: string }>();

const authorText = ({ actor, authentication }: Author): string => {
  const known = authorTexts.get(actor);
  if (known?.of === authentication) return known.text;
  const text = JSON.stringify({ actor, authentication });
  authorTexts.set(actor, { of: authentication, text });
  return text;
};

export const packMetadata = (metadata: EventMetadata): PackedMetadata => {
  // What another release has written into a log that is moved here must stay what it is.
  if (Object.keys(metadata).some((name) => !known.includes(name)))
    return { author: '', rest: JSON.stringify(metadata) };
  const { $correlationId, $causationId, commandId, actor, authentication, request } = metadata;
  const orSame = (id: string): PackedId => (id === commandId ? same : packId(id));
  const members = [packId(commandId), orSame($correlationId), orSame($causationId)];
  const rest = JSON.stringify(request === undefined ? members : [...members, request]);
  return { author: authorText({ actor, authentication }), rest: rest.slice(1, -1) };
};

/** The thread that writes: gives the author its number. */
export const createAuthorNumbers = ({ prepare }: Statements) => {
  const find = prepare('SELECT id FROM authors WHERE facts = ?');
  const add = prepare('INSERT INTO authors (facts) VALUES (?)');
  /** As it is stored. */
  return ({ author, rest }: PackedMetadata): string => {
    if (author === '') return rest;
    const id = find.get(author)?.id ?? add.run(author).lastInsertRowid;
    return `[${Number(id)},${rest}]`;
  };
};

const authorPattern = /^\[(\d+),/;

export interface Authors {
  /** JSON of the author of stored metadata; empty where it names none. @throws StoreDamaged when it is not there. */
  factsOf(stored: string): string;
  unpack(stored: string): EventMetadata;
}

export const createAuthors = ({ prepare }: Statements): Authors => {
  const authors = new Map<string, { readonly facts: string; readonly author: Author }>();

  const authorOf = (stored: string) => {
    const id = authorPattern.exec(stored)?.[1] ?? '';
    const known = authors.get(id);
    if (known !== undefined) return known;
    const facts = prepare('SELECT facts FROM authors WHERE id = ?').get(Number(id))?.facts as string | undefined;
    if (facts === undefined) throw new StoreDamaged(`The author ${id} of an event is missing.`, 'not_written');
    const read = { facts, author: JSON.parse(facts) as Author };
    authors.set(id, read);
    return read;
  };

  return {
    factsOf: (stored) => (stored.startsWith('[') ? authorOf(stored).facts : ''),
    unpack: (stored) => {
      if (!stored.startsWith('[')) return JSON.parse(stored) as EventMetadata;
      const [, command, correlation, causation, request] = JSON.parse(stored) as Members;
      const commandId = unpackId(command);
      return {
        $correlationId: correlation === same ? commandId : unpackId(correlation),
        $causationId: causation === same ? commandId : unpackId(causation),
        commandId,
        ...authorOf(stored).author,
        ...(request === undefined ? {} : { request }),
      };
    },
  };
};
