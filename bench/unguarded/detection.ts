/** Looks at nothing. */
import type * as guards from '../../src/http/detection/detection.ts';

export const createDetection: typeof guards.createDetection = () => ({
  observe: () => undefined,
  isStopped: async () => false,
  lines: () => [],
});
