import { accept, type Decider, refuse } from '../message.ts';
import { sameJson } from '../sameJson.ts';
import { type ItemDescription, type ItemEvent, itemVersions } from './events.ts';

export type Item =
  | { readonly phase: 'absent' }
  | { readonly phase: 'defined'; readonly description: ItemDescription & { readonly sku: string } };

export interface ItemCommand extends ItemDescription {
  readonly type: 'DefineItem';
  readonly sku: string;
}
export type ItemRefusal = 'ITEM_CONTAINS_ITSELF' | 'BOX_CODE_REPEATED';

/** `PUT` semantics: the same description again records nothing. */
export const itemDecider: Decider<Item, ItemCommand, ItemEvent, ItemRefusal> = {
  category: 'item',
  initialState: { phase: 'absent' },
  decide: ({ type: _, ...description }, item) => {
    if (description.components?.some(({ sku }) => sku === description.sku) === true) {
      return refuse('ITEM_CONTAINS_ITSELF', 'An item cannot be a component of itself.');
    }
    if (new Set(description.boxes.map(({ boxCode }) => boxCode)).size !== description.boxes.length) {
      return refuse('BOX_CODE_REPEATED', 'Each box of an item needs a box code of its own.');
    }
    if (item.phase === 'defined' && sameJson(item.description, description)) return accept();
    return accept({ type: 'ItemDefined', data: description });
  },
  evolve: (_item, event) => ({ phase: 'defined', description: event.data }),
  weigh: (item) => (item.phase === 'absent' ? 100 : 600 + 200 * item.description.boxes.length),
  schemaVersions: itemVersions,
};
