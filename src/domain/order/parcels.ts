/** What lies in parcels must be what the shipment takes along: a label for goods that never left misleads all who read it. */
import { refuse } from '../../eventsourcing/message.ts';
import type { DispatchRequest, OrderDecision } from './commands.ts';

/**
 * Each box must be of a line of the shipment. A piece of it has one box of each code at most, so no code can be there more
 * often than pieces leave.
 * @returns the refusal, with a JSON pointer to the box in `facts`; `null`: nothing is wrong.
 */
export const parcelRefusal = ({ lines, parcels }: Pick<DispatchRequest, 'lines' | 'parcels'>): OrderDecision | null => {
  const shipped = new Map(lines.map(({ lineId, quantity }) => [lineId, quantity]));
  const packed = new Map<string, number>();
  for (const [parcel, { boxes }] of parcels.entries()) {
    for (const [box, { lineId, boxCode, quantity }] of boxes.entries()) {
      const pointer = `/parcels/${parcel}/boxes/${box}`;
      const most = shipped.get(lineId);
      if (most === undefined) {
        return refuse('BOX_NOT_SHIPPED', 'The box is of a line that the shipment does not take along.', {
          pointer,
          lineId,
        });
      }
      const kind = JSON.stringify([lineId, boxCode]);
      const sum = (packed.get(kind) ?? 0) + quantity;
      if (sum > most) {
        const detail = 'More boxes of one code than pieces of the line leave.';
        return refuse('BOX_NOT_SHIPPED', detail, { pointer, lineId, packed: sum, shipped: most });
      }
      packed.set(kind, sum);
    }
  }
  return null;
};
