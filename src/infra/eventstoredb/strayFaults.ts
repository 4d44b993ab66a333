/** Faults of the client that no call of ours can catch: it throws them in its own promises and event handlers. */

/**
 * Known by the place where they were thrown, as they have neither class nor code: the discovery of a cluster that failed
 * while an old call was being cleaned up, and a late answer to a batch append that was given up. The second comes as a
 * rejection or, after an error of the stream, as an uncaught exception.
 */
const places = [/\bdiscoverEndpoint\b/, /\bappendToStream[\\/]batchAppend\b/];

/** True when the client's own state is all that is wrong: `renewClients()` mends it. For any other the process must end. */
export const isKnownClientFault = (fault: unknown): boolean =>
  fault instanceof Error && places.some((place) => place.test(fault.stack ?? ''));
