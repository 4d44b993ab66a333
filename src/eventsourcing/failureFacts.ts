import { StoreUnavailable } from './ports.ts';

const inWords = (cause: unknown): string | undefined =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;

/**
 * What a log line says of a failure. An engine that is away is no fault of the code: its reason is enough, and many
 * stacks would hide it. All else comes with its stack.
 */
export const failureFacts = (error: unknown): { readonly [name: string]: unknown } =>
  error instanceof StoreUnavailable ? { reason: error.message, cause: inWords(error.cause) } : { err: error };
