/** The sandbox issuer below `/oidc`: raw requests, whose bodies it reads itself. */
import type { FastifyInstance } from 'fastify';
import type { HttpPorts } from '../ports.ts';

export const registerSandbox = (app: FastifyInstance, sandbox: NonNullable<HttpPorts['sandbox']>): Promise<void> =>
  new Promise((resolve, reject) => {
    app
      .register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all('/oidc/*', { schema: { hide: true } }, (request, reply) => {
          reply.hijack();
          sandbox.handle(request.raw, reply.raw);
        });
      })
      .then(() => resolve(), reject);
  });
