import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idBytes, idText, uuidBytes } from '../../src/infra/sqlite/events/ids.ts';

const id = '56d2b7d5-0973-5b42-84c6-ef996aaeafc4';
const samples = Array.from({ length: 1_000 }, () => randomUUID());

describe('the bytes of an id', () => {
  it('are those that its digits stand for', () => {
    expect(samples.map((each) => idBytes(each).toString('hex'))).toEqual(
      samples.map((each) => each.replaceAll('-', '')),
    );
  });

  it('come back as the text that went in', () => {
    expect(samples.map((each) => idText(idBytes(each)))).toEqual(samples);
  });

  it('are not made of what would come back as another text', () => {
    const broken = Array.from({ length: id.length }, (_, at) => `${id.slice(0, at)}g${id.slice(at + 1)}`);
    const others = [
      '',
      id.toUpperCase(),
      id.slice(1),
      `${id}0`,
      id.replaceAll('-', ''),
      `${id.slice(0, -1)}ä`,
      `${id.slice(0, -1)}\u{1f6cb}`,
    ];
    expect([...broken, ...others].filter((each) => uuidBytes(each) !== null)).toEqual([]);
    expect(() => idBytes('no uuid')).toThrow('not a UUID in lower case: no uuid');
  });
});
