/** Which fault comes when, planned from the seed: after so many commands. */
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../crash/seeded.ts';
import type { RunningEventStore } from '../support/engines/eventstoredb.ts';
import type { Member } from './fleet.ts';

export interface Servers {
  readonly eventStore: RunningEventStore;
  readonly mongoPid: number;
  flushRedis(): Promise<void>;
}

export interface Fault {
  /** How many commands were answered before it. */
  readonly after: number;
  readonly name: string;
  /** Resolves when it is over. */
  readonly act: () => Promise<void>;
}

const killsEach = 2;
const mongoFrozenMs = 5_000;
const badTimeMs = 3_000;
/** Of all commands: at first everything must have begun, and at the end there must be something left to go on with. */
const [earliest, latest] = [0.05, 0.9];

export const planFaults = (
  seed: number,
  commands: number,
  { members, servers }: { readonly members: readonly Member[]; readonly servers: Servers },
): readonly Fault[] => {
  const random = createRandom(seed ^ 0x5e_ed);
  const sometime = (): number => Math.floor(commands * (earliest + random() * (latest - earliest)));
  const { controls } = servers.eventStore;

  const freezeMongo = async (): Promise<void> => {
    process.kill(servers.mongoPid, 'SIGSTOP');
    await pause(mongoFrozenMs);
    process.kill(servers.mongoPid, 'SIGCONT');
  };
  const misbehave = async (): Promise<void> => {
    await controls.setFaults({
      seed,
      lostAnswers: 0.03,
      lostRequests: 0.03,
      falseTimeouts: 0.05,
      droppedSubscriptions: 0.002,
    });
    await pause(badTimeMs);
    await controls.setFaults(null);
  };
  const at = (name: string, act: () => Promise<unknown>): Fault => ({
    after: sometime(),
    name,
    act: async () => {
      await act();
    },
  });
  const faults = [
    ...members.flatMap((member) => Array.from({ length: killsEach }, () => at(`kill -9 ${member.name}`, member.kill))),
    ...Array.from({ length: 3 }, () => at('redis loses everything', servers.flushRedis)),
    at('mongodb is frozen', freezeMongo),
    ...Array.from({ length: 3 }, () => at('subscriptions are dropped', () => controls.endSubscriptions('dropped'))),
    at('subscriptions end', () => controls.endSubscriptions('ended')),
    ...Array.from({ length: 3 }, () => at('outcomes are unknown', misbehave)),
    at('the leader changes', () => controls.changeLeader({ durationMs: 2_000, answer: 'notReady' })),
  ];
  return faults.sort((a, b) => a.after - b.after);
};
