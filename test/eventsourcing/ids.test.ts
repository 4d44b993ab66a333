/** Ids that are derived: the same on every machine and on every retry (docs/architecture.md, "The way of a command"). */
import { describe, expect, it } from 'vitest';
import { uuidPattern } from '../../src/domain/values.ts';
import { derivedId, derivedTimeId, eventIdOf } from '../../src/eventsourcing/commandHandling/ids.ts';

const uuid = new RegExp(uuidPattern);
const at = '2026-03-01T09:00:00.000Z';
const names = Array.from({ length: 1_000 }, (_, index) => `name ${index}`);
/** Worked out once by another implementation of RFC 9562. */
const knownIds = [
  '56d2b7d5-0973-5b42-84c6-ef996aaeafc4',
  'ddc448fd-e577-535b-b0f2-96a28f9e07a2',
  '6bd50e99-64ea-5115-8d5b-522b79d84f16',
];

describe('a derived id', () => {
  it('is a UUID of version 5, the same for the same name (RFC 9562 §5.5)', () => {
    const ids = names.map(derivedId);
    expect(ids.filter((id) => !uuid.test(id) || id[14] !== '5')).toEqual([]);
    expect(new Set(ids).size).toBe(names.length);
    expect(names.map(derivedId)).toEqual(ids);
  });

  it('never changes from one release to the next: what was recorded under it would be recorded again', () => {
    expect([derivedId('a'), derivedId('ä'), eventIdOf('a', 0)]).toEqual(knownIds);
  });

  it('is the same for a name of any length and script as it was in earlier releases', () => {
    expect([derivedId('ä'.repeat(150)), derivedId('漢'.repeat(151))]).toEqual([
      'cc11d350-8330-5f20-85d5-74555ddf0c26',
      'bfc9c03c-a16e-5c54-8b27-a98b6a31b2a3',
    ]);
  });

  it('of an event differs by command and by index', () => {
    const ids = ['a', 'b'].flatMap((commandId) => [0, 1, 10, 11].map((index) => eventIdOf(commandId, index)));
    expect(new Set(ids).size).toBe(8);
  });
});

describe('a derived id with a time', () => {
  it('is a UUID of version 7 that tells its time (RFC 9562 §5.7)', () => {
    const ids = names.map((name) => derivedTimeId(name, at));
    expect(ids.filter((id) => !uuid.test(id) || id[14] !== '7')).toEqual([]);
    expect(new Set(ids).size).toBe(names.length);
    expect(ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16))).toEqual(
      names.map(() => Date.parse(at)),
    );
  });

  it('sorts by its time, and is the same for the same name and time', () => {
    const times = ['2001-09-09T01:46:39.999Z', '2001-09-09T01:46:40.000Z', at, '2026-03-01T09:00:00.001Z'];
    for (const name of names.slice(0, 50)) {
      const ids = times.map((time, index) => derivedTimeId(`${name}${index}`, time));
      expect(ids.toSorted()).toEqual(ids);
      expect(derivedTimeId(name, at)).toBe(derivedTimeId(name, at));
    }
  });
});
