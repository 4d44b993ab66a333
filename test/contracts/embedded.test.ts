/** The adapters of the embedded form: files and memory, no server. */
import { embedded } from './engines/all.ts';
import { runContracts } from './runContracts.ts';

runContracts(embedded);
