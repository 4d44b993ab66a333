/** What a run is given, and what it comes to. */
export interface ChaosOptions {
  /** The same seed asks for the same commands and plans the same faults; what they meet depends on the machine. */
  readonly seed: number;
  readonly commands: number;
  /** Told what happens, a line at a time. */
  readonly say: (line: string) => void;
  /** Ends the run, and everything that it started. */
  readonly signal?: AbortSignal;
}

export interface ChaosFigures {
  readonly seed: number;
  /** Commands that were answered as done. */
  readonly acknowledged: number;
  /** Acknowledged, and not in the log. */
  readonly lost: number;
  /** In the log more than once, or stock that does not add up. */
  readonly doubled: number;
  /** Read-model documents that are not what the log folds to. */
  readonly staleDocuments: number;
  readonly webhooksDue: number;
  readonly webhooksMissing: number;
  /** Parts of projections, and policies, that did not come to the end of the log. */
  readonly stuckProjections: number;
  readonly kills: number;
}

export const isClean = ({ lost, doubled, staleDocuments, webhooksMissing, stuckProjections }: ChaosFigures): boolean =>
  lost + doubled + staleDocuments + webhooksMissing + stuckProjections === 0;
