import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../src/infra/system.ts';

const at = Date.parse('2026-11-24T10:00:00.000Z');
const hourMs = 3_600_000;
const textOf = (ms: number): string => new Date(ms).toISOString();

/** A clock on a machine whose clock can be set. */
const openClock = () => {
  const machine = { wallMs: at, elapsedMs: 0 };
  const clock = createSystemClock({ wallMs: () => machine.wallMs, elapsedMs: () => machine.elapsedMs });
  const pass = (ms: number): void => {
    machine.wallMs += ms;
    machine.elapsedMs += ms;
  };
  return { clock, machine, pass };
};

describe('the clock of the service', () => {
  it('goes on from where it was when the clock of the machine is set back (22)', () => {
    const { clock, machine, pass } = openClock();
    expect(clock.now()).toBe(textOf(at));
    machine.wallMs -= hourMs;
    expect(clock.now()).toBe(textOf(at));
    pass(10_000);
    expect(clock.now()).toBe(textOf(at + 9_000));
  });

  it('lets what waits for a time wait a tenth longer at most, and is right again some hours later (22)', () => {
    const { clock, machine, pass } = openClock();
    clock.now();
    machine.wallMs -= hourMs;
    const dueAt = Date.parse(clock.now()) + 60_000;
    pass(66_667);
    expect(Date.parse(clock.now())).toBeGreaterThanOrEqual(dueAt);
    for (let minutes = 0; minutes < 600; minutes += 1) {
      pass(60_000);
      clock.now();
    }
    expect(clock.now()).toBe(textOf(machine.wallMs));
  });

  it('begins at the newest event of the log where the machine is behind it, and else at the time of the machine (22)', () => {
    const { clock, pass } = openClock();
    clock.notBefore(textOf(at - hourMs));
    expect(clock.now()).toBe(textOf(at));
    clock.notBefore(textOf(at + hourMs));
    expect(clock.now()).toBe(textOf(at + hourMs));
    pass(10_000);
    expect(clock.now()).toBe(textOf(at + hourMs + 9_000));
  });
});
