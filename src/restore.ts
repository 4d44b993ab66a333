/** `npm run restore -- --from DIR`: a backup into an empty data directory, checked, with later erasures (R20.4). */
import { parseArgs } from 'node:util';
import { BackupBroken } from './infra/backup/manifest.ts';
import { restoreBackup } from './infra/backup/restoreBackup.ts';
import { BackupRefused } from './infra/backup/takeBackup.ts';
import { ConfigError, readConfig } from './infra/config.ts';
import { openPersonalData } from './infra/keys/embeddedPersonalData.ts';
import { type Erasures, readErasures } from './infra/keys/erasureLog.ts';
import { KeyStoreLocked } from './infra/keys/keyEncryptionKey.ts';
import { DataDirLocked } from './infra/sqlite/dataDirLock.ts';
import { grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run restore -- --from DIR [--keys-from DIR] (--erasures FILE … | --no-erasures)
Restores into DATA_DIR, which must be empty; key-encryption.key may lie there already. --erasures names each file in
which erasures were noted (ERASURES_FILE), so that nobody who was erased since comes back. --no-erasures: there were none.
`;

const readAllErasures = async (paths: readonly string[]): Promise<Erasures> => {
  const all = await Promise.all(paths.map(readErasures));
  return {
    fences: all.flatMap(({ fences }) => fences),
    unreadable: all.reduce((sum, { unreadable }) => sum + unreadable, 0),
  };
};

const run = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      'keys-from': { type: 'string' },
      erasures: { type: 'string', multiple: true },
      'no-erasures': { type: 'boolean' },
    },
  });
  const { from, 'keys-from': keysFrom = from, erasures: erasureFiles = [], 'no-erasures': none = false } = values;
  if (from === undefined || keysFrom === undefined) throw new WrongUsage('Where from?');
  // To leave them out by forgetting would bring erased people back.
  if (none === erasureFiles.length > 0)
    throw new WrongUsage('Which erasures? Either --erasures FILE or --no-erasures.');
  const { dataDir, keyEncryptionKey } = readConfig(process.env);
  const startedAtMs = performance.now();
  const { fences, unreadable } = await readAllErasures(erasureFiles);
  const { events, asOf, keysAsOf } = await restoreBackup({ from, keysFrom, dataDir, erasures: fences });
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  process.stdout.write(
    `${grouped(events)} events as of ${asOf}: positions and revisions have no gap, no read model is ahead\n` +
      `keys as of ${keysAsOf}; ${grouped(fences.length)} erasures applied, ${grouped(unreadable)} lines unreadable\n` +
      `restored to ${dataDir} in ${seconds} s\n`,
  );
  // Better told now than by a service that does not start.
  const personalData = await openPersonalData({ directory: dataDir, keyEncryptionKey });
  await personalData.close();
  return 0;
};

process.exitCode = await runTool({
  usage,
  refusals: [BackupRefused, ConfigError, DataDirLocked],
  failures: [BackupBroken, KeyStoreLocked],
  run,
});
