/**
 * A model-based test over HTTP: clients of several roles send random commands to the embedded service, some answers get
 * lost, the process is killed, reads of all sizes go on beside it. Then there is rest, and an independent model that knows
 * the contract alone says what each command came to and what must be there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { driftOf, isSettled } from '../../bench/api.ts';
import { putItem, putSomeItem, putSomeWarehouse, putWarehouse } from './catalogueCommands.ts';
import { type Client, createClient } from './client.ts';
import { createDice, type Dice } from './dice.ts';
import { issue, type Sender } from './issue.ts';
import { createJournal, type Journal } from './journal.ts';
import { createJudge } from './judge.ts';
import { createKnown, type KnownOrder, type Shelf, warehouseIds } from './known.ts';
import { createLogReader } from './logReader.ts';
import { changeStatus, correctAddress, dispatch, placeOrder, relabel, track } from './orderCommands.ts';
import { personToken } from './person.ts';
import { createReactions } from './reactions.ts';
import { type Reader, readLarge, readSmall } from './reads.ts';
import { checkAtRest, type Rest } from './rest.ts';
import { faultsAtRest } from './rules.ts';
import { startService } from './service.ts';
import { bulkChange, decideApproval, type Planned, stockChange, stockCommand } from './stockCommands.ts';
import { listen } from './stream.ts';
import { createWorld } from './world.ts';

export interface ModelOptions {
  /** The same seed asks for the same commands; how they interleave depends on the machine. */
  readonly seed: number;
  readonly commands: number;
  /** Scratch. */
  readonly dataDir: string;
  readonly say: (line: string) => void;
  /** What is started, from the project's root. */
  readonly entry?: string | undefined;
}

export interface ModelFigures {
  readonly seed: number;
  readonly commands: number;
  /** Of these, rows of bulk requests not counted: refused. */
  readonly refused: number;
  readonly lostAnswers: number;
  readonly kills: number;
  readonly rests: number;
  readonly reads: number;
  readonly events: number;
  readonly orders: number;
  readonly shipments: number;
  /** Changes that took a second person, and got one. */
  readonly approved: number;
  /** What the service and the model do not agree about. */
  readonly differences: number;
}

/** Clients that send at the same time. */
const roles = ['admin', 'admin', 'staff', 'staff', 'partner', 'person', 'shop', 'shop', 'customer'];
const roundMax = 700;
/** Every so many commands other goods come into play, so that a long run is not slower than a short one. */
const epochCommands = 4_000;
const skusAnEpoch = 28;
const smallReadShare = 0.3;
const pollMs = 20;
/** The readers leave the service some time for the commands. */
const largeReadPauseMs = 100;
const twoHoursMs = 2 * 3_600_000;
/** Reservations that end so soon are waited for at rest. */
const soonMs = 60_000;

type Kinds =
  | 'stock'
  | 'bulk'
  | 'decide'
  | 'place'
  | 'status'
  | 'address'
  | 'dispatch'
  | 'track'
  | 'label'
  | 'warehouse'
  | 'item';
type Weights = readonly (readonly [weight: number, kind: Kinds])[];

/** Staff and partners keep stock, and now and then try what is not theirs to do. */
const keeper: Weights = [
  [40, 'stock'],
  [2, 'bulk'],
  [4, 'decide'],
  [14, 'dispatch'],
  [14, 'track'],
  [2, 'label'],
  [1, 'place'],
  [1, 'status'],
  [0.5, 'address'],
];
const seller: Weights = [
  [26, 'place'],
  [9, 'status'],
  [4, 'address'],
  [1.5, 'stock'],
  [0.3, 'dispatch'],
];
const weightsOf: { readonly [role: string]: Weights } = {
  person: [
    [10, 'stock'],
    [1, 'bulk'],
    [30, 'decide'],
  ],
  admin: [...keeper, [26, 'place'], [9, 'status'], [1.5, 'warehouse'], [1.5, 'item']],
  shop: seller,
  customer: seller,
};

const skuOf = (epoch: number, index: number): string => {
  if (index % 9 === 4) return `SOFA ${epoch}/${index} blau`;
  return index % 9 === 8 ? `ÄPFEL-${epoch} (${index}kg)` : `SKU-${epoch}-${index}`;
};

const settle = async (origin: string): Promise<void> => {
  for (let looks = 0; looks < 2; looks = (await isSettled({ origin, token: '' }).catch(() => false)) ? looks + 1 : 0) {
    await pause(pollMs);
  }
};

const orderFor = (dice: Dice, orders: readonly KnownOrder[], role: string): KnownOrder | null => {
  const own =
    role === 'customer' && dice.chance(0.9)
      ? orders.filter(({ customerId }) => customerId === 'sandbox-customer')
      : orders;
  return dice.pickLate(own) ?? null;
};

export const runModel = async ({ seed, commands, dataDir, say, entry }: ModelOptions): Promise<ModelFigures> => {
  const service = await startService({
    dataDir,
    warehouseIds: ['BER', 'PAR'],
    ...(entry === undefined ? {} : { entry }),
  });
  const { origin, lives } = service;
  const journal: Journal = createJournal();
  const world = createWorld();
  const known = createKnown();
  const reactions = createReactions();
  const judge = createJudge(world, journal, reactions);
  const dice = createDice(seed);
  const senders: Sender[] = roles.map((role, index) => ({
    client: createClient(origin, role, role === 'person' ? () => personToken(origin, dataDir) : undefined),
    dice: createDice(seed * 1_000 + index),
    journal,
    lives,
  }));
  const others: Client[] = ['admin', 'support', 'auditor'].map((role) => createClient(origin, role));
  const [admin, support, auditor] = others as [Client, Client, Client];
  const whole = listen(origin, 'admin', '');
  const log = createLogReader(auditor, whole, journal);
  const part = listen(origin, 'support', '?types=StockReserved,OrderPlaced');
  /** What the listener to a part of it must have heard. */
  const wanted: string[] = [];
  const figures = { refused: 0, lostAnswers: 0, reads: 0, rests: 0, events: 0, sent: 0 };
  const addresses = new Map<string, object>();
  const main: Sender = { client: admin, dice, journal, lives };

  const send = async (sender: Sender, planned: Planned): Promise<void> => {
    const issued = await issue(sender, planned);
    figures.sent += 1;
    figures.lostAnswers += issued.lost;
    if ((issued.answer?.status ?? 0) >= 400) figures.refused += 1;
  };

  const stockUp = async (epoch: number): Promise<void> => {
    for (let index = 0; index < skusAnEpoch; index += 1) {
      const sku = skuOf(epoch, index);
      if (index % 3 === 0) await send(main, putItem(dice, sku));
      for (const warehouseId of warehouseIds.filter(() => dice.chance(0.6))) {
        const shelf: Shelf = { warehouseId, sku };
        known.shelves.push(shelf);
        const ask = { kind: 'register', onHand: dice.between(0, 50), safetyStock: dice.pick([0, 0, 0, 2]) } as const;
        await send(main, registered(stockCommand(dice, 'admin', { known, shelf, ask })));
      }
    }
  };

  /** A stock that is there from the start. */
  const registered = (planned: Planned): Planned => ({
    ...planned,
    request: {
      ...planned.request,
      body: { ...planned.request.body, occurredAt: new Date(Date.now() - twoHoursMs).toISOString() },
    },
  });

  const planFor = (sender: Sender): Planned | null | Promise<Planned | null> => {
    const { dice: own, client } = sender;
    const { role } = client;
    const order = orderFor(own, known.orders, role);
    const choices = weightsOf[role] ?? keeper;
    const plans: { readonly [Kind in Kinds]: () => Planned | null | Promise<Planned | null> } = {
      stock: () => stockChange(own, role, known),
      bulk: () => bulkChange(own, role, known),
      decide: () => decideApproval(own, role, known),
      place: () => placeOrder(own, role, known),
      status: () => order && changeStatus(own, role, { known, order }),
      address: () => order && correctAddress(own, role, { known, order }),
      dispatch: () => order && dispatch(own, client, { known, order }),
      track: () => track(own, role, known),
      label: () => relabel(own, role, known),
      warehouse: () => putSomeWarehouse(own),
      item: () => putSomeItem(own, known),
    };
    return plans[own.weighted(choices)]();
  };

  const readerOf = (client: Client, own: Dice): Reader => ({ client, dice: own, judge, journal, known });

  const sendOn = async (sender: Sender, until: () => boolean): Promise<void> => {
    while (!until()) {
      const planned = await planFor(sender);
      if (planned !== null) await send(sender, planned);
      if (!sender.dice.chance(smallReadShare)) continue;
      await readSmall(readerOf(sender.client, sender.dice));
      figures.reads += 1;
    }
  };

  const readOn = async (client: Client, own: Dice, until: () => boolean): Promise<void> => {
    while (!until()) {
      await readLarge(readerOf(client, own));
      figures.reads += 1;
      await pause(largeReadPauseMs);
    }
  };

  const checkDrift = async (when: string): Promise<void> => {
    const drift = await driftOf({ origin, token: '' });
    if (drift > 0) journal.differ(`${when} stockledger_reservation_drift is ${drift}: the policies had missed it`);
  };

  /** SideStores the clients: at a place of the round that the seed says. */
  const killAt = async (target: number, until: () => boolean): Promise<void> => {
    while (figures.sent < target && !until()) await pause(pollMs);
    if (until()) return;
    await checkDrift('before a kill');
    await service.killAndRestart();
  };

  const round = async (count: number): Promise<void> => {
    const end = figures.sent + count;
    const until = (): boolean => figures.sent >= end;
    const kills = [0.35, 0.8].filter((_, index) => index === 0 || dice.chance(0.2));
    const targets = kills.map((share) => end - Math.floor(count * (1 - share)) + dice.below(20));
    await Promise.all([
      ...senders.map((sender) => sendOn(sender, until)),
      readOn(admin, dice, until),
      readOn(support, createDice(seed + figures.sent), until).catch(() => undefined),
      targets.reduce((before, target) => before.then(() => killAt(target, until)), Promise.resolve()),
    ]);
  };

  const readLog = async (): Promise<number> => {
    await settle(origin);
    const events = await log.readOn();
    for (const event of events) {
      if (event.type === 'StockReserved' || event.type === 'OrderPlaced') wanted.push(event.id);
      const address = ['OrderPlaced', 'OrderAddressCorrected'].includes(event.type)
        ? known.addresses.get(event.correlationId)
        : undefined;
      if (address !== undefined) addresses.set(event.data.orderId, address);
    }
    figures.events += events.length;
    judge.judge(events, journal.take());
    return events.length;
  };

  /** Until nothing comes any more: reservations that end soon are waited for. */
  const comeToRest = async (): Promise<void> => {
    const untilMs = Date.now() + soonMs;
    for (;;) {
      const news = await readLog();
      const ends = [...world.stocks.values()].flatMap(({ claims }) =>
        [...claims.values()].map(({ expiresAt }) => Date.parse(expiresAt)),
      );
      const soon = ends.filter((endMs) => endMs < Date.now() + soonMs);
      if (news === 0 && soon.length === 0) return;
      if (Date.now() > untilMs + soonMs) {
        journal.differ(`${soon.length} reservations are past their time and do not end, or events come without end`);
        return;
      }
      await pause(soon.length === 0 ? pollMs : 200);
    }
  };

  const rest = async (): Promise<void> => {
    await comeToRest();
    for (const { what, about } of faultsAtRest(world)) journal.differ(what, about);
    for (const left of reactions.onTheirWay()) journal.differ(`left and is not booked out: ${left}`);
    const asked: Rest = { world, client: admin, dice, journal, known, addressOf: (orderId) => addresses.get(orderId) };
    await checkAtRest(asked);
    if (wanted.join() !== part.ids.join()) {
      journal.differ(
        `a stream of two types delivered ${part.ids.length} events, the log has ${wanted.length}, or in another order`,
      );
    }
    await checkDrift('at rest');
    if ((await readLog()) > 0) journal.differ('something was recorded at rest, and nobody asked for it');
    figures.rests += 1;
  };

  let saidLines = 0;
  /** A run may take an hour: what it has found is told at once. */
  const sayNew = (): void => {
    const told = journal.told();
    for (const line of told.slice(saidLines)) say(line);
    saidLines = told.length;
  };

  try {
    await Promise.all([whole.listening, part.listening]);
    for (const warehouseId of warehouseIds)
      await send(main, putWarehouse(dice, warehouseId, { isOpen: true, priority: 1 }));
    for (let epoch = 0; figures.sent < commands; ) {
      if (figures.sent >= epoch * epochCommands) {
        await stockUp(epoch);
        epoch += 1;
      }
      await round(Math.min(roundMax, Math.max(1, commands - figures.sent)));
      await rest();
      const { sent, events, refused } = figures;
      say(
        `${sent} commands (${refused} refused), ${events} events, ${lives() - 1} kills, ${journal.differences()} differences`,
      );
      sayNew();
    }
    const { sent, ...counted } = figures;
    return {
      seed,
      commands: sent,
      ...counted,
      kills: lives() - 1,
      orders: world.orders.size,
      shipments: world.shipments.size,
      approved: [...world.pasts.values()].flat().filter(({ type }) => type === 'StockChangeApproved').length,
      differences: journal.differences(),
    };
  } finally {
    sayNew();
    if (journal.differences() > 0) say(`The service printed last: ${service.output()}`);
    await Promise.all([whole.stop(), part.stop()]);
    for (const { client } of senders) client.close();
    for (const client of others) client.close();
    await service.stop();
  }
};
