import { describe, expect, it } from 'vitest';
import { partNames, partOf } from '../../src/eventsourcing/projecting/projection.ts';

describe('the parts of a projection', () => {
  it('carry the bare name when there is only one', () => {
    expect(partNames('stock_levels_v1', 1)).toEqual(['stock_levels_v1']);
    expect(partNames('stock_levels_v1', 2)).toEqual(['stock_levels_v1.1of2', 'stock_levels_v1.2of2']);
  });

  it('share the documents about evenly, each document in one part', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4_000; index += 1) counts[partOf(`BER.CHAIR-${index}`, 4)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(800);
  });

  it('never change hands: another hash would give documents to parts that have passed them', () => {
    expect(['BER.CHAIR', 'PAR.TABLE', 'o1', '', 'Ö'].map((id) => partOf(id, 8))).toEqual([5, 6, 5, 5, 1]);
  });
});
