import { describe, expect, it } from 'vitest';
import { type WebhookCommand, type WebhookRefusal, webhookDecider } from '../../src/domain/webhook/decider.ts';
import type { WebhookEndpointCreated, WebhookEvent } from '../../src/domain/webhook/events.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';
import { sealed } from '../support/samples.ts';

const endpointId = 'e1';
const created: WebhookEndpointCreated = {
  type: 'WebhookEndpointCreated',
  data: {
    endpointId,
    ownerId: 'partner1',
    url: sealed('url'),
    secret: sealed('secret'),
    eventTypes: ['stock.low'],
    scope: ['BER'],
  },
};
const disabled: WebhookEvent = { type: 'WebhookEndpointDisabled', data: { endpointId, reason: 'gone' } };
const deleted: WebhookEvent = { type: 'WebhookEndpointDeleted', data: { endpointId } };
const tested: WebhookEvent = { type: 'WebhookTestRequested', data: { endpointId } };

const create: WebhookCommand = { type: 'CreateEndpoint', endpoint: created.data };
const ask = (type: 'DeleteEndpoint' | 'RecordGone' | 'RequestTest'): WebhookCommand => ({ type, endpointId });

describe('a webhook endpoint (R23.1)', () => {
  it('is created', () => given(webhookDecider).when(create).thenRecords(created));
  it('is deleted', () => given(webhookDecider, created).when(ask('DeleteEndpoint')).thenRecords(deleted));
  it('is deleted when it was disabled before', () =>
    given(webhookDecider, created, disabled).when(ask('DeleteEndpoint')).thenRecords(deleted));
  it('is disabled', () => given(webhookDecider, created).when(ask('RecordGone')).thenRecords(disabled));
  it('hears of no warehouse that its owner lost, and of none that it gains (13)', () => {
    const narrow = (warehouses: readonly string[]): WebhookCommand => ({ type: 'NarrowScope', endpointId, warehouses });
    const narrowed: WebhookEvent = { type: 'WebhookEndpointScopeNarrowed', data: { endpointId, scope: [] } };
    given(webhookDecider, created)
      .when(narrow(['PAR']))
      .thenRecords(narrowed);
    given(webhookDecider, created)
      .when(narrow(['BER', 'PAR']))
      .thenRecords();
    given(webhookDecider, created, narrowed)
      .when(narrow(['BER']))
      .thenRecords();
    const wide: WebhookEvent = { ...created, data: { ...created.data, scope: 'all' } };
    given(webhookDecider, wide)
      .when(narrow(['BER']))
      .thenRecords();
  });
  it('is tested as often as it is asked', () =>
    given(webhookDecider, created, tested).when(ask('RequestTest')).thenRecordsEachTime(tested));
  it('stays deleted, and its id is not used again', () => {
    given(webhookDecider, created, deleted, disabled)
      .when(ask('RequestTest'))
      .thenRefused('WEBHOOK_ENDPOINT_NOT_FOUND');
    given(webhookDecider, created, deleted).when(create).thenRefused('WEBHOOK_ENDPOINT_EXISTS');
  });
  it('weighs more than none', () => {
    const webhook = webhookDecider.evolve(webhookDecider.initialState, created);
    expect(webhookDecider.weigh(webhook)).toBeGreaterThan(webhookDecider.weigh(webhookDecider.initialState));
  });
});

const refusals: RefusalTests<WebhookRefusal> = {
  WEBHOOK_ENDPOINT_NOT_FOUND: () =>
    given(webhookDecider).when(ask('RequestTest')).thenRefused('WEBHOOK_ENDPOINT_NOT_FOUND'),
  WEBHOOK_ENDPOINT_EXISTS: () => given(webhookDecider, created).when(create).thenRefused('WEBHOOK_ENDPOINT_EXISTS'),
};

describe('every refusal of a webhook command', () => {
  it.each(Object.entries(refusals))('%s', (_code, provoke) => {
    provoke();
  });
});
