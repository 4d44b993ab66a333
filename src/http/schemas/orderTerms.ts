/** Parts are kept only by an order that comes from one place and may wait; for others it would mean nothing. */
export const keepsPartsOnlyWhole = {
  if: { properties: { reservePartial: { const: true } }, required: ['reservePartial'] },
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema, and nobody awaits it.
  then: {
    properties: { allowSplit: { const: false }, allowBackorder: { const: true } },
    required: ['allowSplit'],
  },
};
