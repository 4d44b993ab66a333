/** `npm run audit:verify-access-log`: whether the access log is whole, while the service runs or while it does not. */
import { OperatorError } from '../commands/ports.ts';
import { verifyAccessLog } from '../infra/accessLog/verifyAccessLog.ts';
import { readConfig } from '../infra/config/config.ts';
import { loadAccessLogKey } from '../infra/keys/keyFiles.ts';
import { grouped, runTool, WrongUsage } from './tool.ts';

const usage = `Usage: npm run audit:verify-access-log
Reads all of ACCESS_LOG_DIR (else DATA_DIR/access-log) and changes nothing: each line, their order, the end.
Needs the key encryption key that the service has. Exit code: 0 whole, 1 not whole, 2 asked wrongly.
`;

const run = async (): Promise<number> => {
  if (process.argv.length > 2) throw new WrongUsage('It takes no arguments: ACCESS_LOG_DIR says what is read.');
  const { dataDir, accessLogDir, keyEncryptionKey } = readConfig(process.env);
  if (accessLogDir === null) throw new OperatorError('ACCESS_LOG_DIR names no directory.');
  const key = await loadAccessLogKey(dataDir, keyEncryptionKey, false);
  const { files, lines, unsealed, faults } = await verifyAccessLog(accessLogDir, key);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  for (const { name, bytes } of unsealed) {
    process.stdout.write(`${name}: no seal vouches for ${grouped(bytes)} bytes at its end\n`);
  }
  const verdict = faults.length === 0 ? 'whole' : 'not whole';
  process.stdout.write(`${verdict}: ${grouped(lines)} requests in ${grouped(files)} files\n`);
  return faults.length === 0 ? 0 : 1;
};

process.exitCode = await runTool({ usage, refusals: [], failures: [], run });
