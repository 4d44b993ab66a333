import { accept, type Decider, jsonStates, refuse } from '../../eventsourcing/message.ts';
import { sameJson } from '../values.ts';
import { type ItemDescription, type ItemEvent, itemVersions } from './events.ts';

export type Item =
  | { readonly phase: 'absent' }
  | { readonly phase: 'defined'; readonly description: ItemDescription & { readonly sku: string } };

/** No `components`: kits are not taken yet, and what would have no effect is not recorded. */
export interface ItemCommand extends Omit<ItemDescription, 'components'> {
  readonly type: 'DefineItem';
  readonly sku: string;
}
export type ItemRefusal = 'BOX_CODE_REPEATED';

/** `PUT` semantics: the same description again records nothing. */
export const itemDecider: Decider<Item, ItemCommand, ItemEvent, ItemRefusal> = {
  category: 'item',
  initialState: { phase: 'absent' },
  decide: ({ type: _, ...description }, item) => {
    if (new Set(description.boxes.map(({ boxCode }) => boxCode)).size !== description.boxes.length) {
      return refuse('BOX_CODE_REPEATED', 'Each box of an item needs a box code of its own.');
    }
    if (item.phase === 'defined' && sameJson(item.description, description)) return accept();
    return accept({ type: 'ItemDefined', data: description });
  },
  evolve: (_item, event) => ({ phase: 'defined', description: event.data }),
  weigh: (item) => (item.phase === 'absent' ? 100 : 600 + 200 * item.description.boxes.length),
  codec: jsonStates(2),
  schemaVersions: itemVersions,
};
