import { expect, it } from 'vitest';
import type { Issued } from './journal.ts';
import { createWindows } from './windows.ts';

const sent = (sentAt: number, answeredAt: number): Issued => ({ sentAt, answeredAt }) as Issued;

it('lets a command see every event of what was answered before, and none of what was sent after its answer', () => {
  const before = sent(1, 2);
  const looked = sent(3, 4);
  const after = sent(5, 6);
  const places = new Map([
    [before, { first: 10, last: 12 }],
    [after, { first: 15, last: 16 }],
  ]);
  const windowOf = createWindows([before, looked, after], (issued) => places.get(issued));
  expect(windowOf(looked)).toEqual({ from: 12, to: 14 });
});
