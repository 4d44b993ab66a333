import { accept, type Decider, jsonStates, refuse } from '../../eventsourcing/message.ts';
import { type TrackingLinkEvent, type TrackingLinkMade, trackingLinkVersions } from './events.ts';

export type TrackingLink =
  | { readonly phase: 'absent' }
  | ({ readonly phase: 'open' | 'revoked' } & TrackingLinkMade['data']);
export type TrackingLinkCommand =
  | ({ readonly type: 'MakeTrackingLink' } & TrackingLinkMade['data'])
  | { readonly type: 'RevokeTrackingLink'; readonly orderId: string };
export type TrackingLinkRefusal = 'TRACKING_LINK_NOT_FOUND';

/** A quarter: a sofa that is made to order takes ten weeks. */
export const linkDaysDefault = 90;
/** By then the goods have come, and who finds the address in an old letter has no business with it. */
export const linkDaysMax = 365;

export const trackingLinkDecider: Decider<TrackingLink, TrackingLinkCommand, TrackingLinkEvent, TrackingLinkRefusal> = {
  category: 'trackinglink',
  initialState: { phase: 'absent' },
  decide: (command, link) => {
    if (command.type === 'MakeTrackingLink') {
      const { type: _, ...data } = command;
      // Its id is made for this command: an earlier attempt made it. One that was revoked since stays revoked.
      return link.phase === 'absent' ? accept({ type: 'TrackingLinkMade', data }) : accept();
    }
    if (link.phase === 'absent' || link.orderId !== command.orderId) {
      return refuse('TRACKING_LINK_NOT_FOUND', 'The order has no such link.');
    }
    const { linkId, orderId } = link;
    return link.phase === 'revoked' ? accept() : accept({ type: 'TrackingLinkRevoked', data: { linkId, orderId } });
  },
  evolve: (link, event) => {
    if (event.type === 'TrackingLinkMade') return { phase: 'open', ...event.data };
    return link.phase === 'absent' ? link : { ...link, phase: 'revoked' };
  },
  weigh: () => 300,
  codec: jsonStates(1),
  schemaVersions: trackingLinkVersions,
};

/** Expired at that very moment. @param at ISO 8601 UTC. */
export const isOpen = (link: TrackingLink, at: string): boolean => link.phase === 'open' && at < link.expiresAt;
