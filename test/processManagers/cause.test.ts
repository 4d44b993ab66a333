/** The contexts of commands that follow from an event. */
import { expect, it } from 'vitest';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { causeOf } from '../../src/processManagers/cause.ts';

const event = {
  id: derivedId('an event'),
  stream: 'order-1',
  revision: 2,
  occurredAt: '2026-01-01T00:00:00.000Z',
  metadata: { $correlationId: 'c' },
} as RecordedEvent;

it('say when the event occurred only where they are asked to, whatever the command is called', () => {
  const { context, contextAtEventTime } = causeOf(event);
  expect(context('follow/dispatch')).not.toHaveProperty('occurredAt');
  expect(contextAtEventTime('dispatch')).toMatchObject({ occurredAt: event.occurredAt });
});

it('have an id that follows from the event and the name alone', () => {
  const { context, contextAtEventTime } = causeOf(event);
  const commandId = derivedId(`${event.id}/follow/void`);
  const caused = { commandId, correlationId: 'c', causationId: event.id };
  expect(context('follow/void')).toMatchObject(caused);
  expect(contextAtEventTime('follow/void')).toMatchObject(caused);
});
