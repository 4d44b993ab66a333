/** The customer's tracking page: for whoever has its address, without a token (docs/tracking-page.md). */
import type { FastifyInstance } from 'fastify';
import { shipToContext } from '../../commands/orders.ts';
import { trackingContext } from '../../commands/shipments.ts';
import { isOpen, type TrackingLink, trackingLinkDecider } from '../../domain/trackingLink/decider.ts';
import type { TrackingLinkEvent } from '../../domain/trackingLink/events.ts';
import { trackingLinkStream } from '../../domain/values.ts';
import { noTrackingPage, trackingHeaders, trackingPage } from '../plugins/trackingHtml.ts';
import type { HttpPorts } from '../ports.ts';
import { createAddressKeys, createTrackingLimit } from '../rateLimits.ts';
import { placesIn, trackingView } from '../reads/trackingView.ts';

/** A link is made and revoked, and that is all. */
const eventsMax = 10;

const cityIn = (shipTo: unknown): string | null => {
  const { city = null } = (shipTo ?? {}) as { readonly city?: string | null };
  return typeof city === 'string' ? city : null;
};

export const registerTrackingPage = (app: FastifyInstance, ports: HttpPorts): void => {
  const { readModels, personalData, trackingTokens, clock } = ports;
  const limit = createTrackingLimit(ports);
  const addressKeyOf = createAddressKeys();

  /** From the log itself: what was revoked by any process is gone at once. */
  const openOrderId = async (token: string): Promise<string | null> => {
    const linkId = trackingTokens.linkIdOf(token);
    if (linkId === null) return null;
    const events = await readModels.source.readStream(trackingLinkStream(linkId), 0, eventsMax);
    const link = events.reduce<TrackingLink>(
      (state, { type, data }) => trackingLinkDecider.evolve(state, { type, data } as TrackingLinkEvent),
      trackingLinkDecider.initialState,
    );
    return link.phase !== 'absent' && isOpen(link, clock.now()) ? link.orderId : null;
  };

  const pageOf = async (orderId: string): Promise<string | null> => {
    const order = await readModels.orders.queries.get(orderId);
    if (order === null) return null;
    const shipments = await readModels.shipments.queries.byOrder(orderId);
    const places = new Map<string, string | null>(
      await Promise.all(
        placesIn(shipments).map(async ({ shipmentId, location }) => {
          const place = await personalData.open(location, trackingContext(shipmentId, 'location'));
          return [location, typeof place === 'string' ? place : null] as const;
        }),
      ),
    );
    const city = cityIn(await personalData.open(order.shipTo, shipToContext(orderId)));
    return trackingPage(trackingView({ order, shipments, city, placeOf: (sealed) => places.get(sealed) ?? null }));
  };

  app.get<{ Params: { token: string } }>('/track/:token', { schema: { hide: true } }, async (request, reply) => {
    await limit.count(addressKeyOf(request.ip), reply);
    const orderId = await openOrderId(request.params.token);
    const html = orderId === null ? null : await pageOf(orderId);
    return reply
      .code(html === null ? 404 : 200)
      .headers(trackingHeaders)
      .send(html ?? noTrackingPage);
  });
};
