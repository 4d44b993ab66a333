/**
 * The server as a process of its own, until SIGINT or SIGTERM. Prints one line of JSON once it listens:
 * `{"url": "esdb://…", "port": 2113, "controlPort": 41234}`.
 *
 *   node test/support/eventstoredb/main.ts [--port N] [--control-port N] [--file PATH] [--commit-ms N] [--tied]
 *
 * With `--tied` it also ends with its standard input: a parent that is killed leaves nothing running.
 */
import { parseArgs } from 'node:util';
import { serveControls } from './control.ts';
import { startServer } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    file: { type: 'string' },
    'commit-ms': { type: 'string', default: '0' },
    tied: { type: 'boolean', default: false },
  },
});

const numberOf = (flag: string, text: string): number => {
  if (!/^\d+$/.test(text)) throw new RangeError(`--${flag} takes a whole number, not ${text}`);
  return Number(text);
};

const server = await startServer({
  port: numberOf('port', values.port),
  commitMs: numberOf('commit-ms', values['commit-ms']),
  ...(values.file === undefined ? {} : { file: values.file }),
});
const control = await serveControls(server.controls, numberOf('control-port', values['control-port']));

const stop = (): void => {
  control.close();
  process.stdin.destroy();
  void server.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
if (values.tied) process.stdin.resume().once('end', stop);

console.log(JSON.stringify({ url: server.url, port: server.port, controlPort: control.port }));
