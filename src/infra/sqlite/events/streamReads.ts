/** Reads of one stream, and of where an id is, by way of the index. */
import type { DecodeStored } from '../../../eventsourcing/message.ts';
import { type EventStore, StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Database } from '../file/database.ts';
import { eventColumns, selectEvents } from './eventRows.ts';
import { idBytes } from './ids.ts';
import { createIndexReader, createMoment, keyOfId } from './index/runs.ts';

export const createStreamReads = (
  db: Database,
  decode: DecodeStored,
): Required<Pick<EventStore, 'locate' | 'readStream'>> => {
  const inOneMoment = createMoment(db);
  const { positionOf, positionsFrom } = createIndexReader(db);
  const selectStream = db.prepare('SELECT id FROM streams WHERE name = ?');
  // CROSS JOIN keeps the order of the tables, and with it that of the positions.
  const selectEventsAt = selectEvents(
    db,
    `SELECT ${eventColumns} FROM json_each(?) j CROSS JOIN events e ON e.position = j.value
     CROSS JOIN streams s ON s.id = e.stream`,
    decode,
  );
  const selectPlace = db.prepare(
    `SELECT s.name, e.revision, e.id FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.position = ?`,
  );

  const readStream: EventStore['readStream'] = (name, fromRevision, limit) =>
    db.read(() =>
      inOneMoment(() => {
        const stream = selectStream.get(name)?.id as number | undefined;
        const positions = stream === undefined ? [] : positionsFrom(stream, fromRevision, limit);
        if (positions.length === 0) return [];
        const events = selectEventsAt.all(JSON.stringify(positions));
        const isWrong = events.some(({ stream: of, revision }, at) => of !== name || revision !== fromRevision + at);
        if (isWrong || events.length < positions.length) {
          throw new StoreDamaged(`The log and its index tell two things of ${name}.`, 'not_written');
        }
        return events;
      }),
    );

  const placeOf = (id: string) => {
    const bytes = idBytes(id);
    const position = positionOf('id', keyOfId(bytes));
    const row = position === null ? undefined : selectPlace.get(position);
    if (row === undefined || !bytes.equals(row.id as Uint8Array)) return [];
    return [{ id, stream: row.name as string, revision: row.revision as number }];
  };

  return {
    readStream,
    locate: (eventIds) => db.read(() => inOneMoment(() => eventIds.flatMap(placeOf))),
  };
};
