/** Where read models are kept: collections of documents, each with the position of the last event folded in. */

/** A collection and the indexes it is queried by; fields are top-level keys of the document. */
export interface CollectionSpec {
  readonly name: string;
  /** Each index is an ordered list of fields; keyset paging follows its order, then the id. */
  readonly indexes: readonly (readonly string[])[];
  /** Fields that hold a list of strings and answer to `has`, each by an index of its own. */
  readonly lists?: readonly string[];
}

export interface StoredDocument<T> {
  readonly id: string;
  readonly document: T;
  /** Position (commit) of the last event folded in. */
  readonly position: bigint;
  /** Characters of its JSON; in answers to queries, where the store knows. */
  readonly chars?: number;
}

/** `expected: null` means: must not exist. */
export interface DocumentWrite {
  readonly id: string;
  readonly document: object | null;
  readonly position: bigint;
  readonly expected: bigint | null;
}

export interface DocumentQuery {
  readonly where: {
    readonly [field: string]:
      | { readonly equals: string | number | boolean | null }
      | { readonly has: string }
      | { readonly startsWith: string }
      | { readonly from?: string | number; readonly below?: string | number };
  };
  /** Sort field (indexed), then id. Absent: by id. */
  readonly orderBy?: { readonly field: string; readonly direction: 'ascending' | 'descending' };
  /** Keyset: the sort value and id of the last document of the page before. */
  readonly after?: { readonly value: string | number | null; readonly id: string };
  readonly limit: number;
  /** A store that knows their `chars` stops at the document with which they reach this. */
  readonly charsMax?: number;
}

export interface Documents {
  /** Creates the collection and its indexes if they are missing. */
  ensure(collection: CollectionSpec): Promise<void>;
  get<T>(collection: string, id: string): Promise<StoredDocument<T> | null>;
  getMany<T>(collection: string, ids: readonly string[]): Promise<ReadonlyMap<string, StoredDocument<T>>>;
  /**
   * Compare-and-set by position, one outcome a write, in order. `lost`: another writer was there.
   * A `null` document deletes. Durable when it resolves.
   */
  write(collection: string, writes: readonly DocumentWrite[]): Promise<readonly ('applied' | 'lost')[]>;
  find<T>(collection: string, query: DocumentQuery): Promise<readonly StoredDocument<T>[]>;
  /** Whether any document has any of these values in this list. One look at an index a value, however many there are. */
  hasAny(collection: string, list: string, values: readonly string[]): Promise<boolean>;
  count(collection: string): Promise<number>;
  drop(collection: string): Promise<void>;
}
