import { describe, expect, it } from 'vitest';
import {
  isOpen,
  type TrackingLinkCommand,
  type TrackingLinkRefusal,
  trackingLinkDecider,
} from '../../src/domain/trackingLink/decider.ts';
import type { TrackingLinkEvent } from '../../src/domain/trackingLink/events.ts';
import { given, type RefusalTests } from '../support/deciderSpec.ts';
import { later, now } from '../support/samples.ts';

const link = { linkId: 'l1', orderId: 'o1', expiresAt: later };
const make: TrackingLinkCommand = { type: 'MakeTrackingLink', ...link };
const made: TrackingLinkEvent = { type: 'TrackingLinkMade', data: link };
const revoke: TrackingLinkCommand = { type: 'RevokeTrackingLink', orderId: 'o1' };
const revoked: TrackingLinkEvent = { type: 'TrackingLinkRevoked', data: { linkId: 'l1', orderId: 'o1' } };

describe('an address of a tracking page', () => {
  it('is made once', () => given(trackingLinkDecider).when(make).thenRecords(made));
  it('is revoked for good, whatever is sent again', () => {
    given(trackingLinkDecider, made).when(revoke).thenRecords(revoked);
    given(trackingLinkDecider, made, revoked).when(make).thenNothing();
  });
  it('is open until the very moment it expires, and not once it was revoked', () => {
    const state = trackingLinkDecider.evolve(trackingLinkDecider.initialState, made);
    expect([now, later].map((at) => isOpen(state, at))).toEqual([true, false]);
    expect(isOpen(trackingLinkDecider.evolve(state, revoked), now)).toBe(false);
  });
});

const refusals: RefusalTests<TrackingLinkRefusal> = {
  TRACKING_LINK_NOT_FOUND: () => {
    given(trackingLinkDecider).when(revoke).thenRefused('TRACKING_LINK_NOT_FOUND');
    given(trackingLinkDecider, made)
      .when({ type: 'RevokeTrackingLink', orderId: 'o2' })
      .thenRefused('TRACKING_LINK_NOT_FOUND');
  },
};
describe('it is refused', () => {
  it.each(Object.entries(refusals))('with %s', (_code, test) => test());
});
