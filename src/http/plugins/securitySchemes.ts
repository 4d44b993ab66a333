/** Where tokens come from, as the document says it (R15.1). */
import { type Scope, scopes } from '../../domain/access/principal.ts';
import { apiKeyHeader } from '../apiKeyCheck.ts';

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

const howSent = 'Sent as `Bearer`; one that is bound to a key as `DPoP`, with a proof in the header `DPoP` (RFC 9449).';

const sandboxIssuer = (issuer: string) => ({
  type: 'oauth2' as const,
  description: `Sandbox: secret \`sandbox\`. ${howSent}`,
  flows: {
    clientCredentials: {
      tokenUrl: `${issuer}/token`,
      scopes: Object.fromEntries(scopes.map((scope) => [scope, scopeTexts[scope]])),
    },
  },
});

/** Which flows it has, and where, it says itself. */
const configuredIssuer = (issuer: string) => ({
  type: 'openIdConnect' as const,
  description: `An access token of the configured issuer. ${howSent}`,
  openIdConnectUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
});

export const securitySchemes = (issuer: string, isSandbox: boolean) => ({
  oauth: isSandbox ? sandboxIssuer(issuer) : configuredIssuer(issuer),
  apiKey: {
    type: 'apiKey' as const,
    in: 'header',
    name: apiKeyHeader,
    description: 'Beside an access token, never in its place: names and throttles a program of its client.',
  },
});
