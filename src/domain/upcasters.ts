/** The read boundary: the domain knows only today's shapes; an unknown `type@version` is an error, never a cast. */
import { type DecodeStored, type RecordedEvent, UnknownEvent } from '../eventsourcing/message.ts';
import { eventVersions } from './events.ts';

/**
 * `Type@version` → the shape of the version after it (docs/how-to.md, "Change an event"). An entry is added with the
 * golden file of the version it reads, and never changed.
 */
export const upcasters: { readonly [typeAtVersion: string]: (data: object) => object } = {
  // Carrier and tracking number became optional; at version 1 both are always there.
  'OrderShipmentDispatched@1': (data) => data,
  'ShipmentDispatched@1': (data) => data,
};

const versions: { readonly [type: string]: number } = eventVersions;

/** An older build must not read a newer log. */
export const decodeStored: DecodeStored = (stored) => {
  const today = versions[stored.type];
  if (today === stored.schemaVersion) return stored;
  if (today === undefined) throw new UnknownEvent(`${stored.type}@${stored.schemaVersion} is not known`);
  let { data } = stored;
  for (let version = stored.schemaVersion; version !== today; version += 1) {
    const upcast = upcasters[`${stored.type}@${version}`];
    if (upcast === undefined) throw new UnknownEvent(`${stored.type}@${version} has no upcaster`);
    data = upcast(data);
  }
  const { schemaVersion } = stored;
  return { ...stored, schemaVersion: today, data, storedAs: { schemaVersion, data: stored.data } };
};

/** As it was written, at the version it was written in. */
export const asStored = ({ storedAs, ...event }: RecordedEvent): RecordedEvent => ({ ...event, ...storedAs });
