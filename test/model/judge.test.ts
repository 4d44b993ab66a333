/** The model's verdict can fail: logs and answers that are wrong in one place, each told. */
import { expect, it } from 'vitest';
import type { Answer } from './client.ts';
import { createJournal, type Issued } from './journal.ts';
import { createJudge } from './judge.ts';
import { type LogEvent, stockKey } from './log.ts';
import { createReactions } from './reactions.ts';
import { decideStock, type StockAsk } from './stock.ts';
import { createWorld, stockAt } from './world.ts';

const warehouseId = 'BER';
const sku = 'CHAIR';
const key = stockKey(warehouseId, sku);
const at = '2026-11-26T12:00:00.000Z';

const figures = (onHand: number, reserved = 0) => ({ onHand, reserved, quarantined: 0, safetyStock: 0 });

const event = (revision: number, type: string, command: string, data: object): LogEvent =>
  ({
    id: `${command}/${revision}`,
    type,
    stream: `stock-${warehouseId}.${sku}`,
    revision,
    position: String(revision),
    occurredAt: at,
    recordedAt: at,
    correlationId: command,
    causationId: command,
    actor: { kind: 'client', client: 'sandbox-admin' },
    data: { warehouseId, sku, ...data },
  }) as LogEvent;

const registered = event(0, 'StockRegistered', 'register', {
  onHand: 3,
  safetyStock: 0,
  registeredAt: at,
  after: figures(3),
});
const received = (revision: number, quantity: number, after: number): LogEvent =>
  event(revision, 'StockReceived', 'receive', { quantity, after: figures(after) });

let ticks = 0;
const issued = (command: string, ask: StockAsk, answer: Pick<Answer, 'status' | 'body'>): Issued => {
  const sentAt = ++ticks;
  return {
    n: ticks,
    correlationId: command,
    sentAt,
    answeredAt: ++ticks,
    life: 1,
    lost: 0,
    answer: { headers: {}, ...answer },
    command: {
      role: 'admin',
      key: command,
      isDryRun: false,
      isBulk: false,
      request: { method: 'POST', path: '/' },
      asks: [{ about: key, decide: (world) => decideStock(stockAt(world, warehouseId, sku), ask) }],
    },
  };
};
const register = () =>
  issued('register', { kind: 'register', onHand: 3, safetyStock: 0 }, { status: 201, body: { revision: 0 } });
const receive = (body: object, status = 201) =>
  issued('receive', { kind: 'receipt', quantity: 2 }, { status, body: { ...body } });

const judged = (events: readonly LogEvent[], commands: readonly Issued[], shown?: object): string => {
  const journal = createJournal();
  const judge = createJudge(createWorld(), journal, createReactions());
  if (shown !== undefined) judge.saw({ key, revision: 1, view: shown, where: 'GET' });
  judge.judge(events, commands);
  return journal.told().join('\n');
};

const right = [registered, received(1, 2, 5)];

it('has nothing to tell of a log and answers that are right', () => {
  const shown = { ...figures(5), warehouseId, sku, incoming: 0, available: 5, status: 'active' };
  const commands = [register(), receive({ revision: 1 })];
  expect(judged(right, commands, { ...shown, revision: 1, updatedAt: at })).toBe('');
});

it.each([
  ['an acknowledged change that is not in the log', [registered], [register(), receive({ revision: 1 })]],
  ['a change that is done twice', [...right, received(2, 2, 7)], [register(), receive({ revision: 1 })]],
  ['figures that do not follow', [registered, received(1, 2, 6)], [register(), receive({ revision: 1 })]],
  ['another quantity than was asked for', [registered, received(1, 3, 6)], [register(), receive({ revision: 1 })]],
  ['a change that was refused and is recorded', right, [register(), receive({ code: 'STOCK_RETIRED' }, 409)]],
  ['a refusal without a reason', [registered], [register(), receive({ code: 'STOCK_RETIRED' }, 409)]],
  ['a change that nobody asked for', right, [register()]],
  ['an answer with another revision', right, [register(), receive({ revision: 7 })]],
  ['an event that is missing', [registered, received(2, 2, 5)], [register(), receive({ revision: 2 })]],
] as const)('tells %s', (_, events, commands) => {
  expect(judged(events, commands)).toContain('DIFFERENCE');
});

it('tells what is held for a proposal, and what it is not', () => {
  const change = { kind: 'adjustment', delta: -9, reason: 'lost' };
  const proposed = (held: number) =>
    event(1, 'StockChangeProposed', 'lose', {
      approvalId: 'a1',
      change,
      held,
      proposedBy: '',
      after: { ...figures(3), quarantined: held },
    });
  const ask: StockAsk = { kind: 'adjustment', delta: -9, reason: 'lost' };
  const commands = () => [register(), issued('lose', ask, { status: 202, body: { revision: 1 } })];
  expect(judged([registered, proposed(3)], commands())).toBe('');
  expect(judged([registered, proposed(2)], commands())).toContain('DIFFERENCE');
});

it('tells a reader that was shown something else', () => {
  const commands = [register(), receive({ revision: 1 })];
  expect(judged(right, commands, { onHand: 4 })).toContain('GET shows');
});
