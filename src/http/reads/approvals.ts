/** How an approval is found, and what each caller sees of it. */
import { noteContext } from '../../commands/handlers.ts';
import type { PersonalData } from '../../commands/ports.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { visibleFieldsByRole } from '../../domain/access/visibleFields.ts';
import { stockStream } from '../../domain/values.ts';
import type { ApprovalDocument } from '../../projections/approvals/projection.ts';
import { showApprovalPublicly } from '../commands/proposals.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** With its note for those who may read notes. @param revision of the stock. */
export const showApproval = async (
  approval: ApprovalDocument,
  revision: number,
  reach: Reach,
  personalData: Pick<PersonalData, 'open'>,
) => {
  const { warehouseId, sku, note } = approval;
  const shown = showApprovalPublicly(approval, revision);
  if (note === undefined || !visibleFieldsByRole[reach.role].notes) return shown;
  return { ...shown, note: await personalData.open(note, noteContext(stockStream(warehouseId, sku))) };
};

const ifReached = (approval: ApprovalDocument | null, reach: Reach): ApprovalDocument => {
  if (approval !== null && reachesWarehouse(reach, approval.warehouseId)) return approval;
  throw new Problem('APPROVAL_NOT_FOUND', 'No such approval.');
};

/** That of a warehouse out of reach is not found. @throws Problem */
export const findApproval = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  approvalId: string,
  reach: Reach,
): Promise<ApprovalDocument> => ifReached(await readModels.approvals.queries.get(approvalId), reach);

/** As long as a read with a position waits by default (docs/openapi.json). */
const waitMs = 2_000;

/**
 * For commands, which need to know its stock and nothing else of it: whether it is still open, the stock decides. What the
 * read model does not know, it is given time to learn, so that an acknowledged proposal is found.
 * @throws Problem
 */
export const findApprovalNow = async (
  { readModels }: Pick<HttpPorts, 'readModels'>,
  approvalId: string,
  reach: Reach,
): Promise<ApprovalDocument> => {
  const { model, queries } = readModels.approvals;
  const known = await queries.get(approvalId);
  if (known !== null) return ifReached(known, reach);
  const head = await readModels.source.head();
  if (head !== null && !(await model.waitFor(head, waitMs))) {
    const headers = { 'retry-after': '1' };
    throw new Problem('NOT_CAUGHT_UP', 'Whether there is such an approval can not be said yet.', { headers });
  }
  return ifReached(await queries.get(approvalId), reach);
};
