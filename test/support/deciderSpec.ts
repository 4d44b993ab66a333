/** Tests of deciders as sentences: given events, when a command, it records these events; and again: nothing. */
import { expect } from 'vitest';
import type { Decider, Decision, DomainEvent, Json, StateCodec } from '../../src/eventsourcing/message.ts';

interface Outcome<E extends DomainEvent, Code extends string> {
  /** Records exactly these, and the same command once more records nothing or is refused. */
  thenRecords(...events: readonly E[]): void;
  /** For commands that say "so much more": records exactly these, and once more as often as it is asked. */
  thenRecordsEachTime(...events: readonly E[]): void;
  thenNothing(): void;
  thenRefused(code: Code): void;
}

interface Given<Command, E extends DomainEvent, Code extends string> {
  when(command: Command): Outcome<E, Code>;
}

/** As it comes back from a snapshot: what is decided on it must be the same. */
export const throughSnapshot = <State>({ encode, decode }: StateCodec<State>, state: State): State => {
  const parts = [...encode(state)].map((part) => JSON.parse(JSON.stringify(part)) as Json);
  const [first = null, ...rest] = parts;
  return rest.reduce<State>((read, part) => decode(part, read), decode(first, null));
};

export const recordedBy = <E extends DomainEvent, Code extends string>(decision: Decision<E, Code>): readonly E[] =>
  'accepted' in decision ? decision.accepted : [];

export const given = <State, Command, E extends DomainEvent, Code extends string>(
  decider: Decider<State, Command, E, Code>,
  ...history: readonly NoInfer<E>[]
): Given<Command, E, Code> => ({
  when: (command) => {
    const before = throughSnapshot(decider.codec, history.reduce(decider.evolve, decider.initialState));
    const decision = decider.decide(command, before);
    const again = (): readonly E[] =>
      recordedBy(decider.decide(command, recordedBy(decision).reduce(decider.evolve, before)));
    return {
      thenRecords: (...events) => {
        expect(decision).toStrictEqual({ accepted: events });
        expect(again(), 'the same command again').toEqual([]);
      },
      thenRecordsEachTime: (...events) => {
        expect(decision).toStrictEqual({ accepted: events });
        expect(again(), 'the same command again').toHaveLength(events.length);
      },
      thenNothing: () => expect(decision).toStrictEqual({ accepted: [] }),
      thenRefused: (code) => {
        expect(decision).toEqual({ refused: expect.objectContaining({ code }) });
      },
    };
  },
});

/** A test of each refusal code; `Record` leaves none out. */
export type RefusalTests<Code extends string> = Readonly<Record<Code, () => void>>;
