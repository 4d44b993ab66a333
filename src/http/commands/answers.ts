/** The outcome of a command in HTTP: revision as ETag, position, state, or the problem; and the shape of a stock. */
import type { FastifyReply } from 'fastify';
import type { StockOutcome } from '../../commands/stock.ts';
import type { Reach } from '../../domain/access/authorize.ts';
import type { FactCause, StockEvent } from '../../domain/stock/events.ts';
import type { Stock } from '../../domain/stock/state.ts';
import type { Outcome } from '../../eventsourcing/commandHandling/outcome.ts';
import { type DomainEvent, type RecordedEvent, unreachable } from '../../eventsourcing/message.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import type { ItemDocument } from '../../projections/catalogue/projection.ts';
import { levelOf, type StockLevelDocument } from '../../projections/stockLevels/projection.ts';
import type { StockKey } from '../../projections/stockTimes/projection.ts';
import { entityTagOf, tellPosition, tellReplayed } from '../input/headers.ts';
import { Problem, problemOf } from '../problems/problem.ts';
import type { ProblemCode, RefusalCode } from '../problems/problemCodes.ts';
import { viewData, viewEvent } from '../reads/visibleFields.ts';

/** An accepted command: the state after it, and what it recorded (nothing, if it was done already). */
interface Accepted<State, E extends DomainEvent> {
  readonly state: State;
  readonly revision: number;
  /** When it last changed; empty for what was never there. */
  readonly updatedAt: string;
  readonly events: readonly RecordedEvent<E>[];
}

interface AnswerForm<State, E extends DomainEvent> {
  readonly status: 200 | 201 | 202 | 204;
  readonly body: (accepted: Accepted<State, E>) => object | undefined;
  readonly location?: string;
}

/** Events go out as a read of the same caller would show them. */
const reachOf = ({ request }: FastifyReply): Reach => {
  if (request.caller === null) throw new Error('an answer was made before its caller was known');
  return request.caller.reach;
};

/** What a command would record. */
export const showDryRun = (events: readonly DomainEvent[], reach: Reach): readonly object[] =>
  events.flatMap((event) => {
    const data = viewData(event, reach);
    return data === null ? [] : [{ type: event.type, data }];
  });

const dryRunAnswer = (events: readonly DomainEvent[], reply: FastifyReply): FastifyReply =>
  reply
    .code(200)
    .header('content-type', 'application/json')
    .serializer((body) => JSON.stringify(body))
    .send({ dryRun: true, events: showDryRun(events, reachOf(reply)) });

/** With the events since, so that a client can rebase (B1). What is missing matches no revision (RFC 9110 §13.1.1). */
const conflict = (currentRevision: number, events: readonly RecordedEvent[], reach: Reach): Problem =>
  currentRevision < 0
    ? new Problem('REVISION_CONFLICT', 'There is nothing here yet.', { members: { currentRevision: null, events: [] } })
    : new Problem('REVISION_CONFLICT', `The current revision is ${currentRevision}.`, {
        headers: { etag: entityTagOf(currentRevision) },
        members: { currentRevision, events: events.flatMap((event) => viewEvent(event, reach) ?? []) },
      });

/** @throws Problem for what was refused, or decided on a revision that is no more. */
export const answerOutcome = <State, E extends DomainEvent, Code extends RefusalCode>(
  outcome: Outcome<State, E, Code>,
  reply: FastifyReply,
  { status, body, location }: AnswerForm<State, E>,
): object | undefined => {
  switch (outcome.kind) {
    case 'recorded':
    case 'unchanged': {
      const { state, revision, position, updatedAt } = outcome;
      if (revision >= 0) reply.header('etag', entityTagOf(revision));
      tellPosition(reply, position);
      if (outcome.kind === 'recorded' && outcome.isReplay === true) tellReplayed(reply);
      if (location !== undefined) reply.header('location', location);
      reply.code(status);
      const events = outcome.kind === 'recorded' ? outcome.events : [];
      const answer = body({ state, revision, updatedAt: updatedAt ?? '', events });
      const underKey = answer === undefined ? null : reply.request.underKey;
      if (underKey !== null) underKey.isInLog = outcome.kind === 'recorded';
      return answer;
    }
    case 'refused':
      throw problemOf(outcome.refusal);
    case 'stale':
      throw conflict(outcome.currentRevision, outcome.events, reachOf(reply));
    case 'dry_run':
      return dryRunAnswer(outcome.events, reply);
    default:
      return unreachable(outcome);
  }
};

/** What any change of a stock may be refused for. */
export const stockProblems = [
  'WAREHOUSE_NOT_FOUND',
  'STOCK_NOT_FOUND',
  'STOCK_RETIRED',
  'QUANTITY_INVALID',
  'QUANTITY_TOO_LARGE',
  'OCCURRED_IN_FUTURE',
  'OCCURRED_BEFORE_REGISTRATION',
] as const satisfies readonly ProblemCode[];

/** Where a stock is served. A SKU may hold any printable character. */
export const locationOf = ({ warehouseId, sku }: StockKey): string =>
  `/v1/warehouses/${warehouseId}/inventory/${encodeURIComponent(sku)}`;

type StockView = Omit<StockLevelDocument, 'registeredAt'> & Partial<Pick<ItemDocument, 'name' | 'attributes'>>;

/**
 * With what the catalogue says about the SKU, where it knows it (R10.1). Made field by field: leaving one out of a copy
 * costs ten times as much, and this is the busiest answer.
 */
export const showStock = (level: StockLevelDocument, item: ItemDocument | null): StockView => {
  const view = {
    warehouseId: level.warehouseId,
    sku: level.sku,
    onHand: level.onHand,
    reserved: level.reserved,
    quarantined: level.quarantined,
    incoming: level.incoming,
    safetyStock: level.safetyStock,
    available: level.available,
    status: level.status,
    belowSafetyStock: level.belowSafetyStock,
    revision: level.revision,
    updatedAt: level.updatedAt,
  };
  return item === null ? view : { ...view, name: item.name, attributes: item.attributes };
};

export const showStockAfter = (
  { warehouseId, sku }: StockKey,
  { state, revision, updatedAt }: Accepted<Stock, StockEvent>,
): object => {
  if (state.phase === 'absent') throw new Error('an accepted command left no stock');
  return showStock(levelOf({ warehouseId, sku, stock: state, revision, updatedAt }), null);
};

/** The event of each cause of a fact; a departure is answered as a shipment. A new cause does not compile without it. */
const factEvents: { readonly [Cause in FactCause]: StockEvent['type'] | null } = {
  adjustment: 'StockAdjusted',
  count: 'StockCounted',
  quarantine: 'StockQuarantined',
  departure: null,
};
/** What is only proposed takes from claims already. */
const facts: ReadonlySet<string | null> = new Set([...Object.values(factEvents), 'StockChangeProposed']);

/** What a fact took from claims, and what of it the ledger did not know of; nothing of what was no fact. */
export const showFact = (recorded: readonly RecordedEvent<StockEvent>[]): object => {
  const events = recorded as readonly Recorded<StockEvent>[];
  if (!events.some(({ type }) => facts.has(type))) return {};
  const lapsed = events.filter((event) => event.type === 'StockReservationLapsed');
  const discrepancy = events.find((event) => event.type === 'StockDiscrepancyRecorded');
  return {
    lapsedReservations: lapsed.map(({ data: { reservationId, orderId, lineId, quantity } }) => ({
      reservationId,
      orderId: orderId ?? null,
      lineId: lineId ?? null,
      quantity,
    })),
    ...(discrepancy === undefined ? {} : { missing: discrepancy.data.missing }),
  };
};

type ShowStockAfter = (accepted: Accepted<Stock, StockEvent>) => object;

const answerWith =
  (showOf: (target: StockKey) => ShowStockAfter) =>
  (
    outcome: StockOutcome,
    reply: FastifyReply,
    { warehouseId, sku, status }: StockKey & { readonly status: 200 | 201 },
  ): object | undefined =>
    answerOutcome(outcome, reply, {
      status,
      ...(status === 201 ? { location: locationOf({ warehouseId, sku }) } : {}),
      body: showOf({ warehouseId, sku }),
    });

/** @throws Problem */
export const answerStock = answerWith((target) => (accepted) => showStockAfter(target, accepted));

/** After a count, an adjustment or a quarantine. @throws Problem */
export const answerFact = answerWith((target) => (accepted) => ({
  ...showStockAfter(target, accepted),
  ...showFact(accepted.events),
}));
