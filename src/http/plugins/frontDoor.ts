/** Pages for people who open the address in a browser. Everything else of the service is for programs. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { frontPage, pagePolicy, sandboxPage } from '../pages.ts';
import type { HttpPorts } from '../ports.ts';

const pageHeaders = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy };

const serve = (app: FastifyInstance, path: string, html: string): void => {
  app.get(path, { schema: { hide: true } }, (_request, reply: FastifyReply) => reply.headers(pageHeaders).send(html));
};

export const registerFrontDoor = (app: FastifyInstance, { settings, sandbox }: HttpPorts): void => {
  serve(app, '/', frontPage({ settings, sandbox }));
  if (sandbox === null) return;
  const html = sandboxPage(settings.issuer, sandbox);
  serve(app, '/oidc', html);
  serve(app, '/oidc/', html);
};
