/** The gRPC services on a store: requests in, answers out. */
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerReadableStream, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import {
  type Appender,
  type AppendRequest,
  createAppender,
  expectedOf,
  type Outcome,
  singleAnswer,
  singleRequestOf,
} from './appending.ts';
import { type BatchCall, runBatch } from './batching.ts';
import type { Expected } from './check.ts';
import type { Failure } from './failures.ts';
import * as failures from './failures.ts';
import type { Faults } from './faults.ts';
import { nameOf, runRead } from './reading.ts';
import { fail, type ReadCall } from './sending.ts';
import type { Store } from './store.ts';
import type { Subscriptions } from './subscribing.ts';
import type { Deleted, Writes } from './writes.ts';

/** The version that the behaviour was measured on. */
const serverVersion = '24.6.0';

/** Events are kept as the bytes that are sent; all else is made into bytes on the way. */
const streamsDefinition = {
  ...streamsGrpc.StreamsService,
  read: { ...streamsGrpc.StreamsService.read, responseSerialize: (bytes: Buffer): Buffer => bytes },
};

export interface ServiceContext {
  readonly store: Store;
  readonly writes: Writes;
  readonly faults: Faults;
  readonly subscriptions: Subscriptions;
  /** What a server answers to writes that is stopping, or has lost the lead. */
  readonly refusal: () => 'notLeader' | 'notReady' | null;
  readonly leader: () => { readonly host: string; readonly port: number };
  readonly commitMs: number;
  readonly commitTimeoutMs: number;
}

const supportedMethods = (): featuresPb.SupportedMethods => {
  const answer = new featuresPb.SupportedMethods().setEventStoreServerVersion(serverVersion);
  for (const method of ['read', 'append', 'delete', 'tombstone', 'batchappend']) {
    const supported = new featuresPb.SupportedMethod().setServiceName('event_store.client.streams.streams');
    answer.addMethods(supported.setMethodName(method));
  }
  return answer;
};

const failureOf = (
  { stream }: AppendRequest,
  outcome: Exclude<Outcome, { readonly kind: 'success' } | { readonly kind: 'wrong' }>,
  { leader }: ServiceContext,
): Failure => {
  switch (outcome.kind) {
    case 'deleted':
      return failures.streamDeleted(stream);
    case 'tooLarge':
      return failures.appendTooLarge();
    case 'timedOut':
      return failures.timedOut;
    case 'broken':
      return failures.dropped;
    case 'notLeader':
      return failures.notLeader(leader());
    case 'notReady':
      return failures.notReady;
  }
};

type AppendCall = ServerReadableStream<streamsPb.AppendReq, streamsPb.AppendResp>;

const runAppend = (
  call: AppendCall,
  callback: sendUnaryData<streamsPb.AppendResp>,
  context: ServiceContext & { readonly appender: Appender },
): void => {
  let options: streamsPb.AppendReq.Options | undefined;
  const messages: streamsPb.AppendReq.ProposedMessage[] = [];
  call.on('data', (message: streamsPb.AppendReq) => {
    options ??= message.getOptions();
    const proposed = message.getProposedMessage();
    if (proposed !== undefined) messages.push(proposed);
  });
  const finish = (): void => {
    // A call that broke off ends too; a part of an append is never written.
    if (call.cancelled) return;
    const request = singleRequestOf(options, messages);
    if (request === null) {
      callback(failures.threw('Exception was thrown by handler.'));
      return;
    }
    context.appender.append(request, context.faults.ofAppend(), (outcome) => {
      if (outcome.kind === 'success' || outcome.kind === 'wrong') callback(null, singleAnswer(request, outcome));
      else callback(failureOf(request, outcome, context));
    });
  };
  call.on('end', () => setImmediate(finish));
};

/** How the errors of deletes write what was expected. */
const expectedNumber = (expected: Expected): bigint => {
  if (typeof expected === 'bigint') return expected;
  return expected === 'no_stream' ? -1n : -2n;
};

type DeleteOptions = streamsPb.DeleteReq.Options | streamsPb.TombstoneReq.Options;
type Remove = (name: string, expected: Expected) => Deleted;

/** @returns the position, or what to fail with. */
const removal = (options: DeleteOptions | undefined, remove: Remove, context: ServiceContext): number | Failure => {
  const refused = context.refusal();
  if (refused !== null) return refused === 'notReady' ? failures.notReady : failures.notLeader(context.leader());
  const name = nameOf(options?.getStreamIdentifier()?.getStreamName_asU8());
  const expected = options === undefined ? null : expectedOf(options, options.getRevision());
  if (name === '' || expected === null) return failures.threw('Exception was thrown by handler.');
  const removed = remove(name, expected);
  if (removed.kind === 'success') return removed.position;
  if (removed.kind === 'deleted') return failures.streamDeleted(name);
  return failures.wrongExpectedVersion(name, expectedNumber(expected), removed.head);
};

export const servicesOf = (context: ServiceContext) => {
  const { store, writes, faults, subscriptions, leader } = context;
  const appender = createAppender(context);

  const read = (call: ReadCall): void => {
    const options = call.request.getOptions();
    if (options === undefined) {
      fail(call, failures.invalidArgument('no options'));
      return;
    }
    call.on('error', () => {}); // A reader that goes away is no error of this process.
    const run = options.hasSubscription() ? subscriptions.run(call, options) : runRead(call, options, store);
    run.catch((error: unknown) => fail(call, { code: status.INTERNAL, details: String(error) }));
  };

  const append = (call: AppendCall, callback: sendUnaryData<streamsPb.AppendResp>): void =>
    runAppend(call, callback, { ...context, appender });

  const batchAppend = (call: BatchCall): void =>
    runBatch(call, { appender, fate: faults.ofAppend, notLeader: () => failures.notLeader(leader()) });

  const remove = (
    call: ServerUnaryCall<streamsPb.DeleteReq, streamsPb.DeleteResp>,
    callback: sendUnaryData<streamsPb.DeleteResp>,
  ): void => {
    const position = removal(call.request.getOptions(), writes.softDelete, context);
    if (typeof position !== 'number') {
      callback(position);
      return;
    }
    const at = new streamsPb.DeleteResp.Position();
    at.setCommitPosition(String(position)).setPreparePosition(String(position));
    callback(null, new streamsPb.DeleteResp().setPosition(at));
  };

  const tombstone = (
    call: ServerUnaryCall<streamsPb.TombstoneReq, streamsPb.TombstoneResp>,
    callback: sendUnaryData<streamsPb.TombstoneResp>,
  ): void => {
    const position = removal(call.request.getOptions(), writes.tombstone, context);
    if (typeof position !== 'number') {
      callback(position);
      return;
    }
    const at = new streamsPb.TombstoneResp.Position();
    at.setCommitPosition(String(position)).setPreparePosition(String(position));
    callback(null, new streamsPb.TombstoneResp().setPosition(at));
  };

  return [
    {
      definition: featuresGrpc.ServerFeaturesService,
      handlers: {
        getSupportedMethods: (_call: unknown, callback: sendUnaryData<featuresPb.SupportedMethods>): void =>
          callback(null, supportedMethods()),
      },
    },
    { definition: streamsDefinition, handlers: { read, append, batchAppend, delete: remove, tombstone } },
  ] as const;
};
