/** The address of an order's tracking page: made for whoever may know where the order is, and revoked. */
import { linkDaysMax } from '../domain/trackingLink/decider.ts';
import { trackingLinkStream } from '../domain/values.ts';
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Handlers } from './handlers.ts';
import type { TrackingTokens } from './ports.ts';

const dayMs = 24 * 3_600_000;

export const createTrackingLinkUseCases = (
  { trackingLink }: Pick<Handlers, 'trackingLink'>,
  tokens: TrackingTokens,
) => ({
  /**
   * The token follows from the command, so that a second attempt tells the same one and nothing is kept of it.
   * @param askedAt when it was first asked for.
   */
  makeTrackingLink: async (
    { orderId, expiresInDays }: { readonly orderId: string; readonly expiresInDays: number },
    askedAt: string,
    context: CommandContext,
  ) => {
    const { token, linkId } = tokens.make(`${context.commandId} ${askedAt} ${orderId}`);
    const expiresAt = new Date(Date.parse(askedAt) + Math.min(expiresInDays, linkDaysMax) * dayMs).toISOString();
    const command = { type: 'MakeTrackingLink', linkId, orderId, expiresAt } as const;
    return { token, outcome: await trackingLink(trackingLinkStream(linkId), command, context) };
  },
  /** From then on the page is not there. Again, it records nothing. */
  revokeTrackingLink: (orderId: string, linkId: string, context: CommandContext) =>
    trackingLink(trackingLinkStream(linkId), { type: 'RevokeTrackingLink', orderId }, context),
});
