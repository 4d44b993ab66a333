/** Who asks: what a verified access token says (docs/access.md). Pure data. */

export const roles = [
  'admin',
  'warehouse_staff',
  'customer_service',
  'auditor',
  'partner',
  'customer',
  'service',
] as const;
export type Role = (typeof roles)[number];

export const scopes = [
  'inventory:read',
  'inventory:write',
  'orders:read',
  'orders:write',
  'shipments:write',
  'webhooks:manage',
  'audit:read',
  'audit:export',
  'privacy:manage',
  'admin',
] as const;
export type Scope = (typeof scopes)[number];

export interface Principal {
  readonly subject: string;
  readonly kind: 'person' | 'client';
  readonly client: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
  /** Warehouses this principal is assigned to. */
  readonly warehouses: readonly string[];
  readonly partnerId?: string;
  readonly customerId?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Seconds since 1970 when the token was issued: what it claims was so then. */
  readonly issuedAt?: number;
  /** Seconds since 1970 of the last real authentication, for step-up (RFC 9470). */
  readonly authTime?: number;
}
