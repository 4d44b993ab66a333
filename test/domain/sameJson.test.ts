import { assert, jsonValue, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameJson } from '../../src/domain/values.ts';

describe('two JSON values', () => {
  it('are the same after a way through the store', () => {
    assert(property(jsonValue(), (value) => sameJson(value, JSON.parse(JSON.stringify(value)))));
  });
  it('are the same in any order of keys, with or without fields that are undefined', () => {
    expect(sameJson({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1, d: undefined })).toBe(true);
    expect(sameJson(-0, 0)).toBe(true);
  });
  it.each([
    [1, '1'],
    [null, {}],
    [{}, null],
    [null, undefined],
    [[], {}],
    [{ 0: 1 }, [1]],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined }, { a: null }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [true, 'true'],
  ])('%j and %j are not the same, either way', (a, b) => {
    expect([sameJson(a, b), sameJson(b, a)]).toEqual([false, false]);
  });
});
