/** How a return is found, and what each caller sees of it. */
import { noteContext } from '../../commands/handlers.ts';
import type { PersonalData } from '../../commands/ports.ts';
import { type Reach, reachesOrder } from '../../domain/access/authorize.ts';
import { visibleFieldsByRole } from '../../domain/access/visibleFields.ts';
import { returnStream } from '../../domain/values.ts';
import type { ReturnDocument } from '../../projections/returns/projection.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { seesWarehouse } from './visibleFields.ts';

/** Without what the customer has written, so it may be kept with an idempotency key. */
export const showReturnPublicly = (found: ReturnDocument, reach: Reach) => {
  const { note: _, warehouseIds: __, warehouseId, ...shown } = found;
  return seesWarehouse(reach, warehouseId) ? { ...shown, warehouseId } : shown;
};

export const showReturn = async (found: ReturnDocument, reach: Reach, personalData: Pick<PersonalData, 'open'>) => {
  const { returnId, note } = found;
  const shown = showReturnPublicly(found, reach);
  if (note === undefined || !visibleFieldsByRole[reach.role].contact) return shown;
  return { ...shown, note: await personalData.open(note, noteContext(returnStream(returnId))) };
};

/** It is its customer's, and the business of the warehouses that wait for it or got of it. @throws Problem */
const ifReached = (found: ReturnDocument | null, reach: Reach): ReturnDocument => {
  if (found !== null && reachesOrder(reach, found)) return found;
  throw new Problem('RETURN_NOT_FOUND', 'No such return.');
};

/** @throws Problem */
export const findReturn = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  returnId: string,
  reach: Reach,
): Promise<ReturnDocument> => ifReached(await readModels.returns.queries.get(returnId), reach);

/** As of this moment, straight from the log, for commands. @throws Problem */
export const findReturnNow = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  returnId: string,
  reach: Reach,
): Promise<ReturnDocument> => ifReached(await readModels.returns.fold(returnId), reach);
