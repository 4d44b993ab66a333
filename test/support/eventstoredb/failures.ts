/** The errors of the server as the client tells them apart: a status code, and often the name of an exception. */
import { Metadata, status } from '@grpc/grpc-js';
import { appendBytesMax } from './writes.ts';

export interface Failure {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

/** Header values are ASCII; a name that isn't is only shown. */
const headerText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');

const withException = (code: status, exception: string, more: Readonly<Record<string, string>>): Failure => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries({ exception, ...more })) metadata.set(key, headerText(value));
  return { code, details: exception, metadata };
};

export const streamDeleted = (stream: string): Failure =>
  withException(status.FAILED_PRECONDITION, 'stream-deleted', { 'stream-name': stream });

/** How deletes say it; appends have an answer of their own. `expected` is -2 for any. */
export const wrongExpectedVersion = (stream: string, expected: bigint, actual: number): Failure =>
  withException(status.FAILED_PRECONDITION, 'wrong-expected-version', {
    'stream-name': stream,
    'expected-version': String(expected),
    'actual-version': String(actual),
  });

export const appendTooLarge = (): Failure =>
  withException(status.INVALID_ARGUMENT, 'maximum-append-size-exceeded', {
    'maximum-append-size': String(appendBytesMax),
  });

export const notLeader = (leader: { readonly host: string; readonly port: number }): Failure =>
  withException(status.NOT_FOUND, 'not-leader', {
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  });

export const notReady: Failure = { code: status.UNAVAILABLE, details: 'Server Is Not Ready' };
export const dropped: Failure = { code: status.UNAVAILABLE, details: 'the server is going down' };
/** Whether an append that ended so was written is not known. */
export const timedOut: Failure = { code: status.ABORTED, details: 'Operation timed out' };
export const invalidArgument = (details: string): Failure => ({ code: status.INVALID_ARGUMENT, details });
/** What the server answers where it did not expect the request at all. */
export const threw = (details: string): Failure => ({ code: status.UNKNOWN, details });
