/** Commands on stocks, valid and not, and what the model says to each. */
import type { Answer } from './client.ts';
import type { Dice } from './dice.ts';
import type { Ask, Command } from './journal.ts';
import { isUnseen, type Known, note, reaches, revisionAt, type Shelf, warehouseIds } from './known.ts';
import { refuse, stockKey, warehouseKey } from './log.ts';
import type { Order } from './order.ts';
import { decideStock, type StockAsk } from './stock.ts';
import { orderOf, stockAt, type World } from './world.ts';

/** A command, and what the clients learn from its answer. */
export interface Planned extends Command {
  readonly learn?: (answer: Answer, correlationId: string) => void;
}

const reasons = ['correction', 'damaged', 'lost', 'found', 'stolen', 'returned'];
const minuteMs = 60_000;

export const inventoryPath = ({ warehouseId, sku }: Shelf): string =>
  `/v1/warehouses/${warehouseId}/inventory/${encodeURIComponent(sku)}`;

const keepers: readonly string[] = ['admin', 'staff', 'partner', 'person'];
const subjectOf = (role: string): string => (role === 'person' ? role : `sandbox-${role}`);

/** Who may not change a stock is told so, whatever the stock is. */
const barrier = (role: string, warehouseId: string): readonly string[] => {
  if (!keepers.includes(role)) return ['SCOPE_MISSING'];
  return reaches({ role }, warehouseId) ? [] : ['WAREHOUSE_NOT_FOUND'];
};

/** The order is placed, and comes into and out of reach, in a stream of its own. */
const outOfReach = (role: string, order: Order | undefined): readonly string[] =>
  order !== undefined && isUnseen(role, order) ? ['ORDER_NOT_FOUND'] : [];

const askOf = (
  role: string,
  { warehouseId, sku }: Shelf,
  ask: StockAsk,
  more: Partial<Ask> & { occurredAt?: string | undefined },
): Ask => ({
  about: stockKey(warehouseId, sku),
  ifMatch: more.ifMatch,
  always: [...barrier(role, warehouseId), ...(more.always ?? [])],
  decide: (world) => {
    const isThere = world.warehouses.has(warehouseKey(warehouseId));
    if (ask.kind === 'register' && !isThere) return refuse('WAREHOUSE_NOT_FOUND');
    return decideStock(stockAt(world, warehouseId, sku), ask, { occurredAt: more.occurredAt, by: subjectOf(role) });
  },
  ...(ask.kind === 'reserve'
    ? { justBefore: (world: World) => outOfReach(role, orderOf(world, ask.orderId ?? '')) }
    : {}),
});

/** Those that a row of a bulk request can be. */
const rowAsk = (dice: Dice): ShelfAsk => {
  const reason = dice.pick(reasons);
  const quantity = dice.between(1, 6);
  return dice.weighted<() => ShelfAsk>([
    [10, () => ({ kind: 'receipt', quantity: dice.chance(0.004) ? 2_147_483_647 : dice.between(1, 25) })],
    [8, () => ({ kind: 'adjustment', delta: dice.pick([-9, -5, -3, -2, -1, 1, 2, 3, 6]), reason })],
    [4, () => ({ kind: 'quarantine', quantity, reason: 'inspection' })],
    [4, () => ({ kind: 'quarantine-release', quantity })],
    [3, () => ({ kind: 'set', onHand: dice.pick([0, 1, 4, 12, 20, 40]), reason: 'cycle_count' })],
    [1, () => ({ kind: 'register', onHand: dice.between(0, 12), safetyStock: dice.pick([0, 0, 0, 2]) })],
  ])();
};

/** Now and then dated back, and before the stock was there. */
const timeFor = (dice: Dice): string | undefined => {
  if (!dice.chance(0.25)) return undefined;
  const minutes = dice.chance(0.15) ? 400 : dice.between(1, 90);
  return new Date(Date.now() - minutes * minuteMs - dice.below(1_000)).toISOString();
};

const shelfFor = (dice: Dice, role: string, known: Known): Shelf => {
  const isOwn = dice.chance(0.93);
  const own = known.shelves.filter(({ warehouseId }) => reaches({ role }, warehouseId));
  const shelf = dice.pick(isOwn ? own : known.shelves);
  // A stock that may not be registered there.
  return dice.chance(0.03) ? { sku: shelf.sku, warehouseId: dice.pick(warehouseIds) } : shelf;
};

const matchFor = (dice: Dice, known: Known, shelf: Shelf): number | undefined => {
  const told = revisionAt(known, shelf);
  if (told === undefined || !dice.chance(0.25)) return undefined;
  return dice.chance(0.25) ? Math.max(0, told - 1) : told;
};

const headersFor = (ifMatch: number | undefined): Readonly<Record<string, string>> =>
  ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };

type ShelfAsk = Exclude<StockAsk, { kind: 'approve' | 'reject' }>;

const routes: { readonly [Kind in ShelfAsk['kind']]: readonly [method: string, below: string] } = {
  register: ['POST', ''],
  receipt: ['POST', '/receipts'],
  adjustment: ['POST', '/adjustments'],
  set: ['PUT', ''],
  quarantine: ['POST', '/quarantine'],
  'quarantine-release': ['POST', '/quarantine-releases'],
  policy: ['PUT', '/policy'],
  retire: ['DELETE', ''],
  reserve: ['POST', '/reservations'],
  release: ['DELETE', '/reservations'],
};

/** Each breaks the documented shape of every body: a field that is not there, or out of range. */
const spoilt: readonly object[] = [{ quantity: 0 }, { delta: 0 }, { onHand: -1 }, { unknown: true }, { quantity: 1.5 }];

/** For nobody, for an order that is still to come, or for one that is there. */
const ownerFor = (dice: Dice, known: Known): { readonly orderId?: string } => {
  if (dice.chance(0.5)) return {};
  const orderId = dice.chance(0.3) ? dice.pickLate(known.orders)?.orderId : dice.pickLate(known.announced);
  if (orderId !== undefined && dice.chance(0.7)) return { orderId };
  const announced = dice.uuid();
  known.announced.push(announced);
  return { orderId: announced };
};

export const stockChange = (dice: Dice, role: string, known: Known): Planned => {
  const hold = dice.pickLate(known.holds);
  const ask = dice.weighted<() => ShelfAsk>([
    [34, () => rowAsk(dice)],
    [2, () => ({ kind: 'policy', safetyStock: dice.pick([0, 0, 1, 3]) })],
    [2, () => ({ kind: 'retire' })],
    [8, () => ({ kind: 'reserve', quantity: dice.between(1, 4), ...ownerFor(dice, known) })],
    [4, () => ({ kind: 'release', reservationId: hold?.reservationId ?? dice.uuid() })],
  ])();
  const shelf = ask.kind === 'release' && hold !== undefined ? hold : shelfFor(dice, role, known);
  return stockCommand(dice, role, { known, shelf, ask });
};

interface Change {
  readonly known: Known;
  readonly shelf: Shelf;
  readonly ask: ShelfAsk;
}

const pathFor = (shelf: Shelf, ask: ShelfAsk, isDryRun: boolean): string => {
  const query = isDryRun ? '?dryRun=true' : '';
  if (ask.kind === 'register') return `/v1/warehouses/${shelf.warehouseId}/inventory${query}`;
  const end = ask.kind === 'release' ? `/${ask.reservationId}` : '';
  return `${inventoryPath(shelf)}${routes[ask.kind][1]}${end}${query}`;
};

const withoutBody: readonly StockAsk['kind'][] = ['retire', 'release'];
const withoutTime: readonly StockAsk['kind'][] = [...withoutBody, 'policy', 'reserve'];

/** What the route takes beside the times. */
const bodyFor = (dice: Dice, { sku }: Shelf, ask: StockAsk): object => {
  const { kind, ...fields } = ask;
  if (kind === 'register') return { sku, ...fields };
  return kind === 'reserve' ? { ...fields, expiresInSeconds: dice.pick([1, 2, 3_600]) } : fields;
};

/** A count names the revision that was counted, but for now and then. */
const seenBy = (dice: Dice, { known, shelf, ask }: Change): number | undefined => {
  if (ask.kind !== 'set') return matchFor(dice, known, shelf);
  return dice.chance(0.05) ? undefined : (revisionAt(known, shelf) ?? 0);
};

export const stockCommand = (dice: Dice, role: string, change: Change): Planned => {
  const { known, shelf, ask } = change;
  const { kind } = ask;
  const [method] = routes[kind];
  const occurredAt = withoutTime.includes(kind) ? undefined : timeFor(dice);
  const isSpoilt = method === 'POST' && dice.chance(0.02);
  const ifMatch = seenBy(dice, change);
  const isDryRun = dice.chance(0.03);
  const body = {
    ...bodyFor(dice, shelf, ask),
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(isSpoilt ? dice.pick(spoilt) : {}),
  };
  const isUncounted = kind === 'set' && ifMatch === undefined;
  const always = [...(isSpoilt ? ['VALIDATION'] : []), ...(isUncounted ? ['IF_MATCH_REQUIRED'] : [])];
  return {
    role,
    key: method === 'POST' || dice.chance(0.8) ? dice.uuid() : null,
    isDryRun,
    isBulk: false,
    request: {
      method,
      path: pathFor(shelf, ask, isDryRun),
      body: withoutBody.includes(kind) ? undefined : body,
      headers: headersFor(ifMatch),
    },
    asks: [askOf(role, shelf, ask, { occurredAt, ifMatch, always })],
    learn: (answer) => {
      if (answer.status >= 300 || isDryRun) return;
      const { reservationId, approvalId, inventory } = answer.body as {
        reservationId?: string;
        approvalId?: string;
        inventory?: Answer['body'];
      };
      note(known, stockKey(shelf.warehouseId, shelf.sku), { body: inventory ?? answer.body });
      if (reservationId !== undefined) known.holds.push({ ...shelf, reservationId });
      if (approvalId !== undefined) known.approvals.push({ ...shelf, approvalId });
    },
  };
};

/** Who may not decide it is told so, whatever it is about. */
const decisionBarrier = (role: string, kind: 'approve' | 'reject', warehouseId: string): readonly string[] => {
  if (!keepers.includes(role)) return ['SCOPE_MISSING'];
  if (kind === 'approve' && role !== 'person') return ['PERSON_REQUIRED'];
  return reaches({ role }, warehouseId) ? [] : ['APPROVAL_NOT_FOUND'];
};

/** `null`: nothing was proposed yet. */
export const decideApproval = (dice: Dice, role: string, known: Known): Planned | null => {
  const found = dice.pickLate(known.approvals);
  if (found === undefined) return null;
  const { approvalId: id, ...shelf } = found;
  const isUnknown = dice.chance(0.03);
  // Left to be decided once more.
  const isAgain = dice.chance(0.15);
  const approvalId = isUnknown ? dice.uuid() : id;
  const kind = dice.chance(role === 'person' ? 0.7 : 0.1) ? 'approve' : 'reject';
  const ifMatch = matchFor(dice, known, shelf);
  const isDryRun = dice.chance(0.05);
  const end = kind === 'approve' ? 'approval' : 'rejection';
  const barriers = decisionBarrier(role, kind, shelf.warehouseId);
  return {
    role,
    key: dice.uuid(),
    isDryRun,
    isBulk: false,
    request: {
      method: 'POST',
      path: `/v1/approvals/${approvalId}/${end}${isDryRun ? '?dryRun=true' : ''}`,
      body: kind === 'approve' ? undefined : { reason: 'found again' },
      headers: headersFor(ifMatch),
    },
    asks: [
      {
        about: stockKey(shelf.warehouseId, shelf.sku),
        ifMatch,
        always: isUnknown && barriers.length === 0 ? ['APPROVAL_NOT_FOUND'] : barriers,
        decide: (world) =>
          decideStock(stockAt(world, shelf.warehouseId, shelf.sku), { kind, approvalId }, { by: subjectOf(role) }),
      },
    ],
    learn: (answer) => {
      if (isDryRun || isUnknown) return;
      if (answer.status < 300) note(known, stockKey(shelf.warehouseId, shelf.sku), answer);
      const hasEnded = answer.status < 300 || answer.body.code === 'APPROVAL_ENDED';
      const at = known.approvals.indexOf(found);
      if (hasEnded && !isAgain && at >= 0) known.approvals.splice(at, 1);
    },
  };
};

const rowsMax = 40;

export const bulkChange = (dice: Dice, role: string, known: Known): Planned => {
  const rows = Array.from({ length: dice.chance(0.03) ? 200 : dice.between(1, rowsMax) }, () => {
    const shelf = shelfFor(dice, role, known);
    const ask = rowAsk(dice);
    const ifMatch = dice.chance(0.1) ? revisionAt(known, shelf) : undefined;
    const occurredAt = timeFor(dice);
    const isSpoilt = dice.chance(0.03);
    const row = {
      ...shelf,
      ...ask,
      ...(ifMatch === undefined ? {} : { ifRevision: ifMatch }),
      ...(occurredAt === undefined ? {} : { occurredAt }),
      ...(isSpoilt ? { unknown: true } : {}),
    };
    const always = isSpoilt ? ['VALIDATION'] : [];
    return { row, ask: askOf(role, shelf, ask, { ifMatch, occurredAt, always }) };
  });
  const mayNot = barrier(role, warehouseIds[0] ?? '');
  return {
    role,
    key: dice.uuid(),
    isDryRun: false,
    isBulk: true,
    request: { method: 'POST', path: '/v1/inventory/changes', body: { changes: rows.map(({ row }) => row) } },
    asks: rows.map(({ ask }) => (mayNot.length === 0 ? ask : { ...ask, always: mayNot })),
  };
};
