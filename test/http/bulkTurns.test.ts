/** Rows of one request are not checked in one piece (11, CONTRIBUTING.md). */
import { expect, it } from 'vitest';
import type { CommandSpec } from '../../src/http/routeSpec.ts';
import { registerInventoryChanges } from '../../src/http/routes/inventoryChanges.ts';

it('500 rows are checked in five turns, and answered in their order (11)', async () => {
  const specs: CommandSpec<never, never>[] = [];
  const ports = { useCases: { changeStocks: async () => [] }, clock: { now: () => '' } };
  registerInventoryChanges({ command: (spec: never) => specs.push(spec) } as never, ports as never);
  let turns = 0;
  const answer = await specs[0]?.handle({
    body: { changes: Array.from({ length: 500 }, () => ({ kind: 'no such kind' })) },
    context: {},
    request: {},
    reply: { code: () => undefined },
    takeTurn: () => {
      turns += 1;
      return null;
    },
  } as never);
  expect(turns).toBe(5);
  const { results } = answer as { results: readonly { index: number; code: string }[] };
  expect(results.map(({ index }) => index)).toEqual(Array.from({ length: 500 }, (_, at) => at));
  expect(new Set(results.map(({ code }) => code))).toEqual(new Set(['VALIDATION']));
});
