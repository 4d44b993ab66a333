import { expect, it } from 'vitest';
import type { Act } from './acts.ts';
import { createOpenActs } from './openActs.ts';

const lookedAt = (ask: Partial<Act['ask']>): number => {
  let isRight = false;
  const open = createOpenActs(() => isRight);
  open.add({ ask: { about: 'stock BER.SKU-1', ...ask } } as Act, { from: 0, to: 5 });
  open.sort();
  open.look(0, null);
  isRight = true;
  open.look(1, 'order 1');
  return open.left().length;
};

it('looks at what depends on other things too after every event, and at the rest when its own thing changes', () => {
  expect(lookedAt({ justBefore: () => [] })).toBe(0);
  expect(lookedAt({})).toBe(1);
});
