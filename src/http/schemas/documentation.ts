/** What every command and every read shows in the OpenAPI document: headers, and each problem by its status. */
import Type, { type TSchema } from 'typebox';
import { type ProblemCode, problems } from '../problems/problemCodes.ts';

const CorrelationId = Type.Optional(
  Type.String({ format: 'uuid', description: "The caller's id for a chain of requests; kept with the events." }),
);

const readHeaderFields = {
  'stockledger-min-position': Type.Optional(
    Type.String({ description: 'Stockledger-Position of a change that the answer must have seen.' }),
  ),
  prefer: Type.Optional(
    Type.String({ description: 'RFC 7240, `wait=<seconds>`: how long to wait for it; default 2, at most 10.' }),
  ),
  'if-none-match': Type.Optional(Type.String({ description: 'An ETag: 304 when the resource is still the same.' })),
};

export const readHeaders = Type.Object(readHeaderFields);

export const cachedReadHeaders = Type.Object({
  ...readHeaderFields,
  'stockledger-cache': Type.Optional(
    Type.String({
      description:
        '`bypass`: past the cache, where there is one. For administrators and customer service; ignored from others. ' +
        '`Cache-Status` (RFC 9211) of the answer tells where it came from.',
      examples: ['bypass'],
    }),
  ),
});

/** @param waits it answers later where the caller asks for that. */
export const commandHeaders = (keyNeeded: boolean, waits: boolean) => {
  const key = Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'A new one for each thing to do; the same one to try again. Kept for 7 days.',
  });
  return Type.Object({
    'idempotency-key': keyNeeded ? key : Type.Optional(key),
    'if-match': Type.Optional(
      Type.String({ description: 'The ETag that was seen: 412 with the events since when it is another now.' }),
    ),
    ...(waits
      ? {
          prefer: Type.Optional(
            Type.String({
              description: 'RFC 7240, `wait=<seconds>`: answer when what follows is done, after at most 10 s.',
              examples: ['wait=5'],
            }),
          ),
        }
      : {}),
    'correlation-id': CorrelationId,
  });
};

export const dryRunQuery = Type.Object(
  {
    dryRun: Type.Boolean({
      default: false,
      description: 'Answer with the events it would record, and record nothing.',
    }),
  },
  { additionalProperties: false, required: [] },
);

/** One answer a status, whose `code` is one of those that the route can give there. */
export const problemAnswers = (codes: readonly ProblemCode[]): { readonly [status: number]: TSchema } => {
  const byStatus = new Map<number, Set<ProblemCode>>();
  for (const code of codes) {
    const { status } = problems[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, known]) => {
      const list = [...known].sort();
      const description = list.map((code) => `${code}: ${problems[code].title}.`).join(' ');
      const schema = { allOf: [{ $ref: 'Problem#' }, { properties: { code: { enum: list } } }] };
      return [status, { description, content: { 'application/problem+json': { schema } } }];
    }),
  );
};
