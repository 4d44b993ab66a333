/**
 * STORED FOREVER: who was given the address of an order's tracking page (stream `trackinglink-{linkId}`). The address itself
 * is stored nowhere: `linkId` is a keyed digest of the token in it, and can't be turned back. A shipped shape is never edited.
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

export type TrackingLinkMade = {
  readonly type: 'TrackingLinkMade';
  readonly data: {
    readonly linkId: string;
    readonly orderId: string;
    /** ISO 8601 UTC. */
    readonly expiresAt: string;
  };
};
export type TrackingLinkRevoked = {
  readonly type: 'TrackingLinkRevoked';
  readonly data: { readonly linkId: string; readonly orderId: string };
};
export type TrackingLinkEvent = TrackingLinkMade | TrackingLinkRevoked;

export const trackingLinkFields: FieldClasses<TrackingLinkEvent> = {
  TrackingLinkMade: { linkId: 'public', orderId: 'public', expiresAt: 'public' },
  TrackingLinkRevoked: { linkId: 'public', orderId: 'public' },
};
export const trackingLinkVersions = { TrackingLinkMade: 1, TrackingLinkRevoked: 1 } as const;
