/** Alphabets and bounds of everything that comes from outside and ends up in a stream name or an event. */

/**
 * Ids in names of streams and documents. What is no letter, digit, `.`, `_` or `-` of ASCII is written as its code point
 * in hex between two tildes: `SOFA BLAU` is `SOFA~20~BLAU`. Names that had these characters only are as they always were.
 * Reversible, and never two ids with one name. STORED FOREVER: another rule would lose every stream that it renames.
 */
const escaped = /[^A-Za-z0-9._-]/gu;
const escapes = /~([0-9a-f]+)~/g;

const needsNone = /^[A-Za-z0-9._-]*$/;

export const escapeName = (id: string): string =>
  // Most ids need none, and looking costs a tenth of replacing.
  needsNone.test(id) ? id : id.replace(escaped, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);

export const unescapeName = (name: string): string =>
  name.replace(escapes, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

/** docs/openapi.json. No `.` in a warehouse id: it separates warehouse and SKU in a stream name. */
export const warehouseIdPattern = '^[A-Za-z0-9][A-Za-z0-9_]{0,63}$';
export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
/** No `@`: a customer id is a pseudonym, never an e-mail address. */
export const customerIdPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** A quantity fits a 32-bit integer, so that sums over a log stay exact integers. */
export const quantityMax = 2_147_483_647;

/** The largest line of a real shop in a year had 80,995 pieces; a larger one is a slip of a finger. */
export const orderLineQuantityMax = 100_000;
/** Some dozen such lines; more than that is several orders. */
export const orderQuantityMax = 1_000_000;

/** How many there are: a whole number, zero included. */
export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= quantityMax;
/** How many move: a whole number, at least one. */
export const isQuantity = (value: number): boolean => isCount(value) && value > 0;

/** Clocks of clients run ahead; more than this is a mistake (docs/times.md). */
export const futureToleranceMs = 5 * 60_000;

export type AdjustmentReason = (typeof adjustmentReasons)[number];
export const adjustmentReasons = [
  'correction',
  'damaged',
  'lost',
  'found',
  'stolen',
  'expired',
  'returned',
  'promotion',
  'other',
] as const;

export const warehouseStream = (warehouseId: string): string => `warehouse-${warehouseId}`;
export const itemStream = (sku: string): string => `item-${escapeName(sku)}`;
export const stockStream = (warehouseId: string, sku: string): string => `stock-${warehouseId}.${escapeName(sku)}`;
export const orderStream = (orderId: string): string => `order-${orderId}`;
/** `id`: derived from the client and its number. */
export const orderNumberStream = (id: string): string => `ordernumber-${id}`;
export const shipmentStream = (shipmentId: string): string => `shipment-${shipmentId}`;
/** All keys of a client: how many may be live is decided in one place. */
export const apiClientStream = (clientId: string): string => `apiclient-${escapeName(clientId)}`;
export const alertStream = (alertId: string): string => `alert-${alertId}`;
export const transferStream = (transferId: string): string => `transfer-${transferId}`;
/** An order of ours at a supplier, or a supplier's notice, on its way to one warehouse. */
export const inboundStream = (inboundId: string): string => `inbound-${inboundId}`;
export const returnStream = (returnId: string): string => `return-${returnId}`;
/** `linkId`: a keyed digest of the token in its address. */
export const trackingLinkStream = (linkId: string): string => `trackinglink-${linkId}`;
export const webhookStream = (endpointId: string): string => `webhook-${endpointId}`;

/**
 * Text that people read, compare and type: labels, article numbers, waybills. Any script is welcome.
 * Not in it: controls, line and paragraph separators, surrogates, code points that Unicode has not assigned (their normal
 * form may still change), and the controls of writing direction, by which a text shows as another than it is.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\u202a-\u202e\u2066-\u2069]/u;
const blankAtAnEnd = /^\s|\s$/u;

/** What is wrong with a text as a name of something; `null`: nothing. */
export const printableFault = (text: string): string | null => {
  if (text === '') return 'must not be empty';
  if (blankAtAnEnd.test(text)) return 'must not begin or end with a blank';
  return unprintable.test(text) ? 'must have printable characters only' : null;
};

/** In characters (code points), as JSON Schema counts them. */
export const skuCharsMax = 100;

/** What most are, and what has none of these faults; `.` and `..` are none of them. */
const plainSku = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Two forms of one letter would be two SKUs that look the same: only NFC is taken (docs/openapi.json). */
export const skuFault = (text: string): string | null => {
  if (text.length <= skuCharsMax && plainSku.test(text)) return null;
  if (text.length > 2 * skuCharsMax || [...text].length > skuCharsMax) {
    return `must not have more than ${skuCharsMax} characters`;
  }
  // RFC 3986 §5.2.4: no path can end in them.
  if (text === '.' || text === '..') return 'must not be "." or ".."';
  return printableFault(text) ?? (text === text.normalize('NFC') ? null : 'must be in Unicode normal form C (NFC)');
};

/** Whether two JSON-native values are equal, whatever the order of their keys. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  // JSON has one zero: a stored -0 comes back as 0.
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)));
};
