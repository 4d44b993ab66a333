/** What the stores hold when the dust has settled, against what was acknowledged and what the log says. */
import { isDeepStrictEqual } from 'node:util';
import { allProjections } from '../../src/app/readModels.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import { comparePositions, type RecordedEvent } from '../../src/eventsourcing/message.ts';
import type { Checkpoints, EventSource } from '../../src/eventsourcing/ports.ts';
import type { Documents } from '../../src/eventsourcing/projecting/documents.ts';
import { type AnyProjection, partNames } from '../../src/eventsourcing/projecting/projection.ts';
import { deliveryIdOf } from '../../src/webhooks/ledger.ts';
import { messagesFor } from '../../src/webhooks/messages.ts';
import { plannerName } from '../../src/webhooks/planner.ts';
import { audienceOf, type Endpoint } from '../../src/webhooks/ports.ts';
import { faultsOf } from '../processManagers/ledgerFaults.ts';
import { createLogFold } from '../support/logFold.ts';

const pageEvents = 2_000;
const idsPerRead = 500;

export interface Evidence {
  readonly events: EventSource;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  readonly projectionParts: number;
}

export const readLog = async (events: EventSource): Promise<readonly RecordedEvent[]> => {
  const log: RecordedEvent[] = [];
  for (;;) {
    const page = await events.readAll(log.at(-1)?.position ?? null, 'forwards', pageEvents);
    log.push(...page);
    if (page.length < pageEvents) return log;
  }
};

/** As the service derives it from who asked and the key (`src/http/commands/idempotency.ts`). */
const commandIdOf = (key: string): string => derivedId(`request/sandbox-admin sandbox-admin ${key}`);

/** Keys of acknowledged commands that recorded nothing. */
export const lostKeys = (log: readonly RecordedEvent[], acknowledged: readonly string[]): readonly string[] => {
  const recorded = new Set(log.map(({ metadata }) => metadata.commandId));
  return acknowledged.filter((key) => !recorded.has(commandIdOf(key)));
};

/** Event ids that are there twice, and whatever does not add up in stock and orders. */
export const doubledFacts = async (log: readonly RecordedEvent[]): Promise<readonly string[]> => {
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const { id, stream } of log) {
    if (seen.has(id)) twice.push(`${stream}: ${id} twice`);
    seen.add(id);
  }
  const fold = createLogFold({
    readAll: async (from, _direction, limit) => {
      const start = from === null ? 0 : log.findIndex(({ position }) => comparePositions(position, from) > 0);
      return start < 0 ? [] : log.slice(start, start + limit);
    },
  });
  return [...twice, ...(await faultsOf(fold))];
};

const foldAll = (projection: AnyProjection, log: readonly RecordedEvent[]): ReadonlyMap<string, object> => {
  const folded = new Map<string, object>();
  for (const event of log) {
    if (!projection.handles.includes(event.type)) continue;
    for (const id of projection.idsOf(event)) {
      const document = projection.applyAll(folded.get(id) ?? null, [event], id);
      if (document === null) folded.delete(id);
      else folded.set(id, document);
    }
  }
  return folded;
};

const asStored = (document: object): unknown => JSON.parse(JSON.stringify(document));

const staleIn = async (projection: AnyProjection, log: readonly RecordedEvent[], { documents }: Evidence) => {
  const folded = foldAll(projection, log);
  const ids = [...folded.keys()];
  const stale: string[] = [];
  for (let from = 0; from < ids.length; from += idsPerRead) {
    const slice = ids.slice(from, from + idsPerRead);
    const found = await documents.getMany<object>(projection.name, slice);
    for (const id of slice) {
      const stored = found.get(id)?.document;
      if (stored === undefined || !isDeepStrictEqual(asStored(stored), asStored(folded.get(id) ?? {}))) {
        stale.push(`${projection.name}/${id}`);
      }
    }
  }
  const extra = (await documents.count(projection.name)) - ids.length;
  return extra === 0 ? stale : [...stale, `${projection.name}: ${extra} more than the log makes`];
};

export const staleDocuments = async (log: readonly RecordedEvent[], evidence: Evidence): Promise<readonly string[]> => {
  const all: string[] = [];
  for (const projection of allProjections) all.push(...(await staleIn(projection, log, evidence)));
  return all;
};

/** Ids that one endpoint is owed, worked out from the log alone. */
export const dueDeliveries = (log: readonly RecordedEvent[], endpoint: Endpoint): readonly string[] => {
  const audience = audienceOf(endpoint);
  return log
    .filter(({ position }) => comparePositions(position, endpoint.createdAt) > 0)
    .flatMap((event) =>
      messagesFor(event, audience).map(({ type }) => deliveryIdOf(endpoint.endpointId, event.id, type)),
    );
};

/** Consumers, or parts of them, whose checkpoint has not passed the last event that they handle. */
export const stuckConsumers = async (
  log: readonly RecordedEvent[],
  { checkpoints, projectionParts }: Evidence,
): Promise<readonly string[]> => {
  const last = (types: readonly string[] | null) => log.findLast(({ type }) => types === null || types.includes(type));
  const wanted = [
    ...allProjections.flatMap(({ name, handles }) =>
      partNames(name, projectionParts).map((part) => ({ name: part, event: last(handles) })),
    ),
    ...[plannerName, 'reactions_v1'].map((name) => ({ name, event: last(null) })),
  ];
  const stuck: string[] = [];
  for (const { name, event } of wanted) {
    const checkpoint = await checkpoints.get(name);
    if (event === undefined) continue;
    if (checkpoint === null || comparePositions(checkpoint, event.position) < 0) stuck.push(name);
  }
  return stuck;
};
