/**
 * Events as the bytes that go to a reader: each is a whole `ReadResp` message, made once when the event is written and
 * sent as it is to every reader from then on. Field numbers are those of the client's `streams.proto`.
 */

/** What a writer hands over for one event. */
export interface ProposedEvent {
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface FramedEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: number | bigint;
  /** The byte of the log at which it begins: commit and prepare position in one. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

/** Tags of length-delimited fields, and of the numbers of a recorded event. */
const tag = { first: 0x0a, second: 0x12, third: 0x1a, revision: 0x18, prepare: 0x20, commit: 0x28 } as const;
const mapTag = 0x32;
const metadataTag = 0x3a;
const dataTag = 0x42;
/** Seven bits a byte. */
const varintBase = 128;

const writeVarint = (into: number[], value: number): void => {
  let rest = value;
  while (rest >= varintBase) {
    into.push((rest % varintBase) + varintBase);
    rest = Math.floor(rest / varintBase);
  }
  into.push(rest);
};

const writeBigVarint = (into: number[], value: bigint): void => {
  let rest = value;
  while (rest >= 128n) {
    into.push(Number(rest % 128n) + varintBase);
    rest /= 128n;
  }
  into.push(Number(rest));
};

const head = (fieldTag: number, length: number): Buffer => {
  const bytes = [fieldTag];
  writeVarint(bytes, length);
  return Buffer.from(bytes);
};

const field = (fieldTag: number, bytes: Uint8Array): Uint8Array[] => [head(fieldTag, bytes.length), bytes];

const numbers = (revision: number | bigint, position: number): Buffer => {
  const bytes: number[] = [tag.revision];
  if (typeof revision === 'bigint') writeBigVarint(bytes, revision);
  else writeVarint(bytes, revision);
  bytes.push(tag.prepare);
  writeVarint(bytes, position);
  bytes.push(tag.commit);
  writeVarint(bytes, position);
  return Buffer.from(bytes);
};

const entry = (key: string, value: string): Uint8Array[] => {
  const pair = Buffer.concat([...field(tag.first, Buffer.from(key)), ...field(tag.second, Buffer.from(value))]);
  return field(mapTag, pair);
};

/** The server counts in units of 100 ns. */
const ticksOf = (ms: number): string => `${ms}0000`;

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

export const frameOf = (event: FramedEvent): Buffer => {
  const id = Buffer.concat(field(tag.second, Buffer.from(event.id, 'latin1')));
  const name = Buffer.concat(field(tag.third, Buffer.from(event.stream)));
  const recorded = [
    ...field(tag.first, id),
    ...field(tag.second, name),
    numbers(event.revision, event.position),
    ...entry('type', event.type),
    ...entry('content-type', event.contentType),
    ...entry('created', ticksOf(event.createdAtMs)),
    ...(event.metadata.length === 0 ? [] : field(metadataTag, event.metadata)),
    ...(event.data.length === 0 ? [] : field(dataTag, event.data)),
  ];
  const commit = [tag.revision]; // The field number of `ReadEvent.commit_position` happens to be the same.
  writeVarint(commit, event.position);
  const inner = head(tag.first, lengthOf(recorded));
  const outer = head(tag.first, inner.length + lengthOf(recorded) + commit.length);
  return Buffer.concat([outer, inner, ...recorded, Uint8Array.from(commit)]);
};

/** Everything about an event that is no payload: numbers, id, tags, lengths and the names of the metadata entries. */
const frameOverheadBytes = 256;

/** At least as many as `frameOf` makes, known before the position is. */
export const frameBytesAtMost = ({ data, metadata, type, contentType }: ProposedEvent, stream: string): number =>
  frameOverheadBytes +
  data.length +
  metadata.length +
  [type, contentType, stream].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const afterVarint = (frame: Buffer, at: number): number => {
  let next = at;
  while ((frame[next] ?? 0) >= varintBase) next += 1;
  return next + 1;
};

const idLength = 36;

/** Read from the frame, so that no second table of ids is kept for millions of events. */
export const idIn = (frame: Buffer): string => {
  const inner = afterVarint(frame, 1);
  const recorded = afterVarint(frame, inner + 1);
  const id = recorded + 4; // Tag and length of the id message, tag and length of its text.
  return frame.toString('latin1', id, id + idLength);
};
