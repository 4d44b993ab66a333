import Type from 'typebox';
import { sourcingStrategies } from '../../domain/order/shapes.ts';
import {
  Closed,
  Count,
  CountryCode,
  LineId,
  Nullable,
  named,
  OrderQuantity,
  PostalCode,
  Quantity,
  Revision,
  Sku,
  Time,
  WarehouseId,
} from './common.ts';

const Strategy = Type.Enum([...sourcingStrategies], { examples: ['fewest-shipments'] });
const source = { lineId: LineId, sku: Sku, warehouseId: WarehouseId, quantity: Quantity };
const outcome = {
  warehouseIds: Type.Array(WarehouseId, { description: 'Of those in reach.' }),
  shipments: { ...Count, description: 'Warehouses that it takes.' },
  missing: { ...Count, description: 'Pieces without a source.' },
};

export const SourcingDecided = named(
  'SourcingDecided',
  Closed({
    revision: { ...Revision, description: 'Of the order, with the event that it was recorded with.' },
    decidedAt: Time,
    outcome: Type.Enum(['allocated', 'backordered', 'cancelled']),
    sources: Type.Array(Closed(source), { description: 'What was reserved.' }),
    decision: Nullable(
      Closed(
        {
          pieces: { ...Count, description: 'Pieces that lacked a source.' },
          offering: { ...Count, description: 'How many warehouses had any of them.' },
          considered: Type.Array(Closed({ warehouseId: WarehouseId, pieces: Quantity }), {
            description: 'The first 20 of these, in the order in which they were asked, and how many pieces each had.',
          }),
          chosen: Closed(outcome),
          alternatives: Nullable(
            Type.Array(
              Closed({
                strategy: Strategy,
                ...outcome,
                why: Type.Enum(['leaves_more_missing', 'takes_more_shipments', 'not_asked_for'], {
                  description: 'Why it was not taken.',
                }),
              }),
              {
                description:
                  'What other strategies come to, where that is something else. `nearest` is not among them: an address is ' +
                  'opened only where it decides. `null`: the order was too large to work them out.',
              },
            ),
          ),
        },
        {
          description: '`null`: it was not kept, by an older release, or as nothing was left to decide.',
        },
      ),
    ),
  }),
);

/** A simulation looks at the stocks of each SKU at once. */
const simulatedLinesMax = 100;

export const SimulationBody = Closed({
  shipTo: Closed(
    {
      countryCode: CountryCode,
      postalCode: Type.Optional(PostalCode),
      latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90, examples: [52.53] })),
      longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180, examples: [13.38] })),
    },
    { dependentRequired: { latitude: ['longitude'], longitude: ['latitude'] } },
  ),
  lines: Type.Array(Closed({ lineId: Type.Optional(LineId), sku: Sku, quantity: OrderQuantity }), {
    minItems: 1,
    maxItems: simulatedLinesMax,
  }),
  sourcing: Type.Optional({ ...Strategy, description: 'Only this one; else each.' }),
  preferredWarehouseId: Type.Optional(WarehouseId),
  allowSplit: Type.Optional(Type.Boolean({ default: true })),
  allowBackorder: Type.Optional(Type.Boolean({ default: true })),
});

export const Simulation = named(
  'Simulation',
  Closed({
    plans: Type.Array(
      Closed({
        strategy: Strategy,
        sources: Type.Array(Closed(source)),
        backordered: Type.Array(Closed({ lineId: LineId, quantity: Quantity })),
        ...outcome,
        farthestKm: Nullable(
          Type.Integer({
            minimum: 0,
            description: 'Great-circle, to the farthest of them; `null`: none, or not known.',
          }),
        ),
      }),
    ),
  }),
);
