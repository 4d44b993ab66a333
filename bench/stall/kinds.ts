/** What is sent, kind by kind. Each may be run again: its requests are not used up by being sent once. */
import { setTimeout as pause } from 'node:timers/promises';
import { bigCustomer, hotSku, orderIdOf, type Size, skuOf } from './business.ts';
import { bulk, cancelling, largestDispatch, largestOrder, wantedReceipt } from './changes.ts';
import { hostileSizes, largestBodies } from './hostile.ts';
import { beginning, type Known, readsOf } from './reads.ts';
import { type Caller, listen, type Sent, sendAll, type Tally } from './send.ts';

export interface Kind {
  readonly name: string;
  readonly run: () => Promise<Tally>;
}

export interface Setting {
  readonly callers: ReadonlyMap<string, Caller>;
  readonly known: Known;
  readonly size: Size;
  /** How long what has no end is looked at, ms. */
  readonly lookMs: number;
}

const noTally: Tally = { sent: 0, answers: new Map(), slowestMs: 0 };
const addUp = (tallies: readonly Tally[]): Tally => {
  const answers = new Map<number, number>();
  for (const tally of tallies)
    for (const [status, n] of tally.answers) answers.set(status, (answers.get(status) ?? 0) + n);
  return {
    sent: tallies.reduce((sum, { sent }) => sum + sent, 0),
    answers,
    slowestMs: Math.max(0, ...tallies.map(({ slowestMs }) => slowestMs)),
  };
};

const times = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));
/** As many as one burst of a client: clients of many connections send so. */
const burst = 150;

export const kindsOf = ({ callers, known, size, lookMs }: Setting): readonly Kind[] => {
  const all = [...callers.values()];
  const callerOf = (name: string): Caller => {
    const caller = callers.get(name);
    if (caller === undefined) throw new Error(`there is no caller ${name}`);
    return caller;
  };
  const admin = callerOf('sandbox-admin');
  const shop = callerOf('sandbox-shop');
  const by = (caller: Caller, sent: readonly Sent[]) => sent.map((each) => [caller, each] as const);
  const large = known.orders - 1;
  /** One in ten of the largest orders has all of its sources. */
  const sourced = (at: number): number =>
    known.orders - size.largeOrders + 10 * (at % Math.ceil(size.largeOrders / 10));
  let changes = 0;

  const filters = ['', `?sku=${skuOf(1)}`, '?sku=NONE', '?types=StockRetired', '?warehouseId=W19', `?sku=${hotSku(0)}`];
  const streams = (): Promise<Tally> =>
    listen(admin, {
      paths: times(24, (at) => `/v1/stream${filters[at % filters.length]}`),
      lastEventId: beginning,
      forMs: lookMs,
    });

  /** Two filters together: by who sees all, some warehouses, one customer. The other roles see as much as one of these. */
  const narrowed = ['sandbox-admin', 'sandbox-staff', 'sandbox-customer'].map(callerOf);
  const callersFor = ({ path }: Sent): readonly Caller[] => (path.split('&').length > 2 ? narrowed : all);
  const reads = [...readsOf(known)].map(([name, sent]) => ({
    name: `GET ${name}`,
    run: () =>
      sendAll(
        sent.flatMap((each) => callersFor(each).map((caller) => [caller, each] as const)),
        16,
      ),
  }));
  const page = { method: 'GET', path: '/v1/orders?limit=500' };
  const one = {
    method: 'GET',
    path: `/v1/orders/${orderIdOf(large)}`,
  };
  const bulks = (isOne: boolean) => () => {
    changes += 1;
    return sendAll(
      by(
        admin,
        times(20, (at) => bulk(size.skus, changes * 20 + at, isOne)),
      ),
      20,
    );
  };
  const orders = (hasStock: boolean) => () =>
    sendAll(
      by(
        shop,
        times(burst, () => largestOrder(size.skus, bigCustomer, hasStock)),
      ),
      burst,
    );
  const documents = times(burst, () => ({ method: 'GET', path: '/openapi.json' }));

  const single: readonly Kind[] = [
    { name: 'nothing: what runs by itself', run: () => pause(lookMs, noTally) },
    ...reads,
    {
      name: `${burst} pages of the largest orders at once`,
      run: () =>
        sendAll(
          by(
            admin,
            times(burst, () => page),
          ),
          burst,
        ),
    },
    {
      name: `${burst} reads of the largest order at once`,
      run: () =>
        sendAll(
          by(
            admin,
            times(burst, () => one),
          ),
          burst,
        ),
    },
    { name: `${burst} reads of /openapi.json at once`, run: () => sendAll(by(admin, documents), burst) },
    { name: '24 live streams from the beginning', run: streams },
    { name: 'hostile sizes of every route', run: () => sendAll(by(admin, hostileSizes(known.document)), 16) },
    { name: 'the largest bodies of every route', run: () => sendAll(by(admin, largestBodies(known.document, 20)), 40) },
    { name: 'bulk changes of many stocks', run: bulks(false) },
    { name: 'bulk changes of one stock', run: bulks(true) },
    { name: `${burst} largest orders at once, which wait`, run: orders(false) },
    { name: `${burst} largest orders at once, with stock`, run: orders(true) },
    {
      name: 'receipts that the largest orders wait for',
      run: async () => {
        changes += 1;
        const tally = await sendAll(
          by(
            admin,
            times(5, (at) => wantedReceipt(changes * 5 + at)),
          ),
          5,
        );
        await pause(lookMs);
        return tally;
      },
    },
    {
      name: 'the largest orders are sent and cancelled',
      run: async () => {
        changes += 1;
        const tally = await sendAll(
          by(admin, [largestDispatch(sourced(changes)), ...times(5, (at) => cancelling(large - 10 * changes - at))]),
          6,
        );
        await pause(lookMs);
        return tally;
      },
    },
  ];
  const sideBySide: Kind = {
    name: 'all of it side by side',
    run: async () => addUp(await Promise.all(single.slice(1).map(({ run }) => run()))),
  };
  return [...single, sideBySide];
};
