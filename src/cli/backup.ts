/** `npm run backup -- --to DIR`: a copy of the embedded form while it runs, or while it does not (R20.4). */
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { BackupRefused, takeBackup } from '../infra/backup/takeBackup.ts';
import { readConfig } from '../infra/config/config.ts';
import { createProgressBar, grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run backup -- --to DIR [--keys-to DIR]
Copies events and read models to the one directory, keys to the other (better apart). DATA_DIR says what is copied.
`;

const run = async (): Promise<number> => {
  const { values } = parseArgs({ options: { to: { type: 'string' }, 'keys-to': { type: 'string' } } });
  const { to, 'keys-to': keysTo = to } = values;
  if (to === undefined || keysTo === undefined) throw new WrongUsage('Where to?');
  const { dataDir } = readConfig(process.env);
  const bar = createProgressBar(process.stdout);
  const startedAtMs = performance.now();
  const { events, keys } = await takeBackup({
    dataDir,
    to,
    keysTo,
    version: packageJson.version,
    onProgress: (step, { donePages, totalPages }) => {
      bar.show({ step, done: BigInt(donePages), total: BigInt(totalPages), unit: 'page' });
    },
  });
  bar.end();
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  process.stdout.write(
    `${grouped(Number(events.head))} events as of ${events.asOf}: ${grouped(events.file.bytes)} bytes in ${to}\n` +
      `keys as of ${keys.asOf}: ${grouped(keys.file.bytes)} bytes in ${keysTo}\n${seconds} s\n`,
  );
  return 0;
};

process.exitCode = await runTool({ usage, refusals: [BackupRefused], failures: [], run });
