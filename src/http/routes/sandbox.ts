/** The sandbox issuer below `/oidc`: raw requests, whose bodies it reads itself. */
import type { FastifyInstance } from 'fastify';
import type { HttpPorts } from '../ports.ts';
import { createAddressKeys, createTokenLimits } from '../rateLimits.ts';

export const registerSandbox = (
  app: FastifyInstance,
  sandbox: NonNullable<HttpPorts['sandbox']>,
  ports: HttpPorts,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const limits = createTokenLimits(ports);
    const addressKeyOf = createAddressKeys();
    app
      .register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all('/oidc/*', { schema: { hide: true } }, async (request, reply) => {
          const [path] = request.url.split('?', 1);
          if (path === '/oidc/token') {
            const address = addressKeyOf(request.ip);
            await limits.arrived(address, reply);
            reply.raw.once('finish', () => {
              if (reply.raw.statusCode === 401) limits.refused(address);
            });
          }
          reply.hijack();
          sandbox.handle(request.raw, reply.raw);
        });
      })
      .then(() => resolve(), reject);
  });
