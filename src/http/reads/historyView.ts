/** An event of history, with its note opened for those who may read notes. */
import { noteContext } from '../../commands/notes.ts';
import type { PersonalData } from '../../commands/ports.ts';
import type { Reach } from '../../domain/access/policy.ts';
import type { RecordedEvent, Sealed } from '../../eventsourcing/message.ts';
import { type PublicEvent, publicEvent } from '../../projections/publicEvent.ts';
import { sights } from './visibleFields.ts';

/** `note`: absent where there is none or the caller may not read it, `null` where its author's data was erased. */
export type HistoryEvent = PublicEvent & { readonly note?: unknown };

const noteIn = ({ data }: RecordedEvent): Sealed | undefined =>
  'note' in data && typeof data.note === 'string' ? (data.note as Sealed) : undefined;

/** @throws UnknownEvent */
export const showHistory = async (
  event: RecordedEvent,
  { role }: Reach,
  personalData: Pick<PersonalData, 'open'>,
): Promise<HistoryEvent> => {
  const note = sights[role].notes ? noteIn(event) : undefined;
  const shown = publicEvent(event);
  return note === undefined ? shown : { ...shown, note: await personalData.open(note, noteContext(event.stream)) };
};
