/** The furniture catalogue → items (docs/openapi.json). Pure but for reading. */
import { readTable } from './csv.ts';

export interface CatalogueItem {
  readonly sku: string;
  readonly body: {
    readonly name: string;
    readonly productCode: string;
    readonly attributes: { readonly [name: string]: string };
    readonly boxes: readonly {
      readonly boxCode: string;
      readonly lengthMm: number;
      readonly widthMm: number;
      readonly heightMm: number;
      readonly weightGrams: number;
    }[];
  };
}

export interface Catalogue {
  readonly items: readonly CatalogueItem[];
  readonly rows: number;
  /** The same article once more, in another category. */
  readonly repeated: number;
  /** No article number at the end of the link. */
  readonly refused: number;
}

const columns = [
  'item_id',
  'name',
  'category',
  'price',
  'link',
  'short_description',
  'depth',
  'height',
  'width',
] as const;
type Column = (typeof columns)[number];
type CatalogueRow = { readonly [Name in Column]: string };

/** The catalogue has no weights, and not every size. Stand-ins, and the attribute `estimated` says which they are. */
const standInMm = 500;
const gramsPerLitre = 50;
const weightGramsMin = 500;
const weightGramsMax = 90_000;

/**
 * The `item_id` column lost its leading zeros; the link ends in all eight digits, with `s` before them for a set of
 * several articles. A set and an article may share the digits, so the `s` belongs to the SKU.
 */
export const articleNumberOf = (link: string): string | null => /-(s?\d{8})\/?$/.exec(link)?.[1] ?? null;

const millimetresOf = (centimetres: string): number | null => {
  const value = Math.round(Number(centimetres) * 10);
  return centimetres !== '' && value > 0 ? value : null;
};

const tidy = (text: string): string => text.replace(/\s+/g, ' ').trim();

const itemOf = (sku: string, row: CatalogueRow, categories: readonly string[]): CatalogueItem => {
  const sizes = { depth: millimetresOf(row.depth), width: millimetresOf(row.width), height: millimetresOf(row.height) };
  const missing = Object.entries(sizes).flatMap(([name, size]) => (size === null ? [name] : []));
  const [lengthMm, widthMm, heightMm] = [sizes.depth, sizes.width, sizes.height].map((size) => size ?? standInMm) as [
    number,
    number,
    number,
  ];
  const litres = (lengthMm * widthMm * heightMm) / 1_000_000;
  const weightGrams = Math.round(Math.min(Math.max(litres * gramsPerLitre, weightGramsMin), weightGramsMax));
  return {
    sku,
    body: {
      name: row.name,
      productCode: sku.replace('s', ''),
      attributes: {
        kind: sku.startsWith('s') ? 'set' : 'article',
        categories: categories.join('; '),
        description: tidy(row.short_description),
        priceSar: Number(row.price).toFixed(2),
        estimated: ['weight', ...missing].join(' '),
      },
      boxes: [{ boxCode: 'B1', lengthMm, widthMm, heightMm, weightGrams }],
    },
  };
};

/** Rows of the same article are one item that has all their categories. */
export const catalogueFrom = async (rows: AsyncIterable<CatalogueRow> | Iterable<CatalogueRow>): Promise<Catalogue> => {
  const found = new Map<string, { row: CatalogueRow; categories: Set<string> }>();
  let count = 0;
  let refused = 0;
  for await (const row of rows) {
    count += 1;
    const sku = articleNumberOf(row.link);
    if (sku === null) {
      refused += 1;
      continue;
    }
    const known = found.get(sku) ?? { row, categories: new Set<string>() };
    known.categories.add(row.category);
    found.set(sku, known);
  }
  const items = [...found].map(([sku, { row, categories }]) => itemOf(sku, row, [...categories]));
  return { items, rows: count, repeated: count - refused - items.length, refused };
};

const readRows = async function* (path: string): AsyncGenerator<CatalogueRow> {
  for await (const fields of readTable(path, columns)) {
    yield Object.fromEntries(columns.map((name, index) => [name, fields[index] ?? ''])) as CatalogueRow;
  }
};

export const readCatalogue = (path: string): Promise<Catalogue> => catalogueFrom(readRows(path));
