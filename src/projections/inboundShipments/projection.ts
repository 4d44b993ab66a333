/** Inbound shipments (T1): a document each, with its lines. */
import { type InboundEvent, inboundVersions } from '../../domain/inbound/events.ts';
import { evolveInbound, type InboundStatus, inboundStatusOf, type KnownInbound } from '../../domain/inbound/state.ts';
import type { Pace } from '../../eventsourcing/projecting/builtReadModels.ts';
import type { DocumentQuery, Documents } from '../../eventsourcing/projecting/documents.ts';
import { newestOfAny } from '../../eventsourcing/projecting/mergedPages.ts';
import { type Page, type PageRequest, pageOf } from '../../eventsourcing/projecting/page.ts';
import type { Projection } from '../../eventsourcing/projecting/projection.ts';

export interface InboundDocument extends KnownInbound {
  readonly status: InboundStatus;
  /** Of its lines, each once. */
  readonly skus: readonly string[];
  /** When it was recorded, ISO 8601 UTC. */
  readonly announcedAt: string;
  readonly updatedAt: string;
  /** Of the last event of the stream, for ETags. */
  readonly revision: number;
}

export const inboundShipments: Projection<InboundDocument, InboundEvent> = {
  name: 'inbound_shipments_v1',
  handles: Object.keys(inboundVersions) as readonly InboundEvent['type'][],
  indexes: [
    ['announcedAt'],
    ['status', 'announcedAt'],
    ['warehouseId', 'announcedAt'],
    ['warehouseId', 'status', 'announcedAt'],
  ],
  lists: ['skus'],
  idsOf: ({ data }) => [data.inboundId],
  apply: (document, event) => {
    const inbound = evolveInbound(document ?? { phase: 'absent' }, event);
    if (inbound.phase === 'absent') return null;
    const { phase, inboundId, warehouseId, reference, supplier, expectedAt, lines } = inbound;
    return {
      phase,
      inboundId,
      warehouseId,
      reference,
      ...(supplier === undefined ? {} : { supplier }),
      expectedAt,
      lines,
      status: inboundStatusOf(inbound),
      skus: [...new Set(lines.map(({ sku }) => sku))],
      announcedAt: document?.announcedAt ?? event.recordedAt,
      updatedAt: event.recordedAt,
      revision: event.revision,
    };
  },
};

interface InboundQuery extends PageRequest {
  /** Of any of these; absent: of all. */
  readonly warehouseIds?: readonly string[];
  readonly sku?: string;
  readonly status?: InboundStatus;
}

interface InboundQueries {
  get(inboundId: string): Promise<InboundDocument | null>;
  /** Newest first by `announcedAt`. @throws InvalidCursor */
  list(query: InboundQuery): Promise<Page<InboundDocument>>;
}

const newestFirst = { field: 'announcedAt', direction: 'descending' } as const;

export const createInboundQueries = (documents: Documents, collection: () => string, pace: Pace): InboundQueries => {
  const newest = (where: DocumentQuery['where'], page: PageRequest): Promise<Page<InboundDocument>> =>
    pageOf(documents, collection(), { where, orderBy: newestFirst }, page);

  return {
    get: async (inboundId) => (await documents.get<InboundDocument>(collection(), inboundId))?.document ?? null,
    list: ({ warehouseIds, sku, status, ...page }) => {
      const where = {
        ...(sku === undefined ? {} : { skus: { has: sku } }),
        ...(status === undefined ? {} : { status: { equals: status } }),
      };
      if (warehouseIds === undefined) return newest(where, page);
      const conditions = [...new Set(warehouseIds)].map((id) => ({ ...where, warehouseId: { equals: id } }));
      const placeOf = ({ announcedAt, inboundId }: InboundDocument) => ({ time: announcedAt, id: inboundId });
      return newestOfAny({ conditions, newest, placeOf, pace }, page);
    },
  };
};
