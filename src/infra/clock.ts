import type { Clock } from '../commands/ports.ts';

/** The system's time, which never goes back within a process: a clock that is set back stands still for us. Many ask within one millisecond, and the text is made once for all of them. */
export const createSystemClock = (): Clock => {
  let atMs = -1;
  let text = '';
  return {
    now: () => {
      const nowMs = Date.now();
      if (nowMs > atMs) {
        atMs = nowMs;
        text = new Date(nowMs).toISOString();
      }
      return text;
    },
  };
};
