/** What a contract suite needs from an adapter, and names of its own so that it can run on a server that is not empty. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';

export interface Made<Port> {
  readonly adapter: Port;
  /** On the same data, as another process would have it; the same object where one process owns the data. */
  readonly second: Port;
  readonly close: () => Promise<void>;
}

export type Make<Port> = () => Promise<Made<Port>>;

/** Opens the adapter for the suite around it. The result answers once the suite runs. */
export const useAdapter = <Port>(make: Make<Port>): (() => Made<Port>) => {
  let made: Made<Port> | undefined;
  beforeAll(async () => {
    made = await make();
  });
  afterAll(async () => {
    await made?.close();
  });
  return () => {
    if (made === undefined) throw new Error('the adapter is open only while its tests run');
    return made;
  };
};

/** How long a test waits for what must come: generous, as the machine may be busy with others. */
export const waitMaxMs = 60_000;

/** Letters and digits, so that it fits into any name. */
export const uniqueName = (prefix: string): string => `${prefix}${randomUUID().replaceAll('-', '')}`;
