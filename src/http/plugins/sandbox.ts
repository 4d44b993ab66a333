/** The sandbox issuer below `/oidc`: raw requests, whose bodies it reads itself. */
import type { FastifyInstance } from 'fastify';
import type { HttpPorts } from '../ports.ts';
import { addressKeyOf, type CreateLimiter, createRateLimit } from './rateLimit.ts';

/** A token lasts an hour: a client that asks for more than one a second guesses, or forgets to keep it. */
const tokensPerMinute = 60;

export const registerSandbox = (
  app: FastifyInstance,
  sandbox: NonNullable<HttpPorts['sandbox']>,
  createLimiter?: CreateLimiter,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const tokens = createRateLimit('token', tokensPerMinute, createLimiter);
    app
      .register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all('/oidc/*', { schema: { hide: true } }, async (request, reply) => {
          const [path] = request.url.split('?', 1);
          if (path === '/oidc/token') await tokens.count(addressKeyOf(request.ip), reply);
          reply.hijack();
          sandbox.handle(request.raw, reply.raw);
        });
      })
      .then(() => resolve(), reject);
  });
