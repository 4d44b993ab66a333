/** What the OpenAPI document shows of all commands and reads: headers, problems by status, named schemas, webhooks. */
import Type, { type TSchema } from 'typebox';
import { type ProblemCode, problems } from '../problems/problemCodes.ts';
import { ApiKey, IssuedApiKey } from './apiKeys.ts';
import { Approval } from './approvals.ts';
import { Availability, Item, Warehouse } from './catalogue.ts';
import { Closed, DryRun, ProblemDocument, PublicEvent, Time } from './common.ts';
import { EpcisQueryDocument } from './epcis.ts';
import { AuditEvent, Explanation, StockDiscrepancies } from './history.ts';
import { InboundShipment } from './inbound.ts';
import { Order } from './orders.ts';
import { Return } from './returns.ts';
import { Shipment, Tracking } from './shipments.ts';
import { Simulation, SourcingDecided } from './sourcing.ts';
import { ChangesAnswer, Reservation, StockLevel, StockLevelAfterFact } from './stock.ts';
import { TrackingLink } from './trackingLinks.ts';
import { Transfer } from './transfers.ts';
import { webhookMessages } from './webhookMessages.ts';
import { CreatedEndpoint, Delivery, Endpoint } from './webhooks.ts';

const CorrelationId = Type.Optional(
  Type.String({
    description: "The caller's id for a chain of requests, a UUID; kept with the events. Any other text is ignored.",
  }),
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

/** The named schemas: components of the OpenAPI document, referred to by `ref`. */
export const sharedSchemas = [
  SourcingDecided,
  Simulation,
  ProblemDocument,
  PublicEvent,
  DryRun,
  Warehouse,
  Item,
  Availability,
  StockLevel,
  StockLevelAfterFact,
  Reservation,
  Approval,
  Explanation,
  StockDiscrepancies,
  ChangesAnswer,
  Order,
  Shipment,
  Tracking,
  Endpoint,
  CreatedEndpoint,
  Delivery,
  AuditEvent,
  ApiKey,
  IssuedApiKey,
  Transfer,
  InboundShipment,
  Return,
  EpcisQueryDocument,
  TrackingLink,
];

const bodyOf = (type: string, data: TSchema): TSchema =>
  Closed({
    type: Type.Literal(type),
    timestamp: { ...Time, description: 'When it happened.' },
    data,
    stream: Type.String({ examples: ['stock-BER.TABLE-OAK-160'] }),
    streamRevision: Type.Integer({ minimum: 0, examples: [4] }),
    sequence: Type.Integer({ minimum: 1, examples: [1], description: '1, 2, 3 … for each endpoint, without a gap.' }),
  });

const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
  name,
  in: 'header' as const,
  required: true,
  description: 'As Standard Webhooks 1.0 says.',
  schema: { type: 'string' as const },
}));

/** OpenAPI 3.1 `webhooks`. */
export const webhookDocument = Object.fromEntries(
  Object.entries(webhookMessages).map(([type, { summary, data }]) => [
    type,
    {
      post: {
        operationId: type,
        tags: ['Webhooks'],
        summary,
        parameters: signed,
        requestBody: { required: true, content: { 'application/json': { schema: bodyOf(type, data) } } },
        responses: {
          '2XX': {
            description: 'Taken. Anything else, and no answer, is sent again later under the same `webhook-id`.',
          },
          '410': { description: 'The endpoint is gone: it is disabled.' },
        },
      },
    },
  ]),
);
