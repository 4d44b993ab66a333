/** A line as it stands. */
import type { OrderLine } from './shapes.ts';

/** `dropped`: pieces of it that will not come, as the order was changed before they left. */
export interface PlacedLine extends OrderLine {
  readonly dropped?: number;
}

/** Pieces that are to come, or have. */
export const wantedOf = ({ quantity, dropped = 0 }: PlacedLine): number => quantity - dropped;
