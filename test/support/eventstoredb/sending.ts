/** Writing to a reader at the speed at which it reads. */
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Failure } from './failures.ts';

/** Answers go out as bytes: events are kept that way. */
export type ReadCall = ServerWritableStream<streamsPb.ReadReq, Buffer>;

/** Resolves when the reader takes more, or is gone. */
const drained = (call: ReadCall): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done).off('cancelled', done).off('close', done);
      resolve();
    };
    call.on('drain', done).on('cancelled', done).on('close', done);
  });

/** @returns false when nobody reads any more. */
export const send = async (call: ReadCall, bytes: Buffer): Promise<boolean> => {
  if (call.cancelled || call.destroyed || call.writableEnded) return false;
  if (!call.write(bytes)) await drained(call);
  return !call.cancelled;
};

/** The generated definitions have no property in which an error ends a stream: it is emitted. */
export const fail = (call: ReadCall, failure: Failure): void => {
  call.emit('error', failure);
};

const bytesOf = (message: streamsPb.ReadResp): Buffer => Buffer.from(message.serializeBinary());

export const caughtUp = (): Buffer => bytesOf(new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp()));

export const confirmation = (subscriptionId: string): Buffer =>
  bytesOf(
    new streamsPb.ReadResp().setConfirmation(
      new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId),
    ),
  );

export const checkpoint = (commit: bigint | number, prepare: bigint | number): Buffer =>
  bytesOf(
    new streamsPb.ReadResp().setCheckpoint(
      new streamsPb.ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)),
    ),
  );

export const streamNotFound = (name: string): Buffer =>
  bytesOf(
    new streamsPb.ReadResp().setStreamNotFound(
      new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(
        new sharedPb.StreamIdentifier().setStreamName(Buffer.from(name)),
      ),
    ),
  );
