import { accept, type Decider, refuse, unreachable } from '../../eventsourcing/message.ts';
import { entriesOf } from '../bucketMap.ts';
import { isCount, isQuantity } from '../values.ts';
import { adjustOrPropose, countOrPropose, decideProposal, retireOrPropose } from './approvals.ts';
import { recordArrival } from './arrivalFacts.ts';
import { emptyBalance } from './balance.ts';
import type { StockCommand, StockCommandOf, StockDecision, StockRefusal } from './commands.ts';
import type { StockEvent } from './events.ts';
import { quarantine, ship, voidDeparture } from './facts.ts';
import { stockVersions } from './fields.ts';
import { heldFor } from './proposals.ts';
import { endReservation, insufficient, keyOf, record, reserve } from './reservations.ts';
import { returnStock } from './returns.ts';
import { stockStates } from './snapshot.ts';
import { evolveStock, initialStock, type KnownStock, type Stock } from './state.ts';
import { followTransfer, isOfTransfer } from './transfers.ts';

/**
 * Whole and in range, also for commands of ours: the schema of a route checks it for the route's callers only, and a
 * negative quantity would turn a receipt into a loss and a reservation into stock that isn't there (R6.3).
 */
const quantitiesFit = (command: Exclude<StockCommand, StockCommandOf<'ReturnStock'>>): boolean => {
  switch (command.type) {
    case 'RegisterStock':
      return isCount(command.onHand) && isCount(command.safetyStock);
    case 'SetStockPolicy':
      return isCount(command.safetyStock);
    case 'SetStock':
      return isCount(command.counted);
    case 'AdjustStock':
      return isCount(Math.abs(command.delta));
    case 'ReceiveStock':
    case 'ReserveStock':
    case 'ShipStock':
    case 'VoidDeparture':
    case 'QuarantineStock':
    case 'ReleaseQuarantine':
      return isQuantity(command.quantity);
    case 'ReserveForTransfer':
    case 'TransferOut':
      return isQuantity(command.quantity);
    case 'TransferIn':
      return isQuantity(command.quantity) && isCount(command.damaged) && command.damaged <= command.quantity;
    case 'ReleaseReservation':
      return command.quantity === undefined || isQuantity(command.quantity);
    case 'ExpectArrival':
      return isCount(command.expected);
    case 'RecordArrival':
      return isCount(command.expected) && isQuantity(command.quantity);
    case 'ExpireReservation':
    case 'RetireStock':
    case 'ApproveChange':
    case 'RejectChange':
      return true;
    default:
      return unreachable(command);
  }
};

const register = (command: StockCommandOf<'RegisterStock'>, stock: Stock): StockDecision => {
  if (stock.phase === 'active') return refuse('STOCK_ALREADY_REGISTERED', 'This SKU is registered in this warehouse.');
  const { onHand, safetyStock, occurredAt } = command;
  const data = { ...keyOf(command), onHand, safetyStock, registeredAt: occurredAt };
  return record({ balance: emptyBalance }, { type: 'StockRegistered', data });
};

/** A mark is corrected: more than is marked was never marked, and the caller is told. A hold ends with its proposal. */
const releaseQuarantine = (command: StockCommandOf<'ReleaseQuarantine'>, stock: KnownStock): StockDecision => {
  const { quantity } = command;
  const marked = stock.balance.quarantined - heldFor(stock.proposals);
  if (quantity > marked) return insufficient(stock, quantity, marked);
  return record(stock, { type: 'StockQuarantineReleased', data: { ...keyOf(command), quantity } });
};

const setPolicy = (command: StockCommandOf<'SetStockPolicy'>, stock: KnownStock): StockDecision => {
  const { safetyStock } = command;
  if (safetyStock === stock.balance.safetyStock) return accept();
  return record(stock, { type: 'StockPolicySet', data: { ...keyOf(command), safetyStock } });
};

/** They need no stock to be there. */
type Opening = StockCommandOf<'RegisterStock' | 'ExpectArrival' | 'RecordArrival'>;
const openings: ReadonlySet<string> = new Set<Opening['type']>(['RegisterStock', 'ExpectArrival', 'RecordArrival']);
const isOpening = (command: StockCommand): command is Opening => openings.has(command.type);

const open = (command: Opening, stock: Stock): StockDecision =>
  command.type === 'RegisterStock' ? register(command, stock) : recordArrival(command, stock);

type CommandOnKnown = Exclude<
  StockCommand,
  | Opening
  | { type: 'ApproveChange' | 'RejectChange' | 'ReserveForTransfer' | 'TransferOut' | 'TransferIn' | 'ReturnStock' }
>;

const decideKnown = (command: CommandOnKnown, stock: KnownStock): StockDecision => {
  switch (command.type) {
    case 'ReceiveStock': {
      const { type: _, occurredAt: __, ...data } = command;
      return record(stock, { type: 'StockReceived', data });
    }
    case 'AdjustStock':
      return adjustOrPropose(command, stock);
    case 'SetStock':
      return countOrPropose(command, stock);
    case 'ReserveStock':
      return reserve(command, stock);
    case 'ReleaseReservation':
    case 'ExpireReservation':
      return endReservation(command, stock);
    case 'ShipStock':
      return ship(command, stock);
    case 'VoidDeparture':
      return voidDeparture(command, stock);
    case 'QuarantineStock':
      return quarantine(command, stock);
    case 'ReleaseQuarantine':
      return releaseQuarantine(command, stock);
    case 'SetStockPolicy':
      return setPolicy(command, stock);
    case 'RetireStock':
      return retireOrPropose(command, stock);
    default:
      return unreachable(command);
  }
};

/** The end of a reservation follows from the reservation, whatever clock the courier or the sweeper goes by. */
const anyTime: ReadonlySet<StockCommand['type']> = new Set([
  'ReleaseReservation',
  'ExpireReservation',
  'ShipStock',
  'VoidDeparture',
]);

const decideRetired = (command: CommandOnKnown, stock: KnownStock): StockDecision => {
  // Goods may leave whose reservation was gone, and the stock with it: there is nothing to book, but it is told.
  if (command.type === 'ShipStock') return ship(command, stock);
  if (command.type === 'VoidDeparture') return voidDeparture(command, stock);
  return command.type === 'RetireStock' ? accept() : refuse('STOCK_RETIRED', 'This stock is retired.');
};

const decide = (command: Exclude<StockCommand, StockCommandOf<'ReturnStock'>>, stock: Stock): StockDecision => {
  if (!quantitiesFit(command)) return refuse('QUANTITY_INVALID', 'A quantity is a whole number of pieces in range.');
  if (isOpening(command)) return open(command, stock);
  if (isOfTransfer(command)) return followTransfer(command, stock);
  if (stock.phase === 'absent') return refuse('STOCK_NOT_FOUND', 'This SKU is not registered in this warehouse.');
  if (command.type === 'ApproveChange' || command.type === 'RejectChange') return decideProposal(command, stock);
  if (stock.phase === 'retired') return decideRetired(command, stock);
  if (command.occurredAt < stock.registeredAt && !anyTime.has(command.type)) {
    return refuse('OCCURRED_BEFORE_REGISTRATION', 'occurredAt lies before the stock was registered.', {
      registeredAt: stock.registeredAt,
    });
  }
  return decideKnown(command, stock);
};

/** Measured: `bench/stateBytes.ts`. A proposal may have a note, of one byte a character. */
const weigh = (stock: Stock): number => {
  if (stock.phase === 'absent') return 100;
  const { reservations, claimsOfOrders, unbooked, proposals, arrivals } = stock;
  const proposed = proposals.reduce((sum, { note }) => sum + 500 + (note?.length ?? 0), 0);
  return (
    220 + 220 * reservations.size + 130 * claimsOfOrders.size + 150 * unbooked.size + proposed + 250 * arrivals.length
  );
};

export const stockDecider: Decider<Stock, StockCommand, StockEvent, StockRefusal> = {
  category: 'stock',
  initialState: initialStock,
  decide: (command, stock) => (command.type === 'ReturnStock' ? returnStock(command, stock) : decide(command, stock)),
  evolve: evolveStock,
  weigh,
  codec: stockStates,
  schemaVersions: stockVersions,
};

/** Ids of the reservations that are past their time. */
export const expiredAt = (stock: Stock, now: string): readonly string[] =>
  stock.phase === 'absent'
    ? []
    : [...entriesOf(stock.reservations)]
        .filter(([, { expiresAtMs }]) => expiresAtMs <= Date.parse(now))
        .map(([id]) => id);
