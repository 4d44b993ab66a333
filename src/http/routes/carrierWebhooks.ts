/**
 * What carriers send (R12.2). No token: the carrier's signature over the bytes says who it is, so a route of its own reads
 * them as they are. Open to all by its address, and so bounded by it: how often, how much at once, how large.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { StoreUnavailable } from '../../eventsourcing/ports.ts';
import { createCarrierLimits } from '../carrierLimits.ts';
import { type ConcurrencyLimit, createConcurrencyLimit, holdWhileOpen } from '../limits.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { createAddressKeys } from '../rateLimits.ts';

/** A tracker with 500 events has half as much. */
const bodyBytesMax = 256 * 1_024;
/** Of all carriers: what is read is held until its reports are recorded. */
const bodiesBytesMax = 4 * 1_024 * 1_024;
/** A carrier sends from few addresses, and several messages at once. Strangers from a few addresses shut nobody out. */
const bodiesOfAddressBytesMax = bodyBytesMax;
/** Nobody has said yet who sends it: one that trickles in holds what others need. */
const bodyArrivesMs = 3_000;

interface CarrierRoute {
  readonly Params: { readonly carrier: string };
  readonly Querystring: { readonly [name: string]: unknown };
  readonly Body: Buffer | undefined;
}

const none = Buffer.alloc(0);

const holdBytes = (bodies: ConcurrencyLimit, { headers }: FastifyRequest, address: string) => {
  const announced = Number(headers['content-length'] ?? bodyBytesMax);
  return bodies.take(address, Math.min(Number.isSafeInteger(announced) ? announced : bodyBytesMax, bodyBytesMax));
};

const endIfSlow = ({ raw }: FastifyRequest): void => {
  const timer = setTimeout(() => raw.destroy(), bodyArrivesMs);
  raw.once('end', () => clearTimeout(timer));
  raw.once('close', () => clearTimeout(timer));
};

export const registerCarrierWebhooks = async (app: FastifyInstance, ports: HttpPorts): Promise<void> => {
  const { carrierPorts: carriers, clock, isPrepared, settings } = ports;
  const limits = createCarrierLimits(settings.requestsPerMinute, ports);
  const addressKeyOf = createAddressKeys();
  const bodies = createConcurrencyLimit({
    what: 'bytes of carriers',
    total: bodiesBytesMax,
    perCaller: bodiesOfAddressBytesMax,
  });

  /** @throws Problem */
  const adapterOf = (name: string) => {
    const adapter = carriers.webhookOf(name);
    if (adapter === null) throw new Problem('CARRIER_NOT_FOUND', 'No carrier of this name is configured to send.');
    return adapter;
  };

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post<CarrierRoute>(
      '/v1/carriers/:carrier/webhook',
      {
        schema: { hide: true },
        bodyLimit: bodyBytesMax,
        onRequest: async (request, reply) => {
          if (!isPrepared()) throw new StoreUnavailable('an engine was not reached yet', 'not_written');
          const address = addressKeyOf(request.ip);
          await limits.arrived(address, reply);
          adapterOf(request.params.carrier);
          holdWhileOpen(reply, () => holdBytes(bodies, request, address));
          endIfSlow(request);
        },
      },
      async (request, reply) => {
        const adapter = adapterOf(request.params.carrier);
        request.isChecked = true;
        const { headers, query, body = none } = request;
        const nowMs = Date.parse(clock.now());
        if (adapter.webhook?.isSigned({ headers, query, body, nowMs }) !== true) {
          limits.refused(addressKeyOf(request.ip));
          throw new Problem(
            'CARRIER_SIGNATURE_INVALID',
            'The message has no signature of this carrier, or one that is wrong or older than five minutes.',
          );
        }
        request.isWorkedOn = true;
        return reply.code(202).send(await carriers.take(adapter, body));
      },
    );
  });
};
