/** Webhook endpoints as their owners and the deliveries see them (R23). */
import { describe, expect, it } from 'vitest';
import { formatPosition } from '../../src/eventsourcing/message.ts';
import { InvalidCursor } from '../../src/eventsourcing/projecting/page.ts';
import { createWebhookEndpointQueries, webhookEndpoints } from '../../src/webhooks/endpoints.ts';
import { projectionSpec } from '../projections/projectionSpec.ts';
import { projected, timeAt } from '../projections/stockLog.ts';
import { sealed } from '../support/samples.ts';
import { at, created, deleted, disabled, narrowed, tested } from './endpointSamples.ts';
import { ledgerLog } from './ledgerLog.ts';

projectionSpec(webhookEndpoints, ledgerLog, {
  WebhookEndpointCreated: [
    {
      title: 'an endpoint is there and active, sealed as it came',
      events: [created('e1', { warehouseIds: ['BER'], description: sealed('stock feed') })],
      becomes: {
        ...created().data,
        warehouseIds: ['BER'],
        description: sealed('stock feed'),
        status: 'active',
        createdAt: timeAt(0),
        createdPosition: formatPosition(at(1)),
        revision: 0,
        updatedAt: timeAt(0),
      },
    },
  ],
  WebhookEndpointScopeNarrowed: [
    {
      title: 'it sees less, and what it saw before stays known (13)',
      events: [created(), narrowed(['PAR']), narrowed([])],
      becomes: {
        status: 'active',
        scope: [],
        pastScopes: [
          { until: formatPosition(at(2)), scope: ['BER', 'PAR'] },
          { until: formatPosition(at(3)), scope: ['PAR'] },
        ],
        revision: 2,
      },
    },
  ],
  WebhookEndpointDisabled: [
    {
      title: 'it stays, with when and where in the log it was made',
      events: [created('e0'), created(), disabled()],
      becomes: {
        status: 'disabled',
        createdAt: timeAt(1),
        createdPosition: formatPosition(at(2)),
        revision: 1,
        updatedAt: timeAt(2),
      },
    },
  ],
  WebhookEndpointDeleted: [{ title: 'it is gone', events: [created(), disabled(), deleted()], becomes: null }],
  WebhookTestRequested: [
    {
      title: 'its version moves on, for ETags',
      events: [created(), tested()],
      becomes: { status: 'active', revision: 1 },
    },
  ],
});

describe('queries for webhook endpoints', () => {
  const open = async () => {
    const other = { ownerId: 'partner2' };
    const log = ledgerLog(created('e3'), created('e1'), created('e2', other), created('e4', other), deleted('e4'));
    return createWebhookEndpointQueries(await projected(webhookEndpoints, log), () => webhookEndpoints.name);
  };

  it('find one, and tell when there is none', async () => {
    const queries = await open();
    expect(await queries.get('e2')).toMatchObject({ endpointId: 'e2', ownerId: 'partner2' });
    expect(await queries.get('e4')).toBeNull();
  });

  it('list all or those of an owner, page by page', async () => {
    const queries = await open();
    const list = async (query: Parameters<typeof queries.list>[0]) => {
      const { items, nextCursor } = await queries.list(query);
      return { ids: items.map(({ endpointId }) => endpointId), nextCursor };
    };
    expect((await list({ limit: 9 })).ids).toEqual(['e1', 'e2', 'e3']);
    const first = await list({ ownerId: 'partner1', limit: 1 });
    expect(first.ids).toEqual(['e1']);
    expect(await list({ ownerId: 'partner1', limit: 1, cursor: first.nextCursor ?? '' })).toEqual({
      ids: ['e3'],
      nextCursor: null,
    });
    await expect(list({ limit: 1, cursor: 'e1' })).rejects.toThrow(InvalidCursor);
  });
});
