/** The contract as a document (R15.1): `/openapi.json`, and `/docs` with "try it" on the sandbox identity. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { HttpPorts } from '../ports.ts';
import type { AnswerStatus, Tag } from '../routeSpec.ts';
import { allOf } from '../schemas/common.ts';
import { problemAnswers, webhookDocument } from '../schemas/documentation.ts';
import { securitySchemes } from './securitySchemes.ts';

/** What the document says of every answer: in words when it comes, and which headers are sent with it. */
type DocumentedHeader = { readonly description: string; readonly schema: { readonly type: 'string' } };
interface DocumentedAnswer {
  description: string;
  headers?: { [name: string]: DocumentedHeader };
}
interface DocumentedOperation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: { readonly [status: string]: DocumentedAnswer };
}
interface DocumentedPaths {
  readonly [path: string]: { readonly [method: string]: DocumentedOperation };
}

const header = (description: string): DocumentedHeader => ({ description, schema: { type: 'string' } });

const headers = {
  ETag: header('The revision, for If-Match and If-None-Match.'),
  'Stockledger-Position': header('For Stockledger-Min-Position of a read that shall have seen this.'),
  Location: header('Where it is.'),
  Link: header('`rel="next"`: the next page, where there is one.'),
  'Cache-Status': header('RFC 9211: whether the answer came from the cache, where there is one.'),
  'Idempotency-Replayed': header('`true`: the first answer to this Idempotency-Key, sent again.'),
  'Retry-After': header('Seconds until it is worth trying again.'),
  'WWW-Authenticate': header('RFC 6750, RFC 9449 and RFC 9470: what the access token or its proof lacks.'),
  RateLimit: header('Requests that are left, and seconds until there are more.'),
  'RateLimit-Policy': header('How many requests a caller may send in a window of seconds.'),
} as const;
type HeaderName = keyof typeof headers;

const descriptions: { readonly [status: string]: string } = {
  200: 'Done. With `dryRun=true`: the events that it would record.',
  201: 'Recorded.',
  202: 'Taken; it is not done yet.',
  204: 'Done; no body.',
  207: 'The result of each row.',
  304: 'The caller has this revision already; no body.',
} satisfies { readonly [Status in AnswerStatus]: string };
const readDescriptions: { readonly [status: string]: string } = { ...descriptions, 200: 'What was asked for.' };
/** What the library says where a route says nothing. */
const unsaid = 'Default Response';

const parameterOf = ({ parameters = [] }: DocumentedOperation, name: string): boolean =>
  parameters.some((each) => each.name.toLowerCase() === name);

/** Answers to all that is well. */
const namesWhenWell = (status: string, isRead: boolean, operation: DocumentedOperation): readonly HeaderName[] => {
  const isList = parameterOf(operation, 'cursor');
  const hasRevision = isRead ? '304' in operation.responses : '412' in operation.responses;
  return [
    ...(hasRevision && !isList ? (['ETag'] as const) : []),
    ...(isList ? (['Link'] as const) : []),
    ...(status === '201' || status === '202' ? (['Location'] as const) : []),
    ...(parameterOf(operation, 'stockledger-cache') ? (['Cache-Status'] as const) : []),
  ];
};

const namesWhenNot: { readonly [status: string]: readonly HeaderName[] } = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  412: ['ETag'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

const namesOf = (status: string, isRead: boolean, operation: DocumentedOperation): readonly HeaderName[] => [
  ...(status < '400' ? namesWhenWell(status, isRead, operation) : (namesWhenNot[status] ?? [])),
  ...(isRead ? [] : (['Idempotency-Replayed'] as const)),
  'Stockledger-Position',
  'RateLimit',
  'RateLimit-Policy',
];

/** Completes every answer of the document. What was said of one before stays. */
const describeAnswers = (paths: DocumentedPaths): void => {
  for (const operations of Object.values(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const isRead = method === 'get';
      for (const [status, answer] of Object.entries(operation.responses)) {
        const said = (isRead ? readDescriptions : descriptions)[status];
        if (answer.description === unsaid && said !== undefined) answer.description = said;
        const names = namesOf(status, isRead, operation);
        answer.headers = Object.fromEntries(names.map((name) => [name, headers[name]]));
      }
    }
  }
};

const tags = allOf<Tag>()([
  'Warehouses',
  'Items',
  'Inventory',
  'Approvals',
  'Orders',
  'Shipments',
  'Webhooks',
  'API keys',
  'Audit',
  'Live',
  'Transfers',
  'Inbound',
  'Returns',
  'EPCIS',
]);

const description = [
  'Stock and orders of many warehouses, as a ledger: every change is an event, every figure can be explained.',
  '',
  'Commands take an `Idempotency-Key`, answer with an `ETag` (the revision) and a `Stockledger-Position`; reads take that',
  'position as `Stockledger-Min-Position` and then have seen the change. Errors are problem documents (RFC 9457) with a',
  'stable `code`.',
].join('\n');

export const registerOpenApi = async (app: FastifyInstance, { settings, sandbox }: HttpPorts): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: { title: 'Stockledger', version: settings.version, description },
      servers: [{ url: settings.publicUrl }],
      webhooks: webhookDocument,
      tags: tags.map((name) => ({ name })),
      components: {
        securitySchemes: securitySchemes(settings.issuer, sandbox !== null),
      },
    },
    // Told to the document only: Fastify would compile a serializer for each problem of each route, and use none.
    transform: ({ schema, url, route }) => {
      const { problems = [] } = route.config ?? {};
      const { response = {} } = schema as { readonly response?: object };
      return { url, schema: { ...schema, response: { ...response, ...problemAnswers(problems) } } };
    },
    transformObject: (made) => {
      const document = 'openapiObject' in made ? made.openapiObject : made.swaggerObject;
      describeAnswers((document.paths ?? {}) as Parameters<typeof describeAnswers>[0]);
      return document;
    },
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => (typeof $id === 'string' ? $id : `schema-${index}`),
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Its own policy: the page needs its scripts, styles and pictures, and nothing from anywhere else.
    staticCSP: true,
    // Who signs in there fetches the issuer's description and tokens from it.
    transformStaticCSP: (policy) =>
      sandbox === null ? `${policy} connect-src 'self' ${new URL(settings.issuer).origin};` : policy,
    uiConfig: {
      deepLinking: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      // Without the bar that asks for the address of some other document.
      layout: 'BaseLayout',
    },
    theme: { title: 'Stockledger API' },
    initOAuth:
      sandbox === null
        ? { usePkceWithAuthorizationCodeGrant: true }
        : { clientId: 'sandbox-admin', clientSecret: 'sandbox' },
  });
  // The same for all callers, and made once: it takes some milliseconds.
  let text: string | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(text);
  });
};
