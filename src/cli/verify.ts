/** `npm run verify`: whether the files of the embedded form are whole, while the service runs or while it does not. */
import { verifyStore } from '../infra/backup/verifyStore.ts';
import { readConfig } from '../infra/config/config.ts';
import { createProgressBar, grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run verify
Reads all of DATA_DIR and changes nothing: pages, order of the log, checksums of events, keys, checkpoints, log.mark.
Exit code: 0 sound, 1 damaged, 2 asked wrongly.
`;

const run = async (): Promise<number> => {
  if (process.argv.length > 2) throw new WrongUsage('It takes no arguments: DATA_DIR says what is read.');
  const { dataDir, keyEncryptionKey } = readConfig(process.env);
  const bar = createProgressBar(process.stdout);
  const startedAtMs = performance.now();
  const { events, unchecked, keys, faults } = await verifyStore({
    dataDir,
    keyEncryptionKey,
    onProgress: (step, done, total) => {
      bar.show({ step, done: BigInt(done), total: BigInt(total), unit: step === 'pages' ? 'part' : 'event' });
    },
  });
  bar.end();
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (faults.length > 0) {
    process.stdout.write(`damaged: ${dataDir}. Restore it (docs/disaster-recovery.md).\n`);
    return 1;
  }
  const rest = unchecked === 0 ? '' : `, ${grouped(unchecked)} of them without a checksum yet`;
  process.stdout.write(`sound: ${grouped(events)} events${rest}, ${grouped(keys)} keys, ${seconds} s\n`);
  return 0;
};

process.exitCode = await runTool({ usage, refusals: [], failures: [], run });
