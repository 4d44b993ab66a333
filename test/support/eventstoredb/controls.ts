/** What a test can make the server do. The same in this process and, through a second port, in another. */
import type { FaultPlan } from './faults.ts';

export interface LeaderChange {
  /** 0 ends a change that lasts. */
  readonly durationMs: number;
  /** To every append and delete meanwhile; the leader it names is itself. */
  readonly answer: 'notLeader' | 'notReady';
}

export interface Restart {
  /** How long nobody listens. */
  readonly durationMs?: number;
  /** Whether appends with `any` still know the ids of before; a real server forgets them. */
  readonly recentIds: 'kept' | 'lost';
}

export interface Controls {
  /** Null ends all misbehaviour. */
  readonly setFaults: (plan: FaultPlan | null) => Promise<void>;
  /** As unavailable, or as if all had been read. @returns how many. */
  readonly endSubscriptions: (fate: 'dropped' | 'ended') => Promise<number>;
  readonly changeLeader: (change: LeaderChange) => Promise<void>;
  /** Drops all connections and takes none for a time. Resolves when it listens again. */
  readonly refuseConnections: (durationMs: number) => Promise<void>;
  /** As `refuseConnections`. */
  readonly restart: (restart: Restart) => Promise<void>;
  /** Events in the log, and faults by name. */
  readonly counts: () => Promise<Readonly<Record<string, number>>>;
}
