import { describe, expect, it } from 'vitest';
import { type ItemCommand, type ItemRefusal, itemDecider } from '../../src/domain/item/decider.ts';
import type { ItemDefined } from '../../src/domain/item/events.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';

const box = { boxCode: 'A', lengthMm: 900, widthMm: 500, heightMm: 200, weightGrams: 12_000 };
const defined: ItemDefined = {
  type: 'ItemDefined',
  data: {
    sku: 'TABLE',
    name: 'Table',
    productCode: 'T-1',
    attributes: { colour: 'oak', material: 'wood' },
    boxes: [box, { ...box, boxCode: 'B' }],
    backorderAllowed: true,
  },
};
const define: ItemCommand = { type: 'DefineItem', ...defined.data };

describe('defining an item', () => {
  it('records it once: the same description again is no news', () =>
    given(itemDecider).when(define).thenRecords(defined));
  it('does not care for the order of attributes', () =>
    given(itemDecider, defined)
      .when({ ...define, attributes: { material: 'wood', colour: 'oak' } })
      .thenNothing());
  it('records a changed description whole', () =>
    given(itemDecider, defined)
      .when({ ...define, name: 'Big table' })
      .thenRecords({ type: 'ItemDefined', data: { ...defined.data, name: 'Big table' } }));
  it('that was a kit before kits were refused is described anew without its components', () =>
    given(itemDecider, { type: 'ItemDefined', data: { ...defined.data, components: [{ sku: 'LEG', quantity: 4 }] } })
      .when(define)
      .thenRecords(defined));
  it('weighs more with each box', () => {
    const item = itemDecider.evolve(itemDecider.initialState, defined);
    expect(itemDecider.weigh(item)).toBeGreaterThan(itemDecider.weigh(itemDecider.initialState));
  });
});

const refusals: RefusalTests<ItemRefusal> = {
  BOX_CODE_REPEATED: () =>
    given(itemDecider)
      .when({ ...define, boxes: [box, box] })
      .thenRefused('BOX_CODE_REPEATED'),
};

describe('every refusal of an item command', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });
});
