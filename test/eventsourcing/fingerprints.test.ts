import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createFingerprints,
  fingerprintsKeptMs,
  restoreFingerprints,
} from '../../src/eventsourcing/commandHandling/fingerprints.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';

describe('fingerprints of command ids', () => {
  it('have every id that was added, however many there are', () => {
    const fingerprints = createFingerprints();
    const ids = Array.from({ length: 5_000 }, (_, index) => (index % 2 === 0 ? derivedId(`${index}`) : randomUUID()));
    for (const id of ids) fingerprints.add(id, 0, false);
    expect(ids.filter((id) => !fingerprints.mayHave(id))).toEqual([]);
    expect(fingerprints.bytes()).toBeLessThan(5_000 * 40);
  });

  it('say for certain that an id is new', () => {
    const fingerprints = createFingerprints();
    for (let index = 0; index < 5_000; index += 1) fingerprints.add(derivedId(`${index}`), 0, false);
    const others = Array.from({ length: 5_000 }, (_, index) => derivedId(`other ${index}`));
    expect(others.filter((id) => fingerprints.mayHave(id))).toEqual([]);
  });

  it('remember an id of zeros, and one that was added twice counts once', () => {
    const fingerprints = createFingerprints();
    const nil = '00000000-0000-0000-0000-000000000000';
    expect(fingerprints.mayHave(nil)).toBe(false);
    for (let times = 0; times < 100; times += 1) fingerprints.add(nil, 0, false);
    expect(fingerprints.mayHave(nil)).toBe(true);
    expect(fingerprints.bytes()).toBe(32 * 4);
  });

  it('are kept longer than the answer to a key, and then forgotten together', () => {
    const fingerprints = createFingerprints();
    const [first, second, third] = ['first', 'second', 'third'].map(derivedId) as [string, string, string];
    fingerprints.add(first, 0, false);
    fingerprints.add(second, fingerprintsKeptMs, false);
    expect([first, second].map(fingerprints.mayHave)).toEqual([true, true]);
    fingerprints.add(third, 2 * fingerprintsKeptMs, false);
    expect([first, second, third].map(fingerprints.mayHave)).toEqual([false, true, true]);
  });

  it('of our own commands are kept for ever: the event that they follow may come again at any time', () => {
    const fingerprints = createFingerprints();
    const [ours, theirs] = [derivedId('ours'), derivedId('theirs')];
    fingerprints.add(ours, 0, true);
    fingerprints.add(theirs, 0, false);
    for (const times of [1, 2, 3]) fingerprints.add(derivedId(`${times}`), times * fingerprintsKeptMs, false);
    expect([ours, theirs].map(fingerprints.mayHave)).toEqual([true, false]);
    expect([ours, theirs].map(restoreFingerprints([...fingerprints.pack()]).mayHave)).toEqual([true, false]);
  });

  it('are packed in pieces of a bounded size', () => {
    const fingerprints = createFingerprints();
    for (let index = 0; index < 20_000; index += 1) fingerprints.add(derivedId(`${index}`), 0, false);
    const pieces = [...fingerprints.pack()];
    expect(pieces.length).toBeGreaterThan(3);
    expect(Math.max(...pieces.map((piece) => JSON.stringify(piece).length))).toBeLessThan(100_000);
    expect(restoreFingerprints(pieces).mayHave(derivedId('19999'))).toBe(true);
  });

  it('are the same after they were packed, and go on from there', () => {
    const before = createFingerprints();
    const ids = Array.from({ length: 300 }, (_, index) => derivedId(`${index}`));
    for (const [index, id] of ids.entries()) before.add(id, index < 100 ? 0 : fingerprintsKeptMs, false);
    const after = restoreFingerprints([...before.pack()]);
    for (let index = 0; index < 300; index += 1) after.add(derivedId(`later ${index}`), fingerprintsKeptMs, false);
    expect(ids.filter((id) => !after.mayHave(id))).toEqual([]);
    expect([after.mayHave(derivedId('later 299')), after.mayHave(derivedId('never'))]).toEqual([true, false]);
  });
});
