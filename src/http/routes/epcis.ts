/** What has happened to goods, in the words of EPCIS 2.0 (B13). */
import type { Static } from 'typebox';
import { reachesWarehouse } from '../../domain/access/authorize.ts';
import { futureToleranceMs } from '../../domain/values.ts';
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { Recorded } from '../../eventsourcing/projecting/projection.ts';
import { contextOf, createEpcisIds, type EpcisNames } from '../../projections/epcis/ids.ts';
import { epcisEventsOf, epcisTypes, type MappedEvent } from '../../projections/epcis/mapping.ts';
import type { EpcisEvent } from '../../projections/epcis/shape.ts';
import { movedBy } from '../../projections/moment.ts';
import type { HttpPorts } from '../ports.ts';
import { pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import { ref } from '../schemas/common.ts';
import { EpcisQuery, EpcisQueryDocument } from '../schemas/epcis.ts';

type Query = Static<typeof EpcisQuery>;

const types: ReadonlySet<string> = new Set(epcisTypes);

const isMapped = (event: RecordedEvent): event is Recorded<MappedEvent> => types.has(event.type);

const epcsIn = ({ epcList = [], parentID }: EpcisEvent): readonly string[] =>
  parentID === undefined ? epcList : [...epcList, parentID];

const classesIn = ({ quantityList = [], childQuantityList = [] }: EpcisEvent): readonly string[] =>
  [...quantityList, ...childQuantityList].map(({ epcClass }) => epcClass);

/** Each by itself; a filter that is not given holds for all. */
const holds: {
  readonly [Name in Exclude<keyof Query, 'limit' | 'cursor'>]: (event: EpcisEvent, asked: string) => boolean;
} = {
  eventType: ({ type }, asked) => type === asked,
  GE_eventTime: ({ eventTime }, asked) => eventTime >= asked,
  LT_eventTime: ({ eventTime }, asked) => eventTime < asked,
  EQ_bizStep: ({ bizStep }, asked) => bizStep === asked,
  EQ_bizLocation: ({ bizLocation }, asked) => bizLocation?.id === asked,
  MATCH_epc: (event, asked) => epcsIn(event).includes(asked),
  MATCH_epcClass: (event, asked) => classesIn(event).includes(asked),
};
const filters = Object.keys(holds) as (keyof typeof holds)[];

const isAsked = (event: EpcisEvent, query: Query): boolean =>
  filters.every((name) => {
    const asked = query[name];
    return asked === undefined || holds[name](event, asked);
  });

const skusIn = ({ data }: Recorded<MappedEvent>): readonly string[] => {
  if ('sku' in data) return [data.sku];
  return 'lines' in data ? data.lines.map(({ sku }) => sku) : [];
};

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** The keys of GS1 of all that these events name, as they are today. */
const namesOf = async (
  events: readonly Recorded<MappedEvent>[],
  { items, warehouses, shipments }: HttpPorts['readModels'],
  baseUrl: string,
): Promise<EpcisNames> => {
  const known = await items.queries.getMany(distinct(events.flatMap(skusIn)));
  const places = await Promise.all(
    distinct(events.map(({ data }) => data.warehouseId)).map((warehouseId) => warehouses.queries.get(warehouseId)),
  );
  const shipmentIds = distinct(
    events.flatMap(({ data }) => ('shipmentId' in data && !('sku' in data) ? [data.shipmentId] : [])),
  );
  const sent = await Promise.all(shipmentIds.map((shipmentId) => shipments.queries.get(shipmentId)));
  const serials = new Map(
    sent.flatMap((shipment) =>
      (shipment?.parcels ?? []).map(
        ({ parcelId, sscc }) => [`${shipment?.shipmentId ?? ''} ${parcelId}`, sscc] as const,
      ),
    ),
  );
  return {
    gtins: new Map([...known].flatMap(([sku, { gtin }]) => (gtin === undefined ? [] : [[sku, gtin] as const]))),
    glns: new Map(
      places.flatMap((place) => (place?.gln === undefined ? [] : [[place.warehouseId, place.gln] as const])),
    ),
    sscc: (shipmentId, parcelId) => serials.get(`${shipmentId} ${parcelId}`),
    baseUrl,
  };
};

export const registerEpcis = ({ read }: Router, { readModels, settings, clock }: HttpPorts): void => {
  const { eventHistory, items, warehouses, shipments } = readModels;
  const baseUrl = settings.publicUrl.replace(/\/$/, '');

  read({
    operation: 'listEpcisEvents',
    url: '/v1/epcis/events',
    tag: 'EPCIS',
    summary: 'What has happened to goods, as EPCIS 2.0 events',
    description:
      'An EPCISQueryDocument, in the order of recording. The next page is in the `Link` header; a page may be short, even ' +
      'empty, and still have a next one, and it holds all events of one dispatch. Only of warehouses in reach.',
    query: EpcisQuery,
    isExpensive: () => true,
    cost: 5,
    answers: { 200: ref(EpcisQueryDocument) },
    problems: ['INVALID_CURSOR'],
    models: [eventHistory.model, items.model, warehouses.model, shipments.model],
    handle: async ({ query, reach }) => {
      const { limit, cursor, GE_eventTime: from } = query;
      const page = await eventHistory.queries.find({
        types,
        ...pageRequestOf({ ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) }),
        // What happened later was recorded some minutes before it at most.
        ...(from === undefined ? {} : { from: movedBy(from, -futureToleranceMs) }),
      });
      const seen = page.items.filter(isMapped).filter(({ data }) => reachesWarehouse(reach, data.warehouseId));
      const ids = createEpcisIds(await namesOf(seen, readModels, baseUrl));
      const eventList = seen.flatMap((event) => epcisEventsOf(event, ids)).filter((event) => isAsked(event, query));
      const document = {
        '@context': contextOf(baseUrl),
        type: 'EPCISQueryDocument',
        schemaVersion: '2.0',
        creationDate: clock.now(),
        epcisBody: { queryResults: { queryName: 'SimpleEventQuery', resultsBody: { eventList } } },
      };
      return { items: eventList, nextCursor: page.nextCursor, document };
    },
  });
};
