/** The access log: one entry for each request, answered or left (R13.1). */
import type { Principal, Role } from '../domain/access/principal.ts';

/** No secret, and nothing that tells of a person: neither bodies nor queries, and no address as it is. */
export interface AccessEntry {
  /** When the answer was given, ISO 8601 UTC. */
  readonly at: string;
  /** As `instance` in a problem document names it. */
  readonly requestId: string;
  readonly method: string;
  /** As the route is declared; `null`: there is none. */
  readonly route: string | null;
  /** Line of the policy table; `null`: the route is open to all. */
  readonly operation: string | null;
  /** Parameters of the path, once they were found to be ids of warehouses, SKUs, orders and the like. */
  readonly object: { readonly [name: string]: string };
  /** `null`: the caller is not known. */
  readonly caller: Pick<Principal, 'subject' | 'client'> | null;
  /** In which the caller did it; `null`: none that may do it. */
  readonly role: Role | null;
  /** Of the peer, or as a trusted proxy says. Kept as a keyed hash. */
  readonly address: string;
  readonly status: number;
  /** The client was gone before the answer was whole. */
  readonly isLeft: boolean;
  /** `null`: it is no problem. */
  readonly code: string | null;
  readonly durationMs: number;
}

export interface AccessLog {
  /** Returns at once; what is written is on the disk a moment later. */
  write(entry: AccessEntry): void;
}
