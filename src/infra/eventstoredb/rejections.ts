/** Rejections of the client that nobody can catch, as it makes them on promises of its own. */

/**
 * Known by the place where they were thrown, as they have neither class nor code: the discovery of a cluster that failed
 * while an old call was being cleaned up, and a late answer to a batch append that was given up.
 */
const places = [/\bdiscoverEndpoint\b/, /\bappendToStream[\\/]batchAppend\b/];

/**
 * For `process.on('unhandledRejection')`: true when the client's own state is all that is wrong, so that
 * `renewClients()` mends it. For any other the process must end.
 */
export const isKnownClientRejection = (reason: unknown): boolean =>
  reason instanceof Error && places.some((place) => place.test(reason.stack ?? ''));
