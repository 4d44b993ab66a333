/** The matrix, further: an id of somebody else in each place of a body and of a query. */
import type { Rule } from '../../src/domain/access/policy.ts';
import { warehouseIdPattern } from '../../src/domain/values.ts';
import { bodySchemaOf, isObject, type Json } from '../http/requests.ts';
import type { ApiDocument, JsonSchema } from '../support/documented.ts';
import { customerOf, isOfWarehouses, warehouseOf } from './people.ts';
import { askedOf, type Case, type Entered, multiStatus, notFound, wellOf } from './targets.ts';
import { reaches, type Things } from './things.ts';

/** Ids that are somebody's, by the kind of thing that they name. */
const idsInBodies: { readonly [name: string]: Rule['whose'] | 'customer' } = {
  warehouseId: 'warehouse',
  warehouseIds: 'warehouse',
  preferredWarehouseId: 'warehouse',
  orderId: 'order',
  shipmentId: 'warehouse',
  endpointId: 'endpoint',
  customerId: 'customer',
  transferId: 'warehouse',
  from: 'warehouse',
  to: 'warehouse',
  inboundId: 'warehouse',
};

/** Where an id of somebody else comes to something else than "not found". */
const otherwise: { readonly [place: string]: 'taken' | 'wish' } = {
  // It names an order that is to be made: taken, by whomever.
  'placeOrder.orderId': 'taken',
  'planTransfer.transferId': 'taken',
  'announceInbound.inboundId': 'taken',
  // Where it would best come from; who may see warehouses is not asked.
  'placeOrder.preferredWarehouseId': 'wish',
};

const resolve = (schema: JsonSchema, { components }: ApiDocument): JsonSchema => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  return name === undefined ? schema : (components.schemas[name] ?? {});
};

/** By its form, whatever it is called: a new name of an id is asked for, and not passed over. */
const isId = ({ format, pattern, items }: JsonSchema): boolean =>
  format === 'uuid' || pattern === warehouseIdPattern || (items !== undefined && isId(items as JsonSchema));

/** @throws Error for an id whose owner is not known. */
const whoseId = (name: string): Rule['whose'] | 'customer' => {
  const whose = idsInBodies[name];
  if (whose === undefined) throw new Error(`"${name}" is an id: say in test/security/idCases.ts whose.`);
  return whose;
};

/** Paths of names to ids in a body; what a list holds has the place of its first. */
const idPlaces = (
  given: JsonSchema,
  document: ApiDocument,
  at: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] => {
  const schema = resolve(given, document);
  const variants = (schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[];
  if (variants.length > 0) return variants.flatMap((each) => idPlaces(each, document, at));
  if (schema.type === 'array') return idPlaces(schema.items as JsonSchema, document, [...at, 0]);
  const properties = Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema });
  return properties.flatMap(([name, each]) =>
    isId(each) || (Object.hasOwn(idsInBodies, name) && each.format !== 'date-time')
      ? [[...at, name]]
      : idPlaces(each, document, [...at, name]),
  );
};

/** `null` where the body has nothing at the place that the id would stand in. */
const withAt = (body: Json, [step, ...rest]: readonly (string | number)[], id: Json): Json | null => {
  if (step === undefined) return id;
  if (Array.isArray(body)) {
    const inner = withAt((body[Number(step)] ?? null) as Json, rest, id);
    return inner === null ? null : body.with(Number(step), inner);
  }
  if (!isObject(body)) return null;
  const inner = withAt(body[step] ?? null, rest, id);
  return inner === null ? null : { ...body, [step]: inner };
};

const idOf = (name: string, things: Things): Json => {
  if (name === 'warehouseIds') return [things.warehouseId];
  if (['preferredWarehouseId', 'from', 'to'].includes(name)) return things.warehouseId;
  return things[name as 'orderId'];
};

const reachesId = ({ person, role }: Entered, whose: Rule['whose'] | 'customer', things: Things): boolean =>
  whose === 'customer'
    ? role !== 'customer' || things.customerId === person.customerId
    : reaches(person, role, whose, things);

/** What a foreign id at a place of the body comes to, for who asks: `null` where it is as good as one's own. */
const refusalOf = (entered: Entered, name: string): number | null => {
  const rule = otherwise[`${entered.target.name}.${name}`];
  if (rule === 'taken') return 409;
  const isFine = rule === 'wish' || reachesId(entered, whoseId(name), entered.theirs);
  return isFine ? null : notFound;
};

/** An id of somebody else in each place of the body, tried out, also by an old revision, so that all since is told. */
export const bodyCases = (entered: Entered, document: ApiDocument): readonly Case[] => {
  const { target, person, own, theirs } = entered;
  const schema = bodySchemaOf(target.documented);
  const good = target.recipe.good(own);
  if (schema === undefined || good.body === undefined) return [];
  const places = new Map(idPlaces(schema, document).map((place) => [place.join('/'), place]));
  const well = wellOf(target, true);
  const ways = [
    { changes: { isDryRun: target.changes }, status: well },
    ...(target.changes
      ? [
          {
            changes: { isDryRun: true, headers: { 'if-match': 'W/"0"' } },
            status: well === multiStatus ? well : 412,
          },
        ]
      : []),
  ];
  return [...places].flatMap(([at, place]) => {
    const name = String(place.at(-1));
    const body = withAt(good.body ?? null, place, idOf(name, theirs));
    if (body === null) return [];
    const refusal = refusalOf(entered, name);
    const rows = refusal === null ? {} : { rowStatus: refusal };
    return ways.map(({ changes, status }) => ({
      operation: target.name,
      person,
      what: `${at} of another in the body`,
      asked: askedOf(target, { ...good, body }, changes),
      // Rows are answered one by one.
      ...(well === multiStatus ? { expected: well, ...rows } : { expected: refusal ?? status }),
    }));
  });
};

/** Filters that name what a caller is limited by: another's is not found. Others find nothing that is not the caller's. */
const filterStatus = ({ person, role }: Entered, name: string): number => {
  if (name === 'warehouseId' && isOfWarehouses(role) && !person.warehouses.includes(warehouseOf('west')))
    return notFound;
  return name === 'customerId' && role === 'customer' && person.customerId !== customerOf('west') ? notFound : 200;
};

export const queryCases = (entered: Entered): readonly Case[] => {
  const { target, person, own, theirs } = entered;
  const parameters = target.documented.operation.parameters ?? [];
  const values: { readonly [name: string]: unknown } = {
    ...theirs,
    stream: `order-${theirs.orderId}`,
    actor: 'service-west',
    q: theirs.sku.slice(0, 4),
  };
  return parameters.flatMap(({ in: place, name }) => {
    const value = values[name];
    if (place !== 'query' || typeof value !== 'string') return [];
    const query = `${name}=${encodeURIComponent(value)}`;
    const asked = askedOf(target, target.recipe.good(own), { query });
    return [
      {
        operation: target.name,
        person,
        what: `${name} of another in the query`,
        asked,
        expected: filterStatus(entered, name),
      },
    ];
  });
};
