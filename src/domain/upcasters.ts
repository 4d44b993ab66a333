/**
 * `Type@version` → the shape of the version after it (DESIGN §4.7). An entry is added with the golden file of the version
 * it reads, and never changed.
 */
export const upcasters: { readonly [typeAtVersion: string]: (data: object) => object } = {
  // Carrier and tracking number became optional; at version 1 both are always there.
  'OrderShipmentDispatched@1': (data) => data,
  'ShipmentDispatched@1': (data) => data,
};
