/**
 * The whole list in the order of its dates, a day at a time: goods arrive at the start of a month, orders come in
 * side by side, credit notes and corrections follow, and at the end of the day the parcels leave.
 */
import { inFlightMax } from './client.ts';
import { type Courier, createCourier } from './deliveries.ts';
import type { MonthPlan, ReplayPlan } from './demand.ts';
import { eachLimited } from './flow.ts';
import { cancelOrder, completeOrder, type Desk, isSplit, type PlacedOrder, placeOrder, shipOrder } from './orders.ts';
import { cancellationsOf, type ShopDay } from './retail.ts';
import { deliveredEvery, firstUnshipped } from './rules.ts';
import { adjust, beginMonth, receiveLate } from './stock.ts';
import { refuseRows } from './tally.ts';

interface Indexed {
  readonly placed: PlacedOrder;
  /** Which order of the list it is, from 0. */
  readonly index: number;
}

interface Course {
  readonly desk: Desk;
  readonly courier: Courier;
  readonly plan: ReplayPlan;
  /** Orders that wait for the rest of their goods until the month ends. */
  waiting: Indexed[];
}

const ship = async ({ desk, courier, plan }: Course, { placed, index }: Indexed): Promise<void> => {
  if (index >= firstUnshipped(plan.ordersTotal)) return;
  const sent = await shipOrder(desk, placed);
  if (index % deliveredEvery === 0) courier.take(sent);
};

/** What was held back arrives; the orders that wait for it are completed and shipped. */
const endMonth = async (course: Course, month: string, plan: MonthPlan): Promise<void> => {
  const { desk, waiting } = course;
  await receiveLate(desk.client, month, plan, desk.tally);
  await eachLimited(waiting, inFlightMax, async (indexed) => {
    await completeOrder(desk, indexed.placed);
    if (isSplit(indexed.placed)) desk.tally.ordersSplit += 1;
    await ship(course, indexed);
  });
  course.waiting = [];
};

const placeAll = async ({ desk }: Course, day: ShopDay, firstIndex: number): Promise<Map<string, Indexed>> => {
  const placed = new Map<string, Indexed>();
  await eachLimited(day.orders, inFlightMax, async (order, offset) => {
    const answer = await placeOrder(desk, order);
    if (answer !== null) placed.set(order.invoiceNo, { placed: answer, index: firstIndex + offset });
  });
  return placed;
};

/** Credit notes undo the orders that have not left yet; all the others bring goods back. */
const takeCredits = async ({ desk }: Course, day: ShopDay, orders: Map<string, Indexed>): Promise<void> => {
  const cancellations = cancellationsOf(day);
  for (const [invoiceNo, note] of cancellations) {
    const indexed = orders.get(invoiceNo);
    if (indexed === undefined) refuseRows(desk.tally, 'credit of a refused order', note.moves.length);
    else if (await cancelOrder(desk, indexed.placed, note)) orders.delete(invoiceNo);
  }
  const undone = new Set(cancellations.values());
  const returns = day.creditNotes.filter((note) => !undone.has(note)).flatMap(({ moves }) => moves);
  desk.tally.returns += await adjust(desk.client, `returns-${day.date}`, returns, desk.tally);
};

const playDay = async (course: Course, day: ShopDay, firstIndex: number): Promise<void> => {
  const { desk, courier } = course;
  for (const [reason, rows] of day.refused) refuseRows(desk.tally, reason, rows);
  await courier.deliver(`${day.date}T00:00:00.000Z`);
  const orders = await placeAll(course, day, firstIndex);
  await takeCredits(course, day, orders);
  desk.tally.corrections += await adjust(desk.client, `corrections-${day.date}`, day.adjustments, desk.tally);
  await eachLimited([...orders.values()], inFlightMax, async (indexed) => {
    if (indexed.placed.answer.backordered.length > 0) course.waiting.push(indexed);
    else if (isSplit(indexed.placed)) desk.tally.ordersSplit += 1;
    await ship(course, indexed);
  });
  desk.tally.rowsRead += day.rows;
};

/** @param onProgress is told after each day. */
export const replay = async (
  desk: Desk,
  plan: ReplayPlan,
  days: AsyncIterable<ShopDay> | Iterable<ShopDay>,
  onProgress: () => void,
): Promise<void> => {
  const course: Course = { desk, courier: createCourier(desk.client, desk.tally), plan, waiting: [] };
  let current = null as { readonly month: string; readonly plan: MonthPlan } | null;
  let ordersSeen = 0;
  for await (const day of days) {
    const month = day.date.slice(0, 7);
    if (current?.month !== month) {
      if (current !== null) await endMonth(course, current.month, current.plan);
      const monthPlan = plan.months.get(month);
      if (monthPlan === undefined) throw new Error(`The list has changed since it was read first: ${month}.`);
      current = { month, plan: monthPlan };
      await beginMonth(desk.client, month, monthPlan, desk.tally);
    }
    await playDay(course, day, ordersSeen);
    ordersSeen += day.orders.length;
    onProgress();
  }
  if (current !== null) await endMonth(course, current.month, current.plan);
  await course.courier.deliver();
};
