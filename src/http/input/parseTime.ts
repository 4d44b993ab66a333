const timePattern =
  /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$/;

/** `2026-11-24T09:30:00.000Z`: the only length that compares as text, and the one of the years 0000 to 9999. */
const utcLength = 24;

/** A minute's 61st second is only ever the last of a day in UTC; it has the number of the one after it (POSIX time). */
const isLastMinute = (ms: number): boolean => new Date(ms).toISOString().slice(-13, -8) === '23:59';

const offsetMsOf = (sign = '+', hours = '0', minutes = '0'): number =>
  (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;

/** Of a day that exists in its month, and a minute of it. */
const startOfMinute = (date: string, hoursAndMinutes: string): number | null => {
  const ms = Date.parse(`${date}T${hoursAndMinutes}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date) ? ms : null;
};

/**
 * A time of RFC 3339, or of ISO 8601 with a shorter offset (`+01`, `+0100`) as carriers write it. A day must exist in its
 * month, and 23:59:60 UTC is taken for the second after it.
 * @returns UTC with milliseconds, so that times compare as text; `null`: no such time.
 */
export const parseTime = (text: string): string | null => {
  const found = timePattern.exec(text);
  if (found === null) return null;
  const [, date = '', minute = '', seconds = '', fraction = '', ...offset] = found;
  const start = startOfMinute(date, minute);
  if (start === null) return null;
  const atMs = start - offsetMsOf(...offset);
  if (seconds === '60' && !isLastMinute(atMs)) return null;
  const milliseconds = Number(seconds) * 1_000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  const time = new Date(atMs + milliseconds).toISOString();
  return time.length === utcLength ? time : null;
};
