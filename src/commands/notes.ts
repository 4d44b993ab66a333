/** Free text is personal data (DESIGN §4.5): sealed under the key of whoever wrote it, and bound to its stream. */
import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';
import type { Sealed } from '../eventsourcing/message.ts';
import type { PersonalData } from './ports.ts';

/** Where the note of an event belongs; it opens nowhere else. */
export const noteContext = (stream: string): string => `${stream}/note`;

export type SealNote = (note: string, stream: string, context: CommandContext) => Promise<Sealed>;

/** Stands in for sealed text in a dry run, which may not even make a key (B12). Never stored. */
export const notSealed = 'dry-run' as Sealed;

export const createSealNote =
  (personalData: PersonalData): SealNote =>
  async (note, stream, { actor, dryRun }) =>
    dryRun === true ? notSealed : personalData.seal(`author:${actor.subject}`, noteContext(stream), note);
