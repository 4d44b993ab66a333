import type { Position } from '../message.ts';

/** The stores keep a commit in a signed 64-bit integer: at most this many decimal digits. */
const digits = 19;

/** A position as text whose order is the log's. The commit alone, which is also what documents are compared by. */
export const positionKey = ({ commit }: Position): string => commit.toString().padStart(digits, '0');
