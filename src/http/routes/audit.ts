/** History for auditors (R13): every event, found by what it is about, who did it, and when. */
import { merkleLeaf } from '../../audit/merkleLeaf.ts';
import { asStored } from '../../domain/decode.ts';
import type { HttpPorts } from '../ports.ts';
import { showHistory } from '../reads/historyView.ts';
import { answerPageOf, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import { AuditEvent, AuditQuery } from '../schemas/audit.ts';
import { PageOf, ref } from '../schemas/common.ts';

export const registerAudit = ({ read }: Router, { readModels, personalData }: HttpPorts): void => {
  const { eventHistory } = readModels;

  read({
    operation: 'listAuditEvents',
    url: '/v1/audit/events',
    tag: 'Audit',
    summary: 'Events in the order they were recorded, with the hash that proves each',
    description:
      '`leafHash` is SHA-256(0x00 ‖ canonical envelope ‖ SHA-256(canonical stored payload)), RFC 6962 style; personal ' +
      'data is stored sealed, hashed sealed, and left out here, but for notes, which stand beside `data`.',
    query: AuditQuery,
    isExpensive: () => true,
    answers: { 200: PageOf(ref(AuditEvent)) },
    problems: ['INVALID_CURSOR'],
    models: [eventHistory.model],
    handle: async ({ query, reach }) => {
      const { from, to, limit, cursor, ...filters } = query;
      const page = await eventHistory.queries.find({
        ...filters,
        ...pageRequestOf({ ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      return answerPageOf(page, async (event) => {
        const stored = asStored(event);
        return { ...(await showHistory(stored, reach, personalData)), leafHash: merkleLeaf(stored) };
      });
    },
  });
};
