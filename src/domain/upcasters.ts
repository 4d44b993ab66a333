/**
 * `Type@version` → the shape of the version after it (DESIGN §4.7). Empty as long as every event is at version 1;
 * an entry is added with the golden file of the version it reads, and never changed.
 */
export const upcasters: { readonly [typeAtVersion: string]: (data: object) => object } = {};
