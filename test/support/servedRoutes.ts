/** The routes of the app itself, whatever its document says. */
import type { FastifyInstance } from 'fastify';

/** Fastify prints `path (METHOD, METHOD)` with the path cut into a tree; with no common prefixes, one line a path. @returns `GET /v1/orders/{orderId}` */
export const servedRoutes = (app: FastifyInstance): readonly string[] => {
  const tree = app.printRoutes({ commonPrefix: false, includeHooks: false });
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of tree.split('\n')) {
    const [, indent = '', text = ''] = /^([│├└─ ]*)(.*)$/.exec(line) ?? [];
    if (text === '') continue;
    const depth = indent.length / 4;
    const [, segment = text, methods] = /^(.*?)(?: \(([A-Z, ]+)\))?$/.exec(text) ?? [];
    parents.length = depth;
    parents[depth] = segment;
    const path = parents.join('').replaceAll(/:(\w+)/g, '{$1}');
    for (const method of methods?.split(', ') ?? []) if (method !== 'HEAD') routes.push(`${method} ${path}`);
  }
  return routes;
};
