/** What routes of a kind may object to, beside their own problems. */
import type { ProblemCode } from './problemCodes.ts';

/** Any route. */
export const commonProblems = [
  'VALIDATION',
  'MALFORMED_REQUEST',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'UNAUTHENTICATED',
  'API_KEY_NOT_VALID',
  'SCOPE_MISSING',
  'ROLE_NOT_ALLOWED',
  'RATE_LIMITED',
  'TOO_MUCH_AT_ONCE',
  'OVERLOADED',
  'INTERNAL',
  'STORE_DAMAGED',
  'STORE_UNAVAILABLE',
] as const satisfies readonly ProblemCode[];

/** A read, a command, and a command with a body. */
export const readProblems = ['INVALID_POSITION', 'NOT_CAUGHT_UP'] as const satisfies readonly ProblemCode[];
export const commandProblems = [
  'POLICIES_BEHIND',
  'IDEMPOTENCY_KEY_MISSING',
  'IDEMPOTENCY_KEY_IN_USE',
  'ANSWER_OUT_OF_REACH',
  'IDEMPOTENCY_KEY_REUSED',
  'INVALID_REVISION',
  'REVISION_CONFLICT',
] as const satisfies readonly ProblemCode[];
export const bodyProblems = ['MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;
