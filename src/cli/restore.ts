/** `npm run restore -- --from DIR`: a backup into an empty data directory, checked, with later erasures (R20.4). */
import { parseArgs } from 'node:util';
import { StoreUnavailable } from '../eventsourcing/ports.ts';
import { eraseAgain, restoreBackup } from '../infra/backup/restoreBackup.ts';
import { BackupBroken, BackupRefused } from '../infra/backup/takeBackup.ts';
import { readConfig } from '../infra/config/config.ts';
import { KeyStoreLocked } from '../infra/keys/keyFiles.ts';
import { type Erasures, readErasures } from '../infra/keys/keyStore.ts';
import { openPersonalData } from '../infra/keys/sqliteKeyStore.ts';
import { NoSuchPlace, openSideStores } from '../infra/migration/moveEnds.ts';
import { grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run restore -- --from DIR [--keys-from DIR] (--erasures FILE … | --no-erasures)
       npm run restore -- --keys-in URL --erasures FILE …
Restores into DATA_DIR, which must be empty; key-encryption.key may lie there already. --erasures names each file in
which erasures were noted (ERASURES_FILE), so that nobody who was erased since comes back. --no-erasures: there were none.
With --keys-in only the erasures are done again, in a key store that its own tools have restored (mongodb://…).
`;

const readAllErasures = async (paths: readonly string[]): Promise<Erasures> => {
  const all = await Promise.all(paths.map(readErasures));
  return {
    fences: all.flatMap(({ fences }) => fences),
    unreadable: all.reduce((sum, { unreadable }) => sum + unreadable, 0),
  };
};

const options = {
  from: { type: 'string' },
  'keys-from': { type: 'string' },
  'keys-in': { type: 'string' },
  erasures: { type: 'string', multiple: true },
  'no-erasures': { type: 'boolean' },
} as const;

const restoreAll = async (from: string, keysFrom: string, { fences, unreadable }: Erasures): Promise<void> => {
  const { dataDir, keyEncryptionKey } = readConfig(process.env);
  const startedAtMs = performance.now();
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
};

const eraseIn = async (url: string, { fences, unreadable }: Erasures): Promise<void> => {
  const { port, close } = await openSideStores(url);
  try {
    await eraseAgain(port.keys, fences);
  } finally {
    await close();
  }
  process.stdout.write(`${grouped(fences.length)} erasures applied, ${grouped(unreadable)} lines unreadable\n`);
};

const run = async (): Promise<number> => {
  const { values } = parseArgs({ options });
  const { from, 'keys-from': keysFrom = from, 'keys-in': keysIn, erasures: files = [], 'no-erasures': none } = values;
  if ((from === undefined) === (keysIn === undefined)) throw new WrongUsage('Where from? Either --from or --keys-in.');
  // To leave them out by forgetting would bring erased people back.
  if ((none ?? false) === files.length > 0) throw new WrongUsage('Which erasures? Either --erasures or --no-erasures.');
  const erasures = await readAllErasures(files);
  if (keysIn !== undefined) await eraseIn(keysIn, erasures);
  else if (from !== undefined && keysFrom !== undefined) await restoreAll(from, keysFrom, erasures);
  return 0;
};

process.exitCode = await runTool({
  usage,
  refusals: [BackupRefused, NoSuchPlace],
  failures: [BackupBroken, KeyStoreLocked, StoreUnavailable],
  run,
});
