/**
 * What an event says to a partner: a pure function of the event and of what the endpoint may see, so that a retry, a
 * replay and a pull feed make the same bytes. No personal data, no prices, no free text: ids, figures and statuses.
 */
import type { LedgerEvent } from '../domain/events.ts';
import type { RecordedEvent } from '../eventsourcing/message.ts';
import { type Announced, announcementOf } from './announcements.ts';
import type { Audience, MessageType, WebhookMessage } from './ports.ts';

/** Whether the event can be of interest, before anything is made of it. */
const mayAnnounce = (eventType: string, types: ReadonlySet<MessageType>): boolean =>
  (announcementOf(eventType)?.types ?? []).some((type) => type === 'webhook.test' || types.has(type));

/** Whether the endpoint listens to it. A type that no event of the table announces does not compile here. */
const isFor = ({ types }: Audience, type: Announced): boolean => type === 'webhook.test' || types.has(type);

/** The messages one endpoint is owed for one event, in an order that never changes: the sequence follows it. */
export const messagesFor = (event: RecordedEvent, audience: Audience): readonly WebhookMessage[] => {
  if (!mayAnnounce(event.type, audience.types)) return [];
  const messages = announcementOf(event.type)?.messages(event as RecordedEvent & LedgerEvent, audience) ?? [];
  return messages.filter(({ type }) => isFor(audience, type));
};

/** The delivery's body. `timestamp` is when it happened (Standard Webhooks 1.0), not when it was sent. */
export const bodyOf = (event: RecordedEvent, { type, data }: WebhookMessage, sequence: number): string =>
  JSON.stringify({
    type,
    timestamp: event.occurredAt,
    data,
    stream: event.stream,
    streamRevision: event.revision,
    sequence,
  });
