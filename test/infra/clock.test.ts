import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from '../../src/infra/clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('the clock of the service', () => {
  it('stands still while the clock of the machine is set back, and goes on with it (22)', () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-24T10:00:00.000Z') });
    const clock = createSystemClock();
    expect(clock.now()).toBe('2026-11-24T10:00:00.000Z');
    vi.setSystemTime(Date.parse('2026-11-24T09:00:00.000Z'));
    expect(clock.now()).toBe('2026-11-24T10:00:00.000Z');
    vi.setSystemTime(Date.parse('2026-11-24T10:00:00.001Z'));
    expect(clock.now()).toBe('2026-11-24T10:00:00.001Z');
  });
});
