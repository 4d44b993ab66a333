/** Both append calls: what a request says, what becomes of it, and how the answer is written down. */
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected } from './check.ts';
import type { AppendFate } from './faults.ts';
import type { ProposedEvent } from './frames.ts';
import { nameOf } from './reading.ts';
import { deletedRevision } from './streams.ts';
import type { Appended, Writes } from './writes.ts';

export interface AppendRequest {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
}

export type Outcome =
  | Exclude<Appended, { readonly kind: 'unsettled' }>
  | { readonly kind: 'timedOut' }
  /** The call ends as if the connection had gone. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'notLeader' }
  | { readonly kind: 'notReady' };

export interface Appender {
  /** Answers at once unless a fault delays it, so that requests keep their order; or never. */
  readonly append: (request: AppendRequest, fate: AppendFate, answer: (outcome: Outcome) => void) => void;
}

export interface AppenderOptions {
  readonly writes: Writes;
  readonly refusal: () => 'notLeader' | 'notReady' | null;
  /** How long a write takes to be known everywhere; its answer waits for that, and its repeats get none. */
  readonly commitMs: number;
  /** How long the server waits for that before it gives up. */
  readonly commitTimeoutMs: number;
}

const later = (delayMs: number, act: () => void): void => {
  if (delayMs <= 0) act();
  else setTimeout(act, delayMs).unref();
};

/** Even without a delay no repeat that was sent together with the first is answered: only who has the answer asks again. */
const settleLater = ({ settle }: { readonly settle?: () => void }, commitMs: number): void => {
  if (settle === undefined) return;
  if (commitMs > 0) later(commitMs, settle);
  else setImmediate(settle);
};

export const createAppender = ({ writes, refusal, commitMs, commitTimeoutMs }: AppenderOptions): Appender => ({
  append: (request, fate, answer) => {
    const refused = refusal();
    if (refused !== null) {
      answer({ kind: refused });
      return;
    }
    const act = (): void => {
      const appended = writes.append(request.stream, request.expected, request.events);
      const isFresh = appended.kind === 'success' && appended.settle !== undefined;
      if (appended.kind === 'success') settleLater(appended, commitMs);
      if (fate.answer === 'lost') return;
      if (fate.answer === 'broken') answer({ kind: 'broken' });
      else if (appended.kind === 'unsettled' || fate.answer === 'falseTimeout') {
        later(commitTimeoutMs, () => answer({ kind: 'timedOut' }));
      } else later((isFresh ? commitMs : 0) + fate.answerDelayMs, () => answer(appended));
    };
    if (fate.isWritten) later(fate.writeDelayMs, act);
  },
});

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const nilUuid = '00000000-0000-0000-0000-000000000000';

/** The messages of both calls have the same getters. */
type ProposedMessage = streamsPb.AppendReq.ProposedMessage | streamsPb.BatchAppendReq.ProposedMessage;

/** @returns null for what the server does not take: an id that is none. */
export const eventOf = (message: ProposedMessage): ProposedEvent | null => {
  const id = message.getId()?.getString().toLowerCase() ?? '';
  if (!uuid.test(id) || id === nilUuid) return null;
  const map = message.getMetadataMap();
  return {
    id,
    type: map.get('type') ?? '',
    contentType: map.get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
};

interface ExpectedOptions {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

/** @returns null for a revision that is none: negative ones arrive as very large ones. */
export const expectedOf = (options: ExpectedOptions, revision: string): Expected | null => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  const exact = BigInt(revision);
  return exact >= deletedRevision ? null : exact;
};

export const singleRequestOf = (
  options: streamsPb.AppendReq.Options | undefined,
  messages: readonly streamsPb.AppendReq.ProposedMessage[],
): AppendRequest | null => {
  const stream = nameOf(options?.getStreamIdentifier()?.getStreamName_asU8());
  const expected = options === undefined ? null : expectedOf(options, options.getRevision());
  const events = messages.map(eventOf);
  if (stream === '' || expected === null) return null;
  return events.every((event) => event !== null) ? { stream, expected, events } : null;
};

const wrongVersion = ({ expected }: AppendRequest, head: number): streamsPb.AppendResp.WrongExpectedVersion => {
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (expected === 'any') wrong.setExpectedAny(new sharedPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new sharedPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
  else wrong.setExpectedRevision(String(expected));
  if (head < 0) wrong.setCurrentNoStream(new sharedPb.Empty());
  else wrong.setCurrentRevision(String(head));
  return wrong;
};

type Answered = Extract<Outcome, { readonly kind: 'success' } | { readonly kind: 'wrong' }>;

export const singleAnswer = (request: AppendRequest, outcome: Answered): streamsPb.AppendResp => {
  const answer = new streamsPb.AppendResp();
  if (outcome.kind === 'wrong') return answer.setWrongExpectedVersion(wrongVersion(request, outcome.head));
  const success = new streamsPb.AppendResp.Success().setCurrentRevision(String(outcome.revision));
  if (outcome.position === null) success.setNoPosition(new sharedPb.Empty());
  else {
    const position = new streamsPb.AppendResp.Position();
    success.setPosition(
      position.setCommitPosition(String(outcome.position)).setPreparePosition(String(outcome.position)),
    );
  }
  return answer.setSuccess(success);
};
