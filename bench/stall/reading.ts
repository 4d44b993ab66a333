/** What the probe in the service has seen since it was last asked. */
export interface Reading {
  /** The longest time between two turns of the event loop, without what the machine took. */
  readonly heldMs: number;
  /** In that time: ready to run, and the machine ran others. */
  readonly machineMs: number;
  /** In that time: collecting garbage, by those collections that were told of by then. */
  readonly collectedMs: number;
  /** The most that was in use. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

export const readProbe = async (port: number): Promise<Reading> =>
  (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Reading;
