/** The adapters of the clustered form, each on the server that it is for. */
import { onServers } from './engines/all.ts';
import { runContracts } from './runContracts.ts';

runContracts(onServers);
