/** The recording: steps that were played on a real server, and what it answered. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BookEvent {
  readonly id: string;
  readonly type?: string;
  readonly data?: unknown;
  readonly meta?: Readonly<Record<string, unknown>>;
  /** That many bytes of no meaning. */
  readonly bytes?: number;
  /** Base64. */
  readonly binary?: string;
  /** The id as it goes out, where it is none of ours. */
  readonly raw?: string;
}

export interface Append {
  readonly do: 'append';
  readonly stream: string;
  readonly expect?: string;
  readonly events: readonly BookEvent[];
}

export interface Read {
  readonly do: 'read';
  readonly stream: string;
  readonly from?: string;
  readonly direction?: 'forwards' | 'backwards';
  readonly max?: number;
  readonly full?: boolean;
}

export interface Subscribe {
  readonly do: 'subscribe';
  readonly stream?: string;
  readonly from?: string;
  readonly types?: readonly string[];
  readonly during?: readonly Step[];
}

export interface Checkpoints {
  readonly do: 'checkpoints';
  readonly noise: number;
  readonly every: number;
  readonly window: number;
  readonly interval: number;
}

export type Step =
  | Append
  | Read
  | Subscribe
  | Checkpoints
  | { readonly do: 'readAll'; readonly from: string; readonly direction?: 'forwards' | 'backwards' }
  | { readonly do: 'delete' | 'tombstone'; readonly stream: string; readonly expect?: string }
  | {
      readonly do: 'setMeta';
      readonly stream: string;
      readonly meta: Readonly<Record<string, unknown>>;
      readonly expect?: string;
    }
  | { readonly do: 'getMeta'; readonly stream: string }
  | { readonly do: 'together'; readonly steps: readonly Append[] }
  | (Omit<Append, 'do'> & { readonly do: 'duplicates'; readonly times: number });

export type Answer = Readonly<Record<string, unknown>>;

/** The two ways in which the client appends. */
export type Path = 'single' | 'batch';

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly answers: Readonly<Partial<Record<Path | 'both', readonly Answer[]>>>;
}

export const readBook = (): readonly Scenario[] => {
  const path = join(import.meta.dirname, '../golden/conformance.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly scenarios: readonly Scenario[] }).scenarios;
};
