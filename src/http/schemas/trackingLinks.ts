/** Addresses of tracking pages. */
import Type from 'typebox';
import { linkDaysDefault, linkDaysMax } from '../../domain/trackingLink/decider.ts';
import { Closed, named, Revision, Time, Uuid } from './common.ts';

export const TrackingLinkBody = Closed({
  expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: linkDaysMax, default: linkDaysDefault })),
});

export const TrackingLink = named(
  'TrackingLink',
  Closed({
    linkId: { ...Uuid, description: 'By which it is revoked. It opens nothing.' },
    orderId: Uuid,
    url: Type.String({
      format: 'uri',
      description: 'For whoever may know where the order is. Told here and nowhere else.',
      examples: ['https://stock.example/track/0pqV2nK3m0l5Xo7kq1H0mYw8dZcJt9rS4uEaBfGiLhM'],
    }),
    expiresAt: Time,
    revision: Revision,
  }),
);

export const TrackingLinkPath = Closed({ orderId: Uuid, linkId: Uuid });
