/**
 * `npm run bench:states`: how many bytes the states of stocks and what is held with them really take, beside what the
 * cache counts for them.
 */
import { randomUUID } from 'node:crypto';
import { stockDecider } from '../src/domain/stock/decider.ts';
import type { StockEvent } from '../src/domain/stock/events.ts';
import type { Stock } from '../src/domain/stock/state.ts';
import {
  createRecentCommands,
  learnCommands,
  recentBytes,
} from '../src/eventsourcing/commandHandling/recentCommands.ts';
import { type Loaded, loadedBytes, noSnapshot } from '../src/eventsourcing/commandHandling/stateCache.ts';

const collect = globalThis.gc;
if (collect === undefined) throw new Error('Run it with --expose-gc.');

const usedBytes = (): number => {
  for (let times = 0; times < 4; times += 1) collect();
  return process.memoryUsage().heapUsed;
};

/** Texts as they come from the file: no two events share one. */
const asRead = (event: StockEvent): StockEvent => JSON.parse(JSON.stringify(event)) as StockEvent;

const place = { warehouseId: 'BER', sku: 'CHAIR' };
const after = { onHand: 0, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };
const time = '2026-03-01T08:00:00.000Z';

const stockWith = (reservations: number, isOrdered: boolean): Stock => {
  const registered: StockEvent = {
    type: 'StockRegistered',
    data: { ...place, onHand: 1, safetyStock: 0, registeredAt: time, after },
  };
  let stock = stockDecider.evolve(stockDecider.initialState, asRead(registered));
  for (let made = 0; made < reservations; made += 1) {
    const owner = isOrdered ? { orderId: randomUUID(), lineId: '1' } : {};
    const data = { ...place, reservationId: randomUUID(), quantity: 1, expiresAt: time, ...owner, after };
    stock = stockDecider.evolve(stock, asRead({ type: 'StockReserved', data }));
  }
  return stock;
};

const loadedAt = (revision: number): Loaded<null> => ({
  state: null,
  revision,
  position: { commit: 1_000_000n + BigInt(revision), prepare: 1_000_000n + BigInt(revision) },
  updatedAt: new Date(Date.parse(time) + revision).toISOString(),
  recent: createRecentCommands(),
  snapshot: noSnapshot(),
});

const hourMs = 3_600_000;
const commandsOf = (commands: number) => {
  const recent = createRecentCommands();
  for (let revision = 0; revision < commands; revision += 1) {
    const commandId = randomUUID();
    const actor = { subject: 's', kind: 'client', client: 'c' } as const;
    const metadata = { $correlationId: commandId, $causationId: commandId, commandId, actor, authentication: {} };
    const recordedAt = new Date(Date.parse(time) + revision * hourMs).toISOString();
    learnCommands(recent, [{ revision, recordedAt, metadata }]);
  }
  return recent;
};

const held: unknown[] = [];
const compare = <T>(name: string, count: number, make: (at: number) => T, bytesOf: (made: T) => number): void => {
  const before = usedBytes();
  const made = Array.from({ length: count }, (_, at) => make(at));
  held.push(made);
  const real = (usedBytes() - before) / count;
  const counted = made.reduce((sum, each) => sum + bytesOf(each), 0) / count;
  process.stdout.write(`${name.padEnd(44)} ${Math.round(real)} bytes, counted as ${Math.round(counted)}\n`);
};

compare('a stock without reservations', 20_000, () => stockWith(0, false), stockDecider.weigh);
compare('a stock with 2,000 reservations', 50, () => stockWith(2_000, false), stockDecider.weigh);
compare('a stock with 2,000 reservations for orders', 50, () => stockWith(2_000, true), stockDecider.weigh);
compare('the commands of a quiet stream', 20_000, () => commandsOf(40), recentBytes);
compare('what holds a state', 20_000, loadedAt, () => loadedBytes + recentBytes(createRecentCommands()));
