/** Requests of hostile sizes to every route: one by one, and the largest bodies at once. */

import { urlOf } from '../../test/http/requests.ts';
import { largestBody, sizedRequests } from '../../test/security/sizes.ts';
import { type ApiDocument, type Documented, operationsOf } from '../../test/support/documented.ts';
import type { Sent } from './send.ts';

/** A stream that is well asked for does not end. */
const isEndless = ({ operation }: Documented): boolean =>
  'text/event-stream' in (operation.responses[200]?.content ?? {});

export const hostileSizes = (document: ApiDocument): readonly Sent[] =>
  operationsOf(document)
    .filter((documented) => !isEndless(documented))
    .flatMap((documented) => sizedRequests(documented, document))
    .map(({ method, url, headers, body }) => ({ method, path: url, headers, ...(body === undefined ? {} : { body }) }));

/** Of each route that takes a body, so many; tried out where it would change something. */
export const largestBodies = (document: ApiDocument, times: number): readonly Sent[] =>
  operationsOf(document).flatMap((documented) => {
    const body = largestBody(documented, document);
    if (body === null) return [];
    const { method, operation } = documented;
    const isChange = operation.parameters?.some(({ name }) => name === 'dryRun') === true;
    const path = `${urlOf(documented)}${isChange ? '?dryRun=true' : ''}`;
    const headers: Sent['headers'] = operation.responses[428] === undefined ? {} : { 'if-match': '"0"' };
    return Array.from({ length: times }, () => ({ method, path, body, headers }));
  });
