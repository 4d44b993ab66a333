/** What a process has used so far, as Linux counts it (proc(5)). Elsewhere these throw. */
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** clock_gettime's ticks in /proc/PID/stat: 100 a second on Linux. */
const msPerTick = 10;

/** User and system time of all threads, ms. */
export const cpuMsOf = (pid: number): number => {
  // The name in brackets may hold spaces; utime and stime are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return msPerTick * (Number(fields[11]) + Number(fields[12]));
};

/** Bytes that it wrote to disks. A page counts each time it is written. */
export const writtenBytesOf = (pid: number): number =>
  Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);

export const megabytesOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

/** Pages move from the write-ahead log into the file once a second. */
const movedMs = 2_500;

/** Until all that was written to the write-ahead log has been written to the file as well. */
export const untilMoved = (): Promise<void> => pause(movedMs);

/** Size of the embedded store at rest, without its write-ahead log, which is used again and again. */
export const storedBytesOf = async (dataDir: string): Promise<number> => {
  await untilMoved();
  return (await stat(join(dataDir, 'stockledger.db'))).size;
};
