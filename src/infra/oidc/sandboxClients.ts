/** The sandbox clients of API.md "Running": one for each kind of caller, and no other. Pure data. */
import { type Role, type Scope, scopes } from '../../domain/access/principal.ts';

/** Public on purpose: the sandbox guards nothing and does not start in production. */
export const sandboxSecret = 'sandbox';

/**
 * What the sandbox administrator's token says about the authentication behind it, so that a step-up demand
 * (RFC 9470) can be met: `phr` is "phishing-resistant" (OpenID EAP ACR Values 1.0), the methods are those of RFC 8176.
 */
export const stepUpAcr = 'phr';
export const stepUpAmr = ['hwk', 'mfa'] as const;

export interface SandboxClient {
  readonly clientId: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
  readonly warehouses?: readonly string[];
  readonly partnerId?: string;
  readonly customerId?: string;
  /** Whether its tokens count as freshly authenticated with a strong method. */
  readonly steppedUp?: true;
}

/** `warehouses`: ids that the staff and the partner client are assigned to. */
export const sandboxClients = (warehouses: readonly string[]): readonly SandboxClient[] => [
  { clientId: 'sandbox-admin', roles: ['admin'], scopes, steppedUp: true },
  {
    clientId: 'sandbox-staff',
    roles: ['warehouse_staff'],
    scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write'],
    warehouses,
  },
  { clientId: 'sandbox-support', roles: ['customer_service'], scopes: ['inventory:read', 'orders:read'] },
  {
    clientId: 'sandbox-auditor',
    roles: ['auditor'],
    scopes: ['audit:read', 'audit:export', 'inventory:read', 'orders:read'],
  },
  {
    clientId: 'sandbox-partner',
    roles: ['partner'],
    scopes: ['inventory:read', 'inventory:write', 'orders:read', 'shipments:write', 'webhooks:manage'],
    warehouses,
    partnerId: 'sandbox-partner',
  },
  {
    clientId: 'sandbox-customer',
    roles: ['customer'],
    scopes: ['orders:read', 'orders:write'],
    customerId: 'sandbox-customer',
  },
  {
    clientId: 'sandbox-shop',
    roles: ['service'],
    scopes: ['inventory:read', 'orders:read', 'orders:write', 'webhooks:manage'],
  },
];

/** Access token claims of a client beyond those of RFC 9068. `authTime`: seconds since 1970. */
export const claimsOf = (client: SandboxClient, authTime: number): { readonly [claim: string]: unknown } => ({
  roles: client.roles,
  ...(client.warehouses === undefined ? {} : { warehouses: client.warehouses }),
  ...(client.partnerId === undefined ? {} : { partnerId: client.partnerId }),
  ...(client.customerId === undefined ? {} : { customerId: client.customerId }),
  ...(client.steppedUp === undefined ? {} : { acr: stepUpAcr, amr: stepUpAmr, auth_time: authTime }),
});
