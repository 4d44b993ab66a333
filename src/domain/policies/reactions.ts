/** Policies: what an event asks for. Pure; who carries the reactions out derives their command ids from the event. */
import type { RecordedEvent } from '../../eventsourcing/message.ts';
import type { LedgerEvent } from '../events.ts';
import { inboundReactions } from './inboundReactions.ts';
import { orderReactions, shipmentReactions } from './orderReactions.ts';
import type { Reaction, ReactionTable } from './reaction.ts';
import { orderReturnReactions, returnReactions } from './returnReactions.ts';
import { stockReactions } from './stockReactions.ts';
import { transferReactions } from './transferReactions.ts';

/**
 * What each event asks for; a new event does not compile until it stands here or in one of the tables. Command ids are
 * derived from the event and a name, so names differ within an event.
 */
const reactions: ReactionTable<LedgerEvent> = {
  ...orderReactions,
  ...shipmentReactions,
  ...stockReactions,
  ...transferReactions,
  ...inboundReactions,
  ...orderReturnReactions,
  ...returnReactions,
  WarehouseSourcingSet: ({ data }) => (data.sourcing === 'open' ? [{ type: 'AllocateAllWaitingOrders' }] : []),
  ItemDefined: null,
  OrderNumberTaken: null,
  WarehouseDefined: null,
  WebhookEndpointCreated: null,
  WebhookEndpointDeleted: null,
  WebhookEndpointDisabled: null,
  WebhookEndpointScopeNarrowed: null,
  AlertRaised: null,
  ApiKeyIssued: null,
  ApiKeyRevoked: null,
  WebhookTestRequested: null,
  TrackingLinkMade: null,
  TrackingLinkRevoked: null,
};

type Asked = Pick<RecordedEvent, 'type' | 'data' | 'revision' | 'occurredAt'>;
type React = (event: Asked) => readonly Reaction[];

const reactionOf = (type: string): React | null =>
  (reactions as { readonly [type: string]: React | null })[type] ?? null;

/** Events that ask for something. */
export const reactionTypes: readonly string[] = Object.keys(reactions).filter((type) => reactionOf(type) !== null);

export const reactTo = (event: Asked): readonly Reaction[] => reactionOf(event.type)?.(event) ?? [];
