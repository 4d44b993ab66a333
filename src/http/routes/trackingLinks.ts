/** Who is given the address of an order's tracking page, and who no longer (docs/tracking-page.md). */
import { linkDaysDefault } from '../../domain/trackingLink/decider.ts';
import { answerOutcome } from '../commands/answers.ts';
import type { HttpPorts } from '../ports.ts';
import { findOrderNow } from '../reads/orders.ts';
import type { Router } from '../route.ts';
import { DryRun, Nothing, ref } from '../schemas/common.ts';
import { OrderPath } from '../schemas/orders.ts';
import { TrackingLink, TrackingLinkBody, TrackingLinkPath } from '../schemas/trackingLinks.ts';

const tag = 'Orders';

export const registerTrackingLinks = ({ command }: Router, ports: HttpPorts): void => {
  const { useCases, settings } = ports;

  command({
    operation: 'makeTrackingLink',
    method: 'POST',
    url: '/v1/orders/:orderId/tracking-links',
    tag,
    summary: "Make an address of the order's tracking page, for the customer",
    description:
      'Whoever has the address sees the page until it expires or is revoked, without a token. It shows steps, boxes and ' +
      'stations, and nothing of the customer but the city. The answer tells it, once.',
    params: OrderPath,
    body: TrackingLinkBody,
    answers: { 201: ref(TrackingLink), 200: ref(DryRun) },
    problems: ['ORDER_NOT_FOUND'],
    confidential: true,
    handle: async ({ params: { orderId }, body, context, claimedAt, reach, reply }) => {
      await findOrderNow(ports, orderId, reach);
      const { expiresInDays = linkDaysDefault } = body;
      const { token, outcome } = await useCases.makeTrackingLink(
        { orderId, expiresInDays },
        await claimedAt(),
        context,
      );
      return answerOutcome(outcome, reply, {
        status: 201,
        body: ({ state, revision }) => {
          if (state.phase === 'absent') throw new Error('a link that was made is not there');
          const { phase: _, ...link } = state;
          return { ...link, url: `${settings.publicUrl}/track/${token}`, revision };
        },
      });
    },
  });

  command({
    operation: 'revokeTrackingLink',
    method: 'DELETE',
    url: '/v1/orders/:orderId/tracking-links/:linkId',
    tag,
    summary: "Revoke an address of the order's tracking page: from now on there is nothing",
    params: TrackingLinkPath,
    answers: { 204: Nothing, 200: ref(DryRun) },
    problems: ['ORDER_NOT_FOUND', 'TRACKING_LINK_NOT_FOUND'],
    handle: async ({ params: { orderId, linkId }, context, reach, reply }) => {
      await findOrderNow(ports, orderId, reach);
      const outcome = await useCases.revokeTrackingLink(orderId, linkId, context);
      return answerOutcome(outcome, reply, { status: 204, body: () => undefined }) ?? reply.send();
    },
  });
};
