/** Orders and where their parcels are, as each role may see them (R1.2, R3.2). */
import Type, { type Static } from 'typebox';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { momentOf } from '../../projections/moment.ts';
import { orderTracking } from '../../projections/shipments/queries.ts';
import { showResource } from '../input/headers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import { findOrder, noOrder, showOrder, showShipment } from '../reads/orders.ts';
import { staleTracking } from '../reads/staleTracking.ts';
import { seesWarehouse } from '../reads/visibleFields.ts';
import type { Router } from '../route.ts';
import {
  Closed,
  CustomerId,
  NotModified,
  PageOf,
  PageQuery,
  ref,
  referenceCharsMax,
  Time,
  WarehouseId,
} from '../schemas/common.ts';
import { AsOfQuery } from '../schemas/history.ts';
import { Contact, Order, OrderNumber, OrderPath, orderStatuses } from '../schemas/orders.ts';
import { Tracking } from '../schemas/shipments.ts';

const OrdersQuery = Closed({
  customerId: Type.Optional(CustomerId),
  status: Type.Optional(Type.Enum(orderStatuses.filter((status) => status !== 'returned'))),
  orderNumber: Type.Optional(OrderNumber),
  trackingNumber: Type.Optional(
    Type.String({
      format: 'printable',
      minLength: 1,
      maxLength: referenceCharsMax,
      description: 'Of a shipment or a parcel; matched exactly.',
      examples: ['1Z5R89390357567127'],
    }),
  ),
  warehouseId: Type.Optional(WarehouseId),
  from: Type.Optional({ ...Time, description: 'Placed at this time or later.' }),
  to: Type.Optional({ ...Time, description: 'Placed before this time.' }),
  ...PageQuery,
});

/** Some thousand guests of a shop may have left one placeholder as their address; those of one person are few. */
const customersPerEmailMax = 50;
const searchLimitMax = 100;

const OrdersSearch = Closed({
  email: {
    ...Contact.properties.email,
    description:
      'Of the customer: as it was given with any of their orders, without regard to case, and to how the domain is ' +
      `written (\`müller.de\`, \`xn--mller-kva.de\`). All orders of up to ${customersPerEmailMax} customers are found.`,
  },
  status: OrdersQuery.properties.status,
  from: OrdersQuery.properties.from,
  to: OrdersQuery.properties.to,
  ...PageQuery,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: searchLimitMax, default: 50 })),
});

const tag = 'Orders';

type OrderFilters = Static<typeof OrdersQuery>;

const filtersOf = ({ from, to, status, orderNumber, trackingNumber }: OrderFilters) => ({
  ...(orderNumber === undefined ? {} : { orderNumber }),
  ...(trackingNumber === undefined ? {} : { trackingNumber }),
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
  ...(status === undefined ? {} : { status }),
});

/** What was asked for, within what the caller reaches. @throws Problem for a customer or warehouse out of reach. */
const within = (reach: Reach, { customerId, warehouseId }: OrderFilters) => {
  if (reach.customerId !== null) {
    if (customerId !== undefined && customerId !== reach.customerId) {
      throw new Problem('CUSTOMER_NOT_FOUND', 'No such customer.');
    }
    return { customerId: reach.customerId, ...(warehouseId === undefined ? {} : { warehouseId }) };
  }
  if (warehouseId !== undefined && !reachesWarehouse(reach, warehouseId)) {
    throw new Problem('WAREHOUSE_NOT_FOUND', 'No such warehouse.');
  }
  return {
    ...(warehouseId === undefined ? {} : { warehouseId }),
    ...(customerId === undefined ? {} : { customerId }),
    ...(reach.warehouses === 'all' ? {} : { warehouseIds: reach.warehouses }),
  };
};

export const registerOrderReads = ({ read }: Router, ports: HttpPorts): void => {
  const { readModels, personalData, useCases } = ports;
  const { orders, shipments, orderHistory } = readModels;

  read({
    operation: 'getOrder',
    url: '/v1/orders/:orderId',
    tag,
    summary: 'One order, now or as of a time; which fields it has depends on the role',
    description:
      '`asOf` counts what had happened by then, `knownAt` only what had been recorded by then. Such an answer has the ' +
      'revision of the last event that counted. Before it was placed, an order is not found.',
    params: OrderPath,
    query: AsOfQuery,
    answers: { 200: ref(Order), 304: NotModified },
    problems: ['ORDER_NOT_FOUND'],
    models: [orders.model],
    isExpensive: ({ asOf, knownAt }) => asOf !== undefined || knownAt !== undefined,
    handle: async ({ params, query: { asOf, knownAt }, reach, request, reply }) => {
      // Who may see it today may see its past, each time with what the role may see.
      const order = await findOrder(ports, params.orderId, reach);
      if (asOf !== undefined || knownAt !== undefined) {
        const then = await orderHistory.asOf(order.orderId, momentOf({ asOf, knownAt }));
        if (then === null) throw noOrder();
        return showOrder(then, reach, personalData);
      }
      return showResource(
        { revision: order.revision, ...(await showOrder(order, reach, personalData)) },
        { request, reply },
      );
    },
  });

  read({
    operation: 'listOrders',
    url: '/v1/orders',
    tag,
    summary: 'The orders that the caller may see, the newest first',
    query: OrdersQuery,
    answers: { 200: PageOf(ref(Order)) },
    problems: ['INVALID_CURSOR', 'WAREHOUSE_NOT_FOUND', 'CUSTOMER_NOT_FOUND'],
    models: [orders.model],
    handle: async ({ query, reach }) => {
      const page = await orders.queries.list({ ...pageRequestOf(query), ...filtersOf(query), ...within(reach, query) });
      const items = await Promise.all(page.items.map((order) => showOrder(order, reach, personalData)));
      return answerPage({ ...page, items }, (order) => order);
    },
  });

  read({
    operation: 'searchOrders',
    url: '/v1/orders/search',
    isPrivate: true,
    tag,
    summary: "Orders by the customer's e-mail address, the newest first",
    description:
      'Records nothing. The address comes in a body, as what stands in a URL is written to logs on the way. It is looked ' +
      'up by a keyed hash; nothing is found of customers whose data was erased.',
    query: OrdersSearch,
    answers: { 200: PageOf(ref(Order)) },
    problems: ['INVALID_CURSOR', 'TOO_MANY_CUSTOMERS'],
    models: [orders.model],
    isExpensive: () => true,
    cost: 5,
    handle: async ({ query, reach }) => {
      const { email, ...filters } = query;
      const customerIds = await useCases.customersKnownBy(email, customersPerEmailMax + 1);
      if (customerIds.length > customersPerEmailMax) {
        const detail = `More than ${customersPerEmailMax} customers have given this address; search by another.`;
        throw new Problem('TOO_MANY_CUSTOMERS', detail);
      }
      const wanted = { ...pageRequestOf(query), ...filtersOf(filters), customerIds };
      const page = await orders.queries.ofCustomers(wanted);
      return { ...page, items: await Promise.all(page.items.map((order) => showOrder(order, reach, personalData))) };
    },
  });

  read({
    operation: 'getTracking',
    url: '/v1/orders/:orderId/tracking',
    tag,
    summary: 'Where the parcels of an order are',
    description:
      'A warehouse and its partner see the parcels that left there, and count their boxes alone. While a carrier that is ' +
      'asked does not answer, what is known is told, with `stale` and since when.',
    params: OrderPath,
    answers: { 200: ref(Tracking) },
    problems: ['ORDER_NOT_FOUND'],
    models: [orders.model, shipments.model],
    handle: async ({ params, reach }) => {
      const order = await findOrder(ports, params.orderId, reach);
      const all = await shipments.queries.byOrder(order.orderId);
      const known = all.filter(({ warehouseId }) => seesWarehouse(reach, warehouseId));
      const { whole, byShipment } = await staleTracking(known, ports.carrierPorts);
      const shown = known.map(async (shipment) => {
        const staleSince = byShipment.get(shipment.shipmentId);
        const told = await showShipment(shipment, reach, personalData);
        return staleSince === undefined ? told : { ...told, staleSince };
      });
      return { ...orderTracking(order, known), ...whole, shipments: await Promise.all(shown) };
    },
  });
};
