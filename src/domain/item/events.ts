/**
 * STORED FOREVER: what an SKU is (stream `item-{sku}`). A shipped shape is never edited (docs/how-to.md, "Change an
 * event").
 */
import type { FieldClasses } from '../../eventsourcing/message.ts';

export interface Box {
  readonly boxCode: string;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly weightGrams: number;
}

export interface ItemDescription {
  readonly name: string;
  readonly productCode?: string;
  /** Of GS1, 8, 12, 13 or 14 digits; since version 2. */
  readonly gtin?: string;
  readonly attributes: { readonly [name: string]: string };
  readonly boxes: readonly Box[];
  /** Written before kits were refused; nothing reads it. */
  readonly components?: readonly { readonly sku: string; readonly quantity: number }[];
  /** `false`: an order whose first plan lacks any of it is cancelled. Absent: `true`. */
  readonly backorderAllowed?: boolean;
}

export type ItemDefined = { readonly type: 'ItemDefined'; readonly data: ItemDescription & { readonly sku: string } };
export type ItemEvent = ItemDefined;

export const itemFields: FieldClasses<ItemEvent> = {
  ItemDefined: {
    sku: 'public',
    name: 'public',
    productCode: 'public',
    gtin: 'public',
    attributes: 'public',
    boxes: 'public',
    components: 'public',
    backorderAllowed: 'public',
  },
};
export const itemVersions = { ItemDefined: 2 } as const;
