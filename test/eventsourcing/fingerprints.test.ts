import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { derivedId } from '../../src/eventsourcing/commandHandling/outcome.ts';
import { createFingerprints } from '../../src/eventsourcing/commandHandling/recentCommands.ts';

describe('fingerprints of command ids', () => {
  it('have every id that was added, however many there are', () => {
    const fingerprints = createFingerprints();
    const ids = Array.from({ length: 5_000 }, (_, index) => (index % 2 === 0 ? derivedId(`${index}`) : randomUUID()));
    for (const id of ids) fingerprints.add(id);
    expect(ids.filter((id) => !fingerprints.mayHave(id))).toEqual([]);
    expect(fingerprints.bytes()).toBeLessThan(5_000 * 40);
  });

  it('say for certain that an id is new', () => {
    const fingerprints = createFingerprints();
    for (let index = 0; index < 5_000; index += 1) fingerprints.add(derivedId(`${index}`));
    const others = Array.from({ length: 5_000 }, (_, index) => derivedId(`other ${index}`));
    expect(others.filter((id) => fingerprints.mayHave(id))).toEqual([]);
  });

  it('remember an id of zeros, and one that was added twice counts once', () => {
    const fingerprints = createFingerprints();
    const nil = '00000000-0000-0000-0000-000000000000';
    expect(fingerprints.mayHave(nil)).toBe(false);
    for (let times = 0; times < 100; times += 1) fingerprints.add(nil);
    expect(fingerprints.mayHave(nil)).toBe(true);
    expect(fingerprints.bytes()).toBe(createFingerprints().bytes());
  });
});
