/** How orders are looked for. */
import Type from 'typebox';
import { Closed, CustomerId, PageQuery, referenceCharsMax, Time, WarehouseId } from './common.ts';
import { Contact, OrderNumber, orderStatuses } from './orders.ts';

export const OrdersQuery = Closed({
  customerId: Type.Optional(CustomerId),
  status: Type.Optional(Type.Enum(orderStatuses.filter((status) => status !== 'returned'))),
  orderNumber: Type.Optional(OrderNumber),
  trackingNumber: Type.Optional(
    Type.String({
      format: 'printable',
      minLength: 1,
      maxLength: referenceCharsMax,
      description: 'Of a shipment or a parcel; matched exactly.',
      examples: ['1Z12345E0205271688'],
    }),
  ),
  warehouseId: Type.Optional(WarehouseId),
  from: Type.Optional({ ...Time, description: 'Placed at this time or later.' }),
  to: Type.Optional({ ...Time, description: 'Placed before this time.' }),
  ...PageQuery,
});

/** Some thousand guests of a shop may have left one placeholder as their address; those of one person are few. */
export const customersPerEmailMax = 50;
const searchLimitMax = 100;

export const OrdersSearch = Closed({
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
