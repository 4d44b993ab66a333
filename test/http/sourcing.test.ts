/** Why an order's goods come from where they come, and where they would come from (T8). */
import { describe, expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange, line, placeOrder, since } from './arrange.ts';

const shops = {
  BER: { TABLE: 2, LAMP: 1 },
  PAR: { CHAIR: 4 },
  MAD: { TABLE: 5, CHAIR: 9 },
};
const lines = [line('TABLE', 2), line('CHAIR', 4)];

describe('the decision behind an order', () => {
  it('tells who had any of it, what was chosen, and what that has beaten', async () => {
    const service = await openService();
    await arrange(service, shops);
    const placed = await placeOrder(service.as('sandbox-shop'), lines);
    const { orderId } = placed.body;
    const seen = await service.as('sandbox-support').get(`/v1/orders/${orderId}/sourcing`, since(placed));
    expect(seen.status).toBe(200);
    expect(seen.body).toMatchObject({
      nextCursor: null,
      items: [
        {
          revision: 1,
          outcome: 'allocated',
          sources: [
            { lineId: '1', sku: 'TABLE', warehouseId: 'MAD', quantity: 2 },
            { lineId: '2', sku: 'CHAIR', warehouseId: 'MAD', quantity: 4 },
          ],
          decision: {
            pieces: 6,
            offering: 3,
            chosen: { warehouseIds: ['MAD'], shipments: 1, missing: 0 },
            alternatives: [
              {
                strategy: 'priority',
                warehouseIds: ['BER', 'MAD'],
                shipments: 2,
                missing: 0,
                why: 'takes_more_shipments',
              },
            ],
          },
        },
      ],
    });
  });

  it('tells a partner of its own warehouses only, and a customer nothing', async () => {
    const service = await openService();
    await arrange(service, shops);
    const shop = service.as('sandbox-shop');
    const placed = await placeOrder(shop, [line('LAMP', 1), ...lines]);
    const path = `/v1/orders/${placed.body.orderId}/sourcing`;
    const seen = await service.as('sandbox-partner').get(path, since(placed));
    expect(JSON.stringify(seen.body)).not.toContain('MAD');
    expect(seen.body.items[0].decision).toMatchObject({
      offering: 3,
      considered: [{ warehouseId: 'BER' }, { warehouseId: 'PAR' }],
      chosen: { warehouseIds: ['BER'], shipments: 2 },
    });
    expect((await service.as('sandbox-customer').get(path)).status).toBe(403);
    const stranger = service.as({
      sub: 's',
      client_id: 's',
      roles: ['partner'],
      scope: 'orders:read',
      warehouses: ['OSL'],
    });
    expect((await stranger.get(path)).body).toMatchObject({ status: 404, code: 'ORDER_NOT_FOUND' });
  });

  it('goes on with each look at an order that waits, page by page', async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 1 } });
    const shop = service.as('sandbox-shop');
    const placed = await placeOrder(shop, [line('TABLE', 3)]);
    const path = `/v1/orders/${placed.body.orderId}/sourcing`;
    const more = await shop.post('/v1/warehouses/BER/inventory/TABLE/receipts', { quantity: 5 }).catch(() => null);
    expect(more?.status).toBe(403);
    await service.as('sandbox-admin').post('/v1/warehouses/BER/inventory/TABLE/receipts', { quantity: 5 });
    await service.settled();
    const first = await shop.get(`${path}?limit=1`);
    expect(first.body.items).toMatchObject([{ outcome: 'allocated', decision: { pieces: 3, chosen: { missing: 2 } } }]);
    const second = await shop.get(`${path}?limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({
      items: [{ outcome: 'allocated', decision: { pieces: 2, chosen: { missing: 0 } } }],
      nextCursor: null,
    });
    expect((await shop.get(`${path}?cursor=no`)).body.code).toBe('INVALID_CURSOR');
  });

  it('tells why an order that may not wait was cancelled', async () => {
    const service = await openService();
    await arrange(service, shops);
    const shop = service.as('sandbox-shop');
    const placed = await placeOrder(shop, [line('LAMP', 3)], { allowBackorder: false });
    const seen = await shop.get(`/v1/orders/${placed.body.orderId}/sourcing`, since(placed));
    expect(seen.body.items).toMatchObject([
      { outcome: 'cancelled', decision: { pieces: 3, considered: [{ warehouseId: 'BER', pieces: 1 }] } },
    ]);
  });
});

describe('a simulation', () => {
  const shipTo = { countryCode: 'DE', postalCode: '10115' };

  it('plans by each strategy, and reserves nothing', async () => {
    const service = await openService();
    await arrange(service, shops);
    const support = service.as('sandbox-support');
    const asked = {
      shipTo,
      lines: [
        { sku: 'TABLE', quantity: 2 },
        { sku: 'CHAIR', quantity: 4 },
      ],
    };
    const answer = await support.post('/v1/sourcing/simulations', asked);
    expect(answer.status).toBe(200);
    const { plans } = answer.body;
    expect(plans.map(({ strategy, warehouseIds }: Record<string, unknown>) => [strategy, warehouseIds])).toEqual([
      ['fewest-shipments', ['MAD']],
      ['nearest', ['BER', 'PAR']],
      ['priority', ['BER', 'MAD']],
      ['balance', ['MAD']],
    ]);
    // Paris to Berlin.
    expect(plans[1].farthestKm).toBeGreaterThan(870);
    expect(plans[1].farthestKm).toBeLessThan(885);
    const level = await service.as('sandbox-admin').get('/v1/warehouses/MAD/inventory/TABLE');
    expect(level.body).toMatchObject({ reserved: 0, available: 5 });
  });

  it('comes to what an order that is placed then gets', async () => {
    const service = await openService();
    await arrange(service, shops);
    const shop = service.as('sandbox-shop');
    for (const sourcing of ['nearest', 'balance', 'fewest-shipments', 'priority']) {
      const asked = {
        shipTo,
        sourcing,
        lines: [
          { sku: 'TABLE', quantity: 1 },
          { sku: 'CHAIR', quantity: 1 },
        ],
      };
      const [plan] = (await shop.post('/v1/sourcing/simulations', asked)).body.plans;
      const placed = await placeOrder(shop, [line('TABLE', 1), line('CHAIR', 1)], { sourcing });
      const given = placed.body.lines.flatMap((each: { allocated: { warehouseId: string }[] }) =>
        each.allocated.map(({ warehouseId }) => warehouseId),
      );
      expect(given, sourcing).toEqual(plan.sources.map(({ warehouseId }: { warehouseId: string }) => warehouseId));
      await service.settled();
    }
  });

  it('refuses a line twice, an SKU that nobody knows, and callers who see a part of the warehouses', async () => {
    const service = await openService();
    await arrange(service, shops);
    const shop = service.as('sandbox-shop');
    const ask = (asked: object) => shop.post('/v1/sourcing/simulations', { shipTo, ...asked });
    const twice = { lineId: '1', sku: 'TABLE', quantity: 1 };
    expect((await ask({ lines: [twice, twice] })).body.code).toBe('ORDER_LINE_REPEATED');
    expect((await ask({ lines: [{ sku: 'NOPE', quantity: 1 }] })).body.code).toBe('SKU_UNKNOWN');
    const staff = await service.as('sandbox-staff').post('/v1/sourcing/simulations', { shipTo, lines: [twice] });
    expect(staff.body.code).toBe('ROLE_NOT_ALLOWED');
  });
});
