/** Where a page of the history ended, and where the next one begins. */
import { formatCursor, InvalidCursor, parseCursor } from '../../eventsourcing/projecting/page.ts';
import { isSlice, sliceBefore, sliceOf } from './projection.ts';

export interface Place {
  readonly slice: string;
  readonly index: number;
}

/** The slice after which to look; `null`: from the beginning. */
export const startOf = (place: Place | null, from: string | undefined): string | null => {
  if (place !== null) return sliceBefore(place.slice);
  // A year of more than four digits has no slice: nothing was recorded then.
  return from === undefined || !isSlice(sliceOf(from)) ? null : sliceBefore(sliceOf(from));
};

export const cursorOf = ({ slice, index }: Place): string => formatCursor({ value: index, id: slice });

/** @throws InvalidCursor */
export const placeOf = (cursor: string): Place => {
  const { value, id } = parseCursor(cursor);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || !isSlice(id)) {
    throw new InvalidCursor('a cursor of another list');
  }
  return { slice: id, index: value };
};
