/** Looking through the log for what a client missed (`EventSource.scan`). */
import type { Position, RecordedEvent } from '../domain/message.ts';

/** Part of the log. `upTo` is where to go on; `null` while nothing is there at all. */
export interface ScannedSlice {
  readonly events: readonly RecordedEvent[];
  readonly upTo: Position | null;
  readonly isCaughtUp: boolean;
}

/** What the events of a scan have in common. A source may hand over others too, and never leaves one of them out. */
export interface ScanHint {
  readonly types?: readonly string[];
  /** Each stands in the stored JSON of the data. */
  readonly texts?: readonly string[];
  /** The event is of this stream, or has the text: where both are given, either will do. */
  readonly either?: { readonly stream: string; readonly text: string };
}
