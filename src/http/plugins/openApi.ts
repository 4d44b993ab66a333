/** The contract as a document (R15.1): `/openapi.json`, and `/docs` with "try it" on the sandbox identity. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { type Scope, scopes } from '../../domain/access/principal.ts';
import type { HttpPorts } from '../ports.ts';
import { problemAnswers } from '../schemas/documentation.ts';
import { webhookDocument } from '../schemas/webhookMessages.ts';
import { describeAnswers } from './describeAnswers.ts';

const scopeTexts: { readonly [S in Scope]: string } = {
  'inventory:read': 'Read stock, items and warehouses',
  'inventory:write': 'Change stock, items and warehouses',
  'orders:read': 'Read orders and tracking',
  'orders:write': 'Place and change orders',
  'shipments:write': 'Dispatch shipments and report on parcels',
  'webhooks:manage': 'Manage webhook endpoints',
  'audit:read': 'Read the history of everything',
  'audit:export': 'Export the history',
  'privacy:manage': 'Export and erase personal data',
  admin: 'Everything',
};

const description = [
  'Stock and orders of many warehouses, as a ledger: every change is an event, every figure can be explained.',
  '',
  'Commands take an `Idempotency-Key`, answer with an `ETag` (the revision) and a `Stockledger-Position`; reads take that',
  'position as `Stockledger-Min-Position` and then have seen the change. Errors are problem documents (RFC 9457) with a',
  'stable `code`.',
].join('\n');

export const registerOpenApi = async (app: FastifyInstance, { settings, sandbox }: HttpPorts): Promise<void> => {
  const tokenUrl = `${settings.issuer}/token`;
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: { title: 'Stockledger', version: settings.version, description },
      servers: [{ url: settings.publicUrl }],
      webhooks: webhookDocument,
      tags: ['Warehouses', 'Items', 'Inventory', 'Orders', 'Shipments', 'Webhooks', 'Audit', 'Live'].map((name) => ({
        name,
      })),
      components: {
        securitySchemes: {
          oauth: {
            type: 'oauth2',
            description: sandbox === null ? 'An access token of the configured issuer.' : 'Sandbox: secret `sandbox`.',
            flows: {
              clientCredentials: {
                tokenUrl,
                scopes: Object.fromEntries(scopes.map((scope) => [scope, scopeTexts[scope]])),
              },
            },
          },
        },
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
    uiConfig: {
      deepLinking: true,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      // Without the bar that asks for the address of some other document.
      layout: 'BaseLayout',
    },
    theme: { title: 'Stockledger API' },
    ...(sandbox === null ? {} : { initOAuth: { clientId: 'sandbox-admin', clientSecret: 'sandbox' } }),
  });
  // The same for everyone, and some milliseconds to write down.
  let text: string | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(text);
  });
};
