/**
 * The log in a file, so that the server can be killed and come back. One block for each write: its length, then each
 * event as position, length and frame. A write is answered after it is in the file; a torn last block is cut off.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { nameOf } from './reading.ts';
import type { EventFacts, Recorded } from './store.ts';

const lengthBytes = 4;
const positionBytes = 8;
const eventHeadBytes = positionBytes + lengthBytes;

export interface LogFile {
  readonly append: (events: readonly Recorded[]) => void;
  readonly close: () => void;
}

const blockOf = (events: readonly Recorded[]): Buffer => {
  const parts = events.flatMap(({ position, frame }) => {
    const head = Buffer.alloc(eventHeadBytes);
    head.writeDoubleLE(position, 0);
    head.writeUInt32LE(frame.length, positionBytes);
    return [head, frame];
  });
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...parts]);
};

function* eventsIn(block: Buffer): Generator<Recorded> {
  for (let at = 0; at < block.length; ) {
    const end = at + eventHeadBytes + block.readUInt32LE(at + positionBytes);
    yield { position: block.readDoubleLE(at), frame: block.subarray(at + eventHeadBytes, end) };
    at = end;
  }
}

/** The server's clock counts in units of 100 ns. */
const ticksPerMs = 10_000;

const factsOf = (frame: Buffer): EventFacts => {
  const event = streamsPb.ReadResp.deserializeBinary(frame).getEvent()?.getEvent();
  if (event === undefined) throw new Error('the log file holds something that is no event');
  const metadata = event.getMetadataMap();
  return {
    stream: nameOf(event.getStreamIdentifier()?.getStreamName_asU8()),
    type: metadata.get('type') ?? '',
    createdAtMs: Number(metadata.get('created')) / ticksPerMs,
    data: event.getData_asU8(),
  };
};

/** Reads what is there, calls `restore` for each event in order, and goes on behind it. */
export const openLogFile = (path: string, restore: (recorded: Recorded, facts: EventFacts) => void): LogFile => {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  const size = fstatSync(file).size;
  let end = 0;
  const head = Buffer.alloc(lengthBytes);
  while (end + lengthBytes <= size) {
    readSync(file, head, 0, lengthBytes, end);
    const block = Buffer.alloc(head.readUInt32LE());
    if (end + lengthBytes + block.length > size) break;
    readSync(file, block, 0, block.length, end + lengthBytes);
    for (const recorded of eventsIn(block)) restore(recorded, factsOf(recorded.frame));
    end += lengthBytes + block.length;
  }
  ftruncateSync(file, end);
  return {
    append: (events) => {
      const block = blockOf(events);
      writeSync(file, block, 0, block.length, end);
      end += block.length;
    },
    close: () => closeSync(file),
  };
};
