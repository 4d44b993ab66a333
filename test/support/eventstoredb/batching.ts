/** The batch call: one stream of requests and answers for all event streams of a client. */
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { type Appender, type AppendRequest, eventOf, expectedOf, type Outcome } from './appending.ts';
import { dropped, type Failure, threw } from './failures.ts';
import type { AppendFate } from './faults.ts';
import type { ProposedEvent } from './frames.ts';
import { nameOf } from './reading.ts';
import { appendBytesMax } from './writes.ts';

export type BatchCall = ServerDuplexStream<streamsPb.BatchAppendReq, streamsPb.BatchAppendResp>;

interface Details {
  serializeBinary(): Uint8Array;
}

const statusOf = (message: string, type: string, details: Details): statusPb.Status => {
  const packed = new anyPb.Any();
  packed.pack(details.serializeBinary(), type);
  return new statusPb.Status().setMessage(message).setDetails(packed);
};

const known = (name: string, details: Details): statusPb.Status =>
  statusOf(name, `event_store.client.${name}`, details);

const wrongVersion = ({ expected }: AppendRequest, head: number): sharedPb.WrongExpectedVersion => {
  const wrong = new sharedPb.WrongExpectedVersion();
  if (expected === 'any') wrong.setExpectedAny(new emptyPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new emptyPb.Empty());
  else wrong.setExpectedStreamPosition(String(expected));
  if (head < 0) wrong.setCurrentNoStream(new emptyPb.Empty());
  else wrong.setCurrentStreamRevision(String(head));
  return wrong;
};

type Refused = Exclude<Outcome, { readonly kind: 'success' | 'notLeader' | 'broken' }>;

const errorOf = (request: AppendRequest, outcome: Refused): statusPb.Status => {
  switch (outcome.kind) {
    case 'wrong':
      return known('WrongExpectedVersion', wrongVersion(request, outcome.head));
    case 'deleted':
      return known('StreamDeleted', new sharedPb.StreamDeleted());
    case 'tooLarge':
      return known(
        'MaximumAppendSizeExceeded',
        new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(appendBytesMax),
      );
    case 'timedOut':
      return known('Timeout', new sharedPb.Timeout());
    case 'notReady':
      return statusOf('Server Is Not Ready', 'google.protobuf.Empty', new emptyPb.Empty());
  }
};

const successOf = (revision: number, position: number | null): streamsPb.BatchAppendResp.Success => {
  const success = new streamsPb.BatchAppendResp.Success().setCurrentRevision(String(revision));
  if (position === null) return success.setNoPosition(new emptyPb.Empty());
  const at = new sharedPb.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position));
  return success.setPosition(at);
};

/** What has come of one append so far; it may come in several messages. */
interface Pending {
  readonly id: sharedPb.UUID;
  readonly stream: string;
  readonly expected: AppendRequest['expected'];
  readonly deadline: Date | undefined;
  readonly events: (ProposedEvent | null)[];
}

/** An answer that waits for a later one to overtake it goes by itself after this time. */
const swapMaxMs = 50;

export interface BatchContext {
  readonly appender: Appender;
  readonly fate: () => AppendFate;
  readonly notLeader: () => Failure;
}

export const runBatch = (call: BatchCall, { appender, fate, notLeader }: BatchContext): void => {
  const pending = new Map<string, Pending>();
  let held: (() => void) | null = null;
  let isOver = false;

  /** One bad request, or one from a server that does not lead, ends the call for all that wait on it. */
  const failAll = (failure: Failure): void => {
    if (isOver) return;
    isOver = true;
    call.emit('error', failure);
  };

  const release = (): void => {
    const waiting = held;
    held = null;
    waiting?.();
  };

  const reply = ({ id, stream }: Pending, fill: (response: streamsPb.BatchAppendResp) => void): void => {
    if (isOver || call.cancelled) return;
    const response = new streamsPb.BatchAppendResp().setCorrelationId(id);
    response.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream)));
    fill(response);
    call.write(response);
  };

  const answerWith =
    (request: AppendRequest, to: Pending, { isSwapped }: AppendFate) =>
    (outcome: Outcome) => {
      if (outcome.kind === 'notLeader' || outcome.kind === 'broken') {
        failAll(outcome.kind === 'broken' ? dropped : notLeader());
        return;
      }
      const say = (): void =>
        reply(to, (response) => {
          if (outcome.kind === 'success') response.setSuccess(successOf(outcome.revision, outcome.position));
          else response.setError(errorOf(request, outcome));
        });
      if (isSwapped && held === null) {
        held = say;
        setTimeout(release, swapMaxMs).unref();
        return;
      }
      say();
      release();
    };

  const finish = (to: Pending): void => {
    const { stream, expected, events, deadline } = to;
    if (stream === '' || !events.every((event) => event !== null)) {
      reply(to, (response) => response.setError(known('BadRequest', new sharedPb.BadRequest())));
    } else if (deadline !== undefined && deadline.getTime() < Date.now()) {
      reply(to, (response) => response.setError(known('Timeout', new sharedPb.Timeout())));
    } else {
      const request = { stream, expected, events };
      const its = fate();
      appender.append(request, its, answerWith(request, to, its));
    }
  };

  const begin = (message: streamsPb.BatchAppendReq): Pending | null => {
    const options = message.getOptions();
    const id = message.getCorrelationId();
    const expected = options === undefined ? null : expectedOf(options, options.getStreamPosition());
    if (options === undefined || id === undefined || expected === null) return null;
    const stream = nameOf(options.getStreamIdentifier()?.getStreamName_asU8());
    return { id, stream, expected, deadline: options.getDeadline()?.toDate(), events: [] };
  };

  call.on('data', (message: streamsPb.BatchAppendReq) => {
    const key = message.getCorrelationId()?.getString() ?? '';
    const to = pending.get(key) ?? begin(message);
    if (to === null) {
      failAll(threw('Exception was thrown by handler.'));
      return;
    }
    to.events.push(...message.getProposedMessagesList().map(eventOf));
    if (!message.getIsFinal()) {
      pending.set(key, to);
      return;
    }
    pending.delete(key);
    finish(to);
  });
  call.on('end', () => {
    release();
    if (!isOver) call.end();
  });
  call.on('error', () => {
    isOver = true; // The client is gone; there is nobody left to tell.
  });
};
