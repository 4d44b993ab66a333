/** A listener on the live stream that comes back after every break: each event once, and in order (docs/openapi.json). */
import { setTimeout as pause } from 'node:timers/promises';
import { signIn } from './client.ts';

export interface Listener {
  /** Ids of the events, as they came. */
  readonly ids: readonly string[];
  /** Resolves when it listens for the first time: what is recorded from now on must come. */
  readonly listening: Promise<unknown>;
  stop(): Promise<void>;
}

const pauseMs = 50;

export const listen = (origin: string, role: string, query: string): Listener => {
  const ids: string[] = [];
  const over = new AbortController();
  const { signal } = over;
  const listening = Promise.withResolvers<null>();
  let lastId = '';

  /** A block of Server-Sent Events; one with only an id says up to where nothing else was for us. */
  const take = (block: string): void => {
    const lines = block.split('\n');
    const fieldOf = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = fieldOf('data');
    const { id, type } = JSON.parse(data ?? '{}') as { readonly id?: string; readonly type?: string };
    // What looks like an attack depends on when answers are given, and is about no stock and no order.
    if (id !== undefined && type !== 'AlertRaised') ids.push(id);
    lastId = fieldOf('id') ?? lastId;
  };

  const once = async (): Promise<void> => {
    const token = await signIn(origin, role);
    const headers = { authorization: `Bearer ${token}`, ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
    const answer = await fetch(`${origin}/v1/stream${query}`, { headers, signal });
    if (!answer.ok || answer.body === null) return;
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      blocks.forEach(take);
      listening.resolve(null);
    }
  };

  const run = (async () => {
    while (!signal.aborted) {
      await once().catch(() => undefined);
      await pause(pauseMs);
    }
  })();
  return {
    ids,
    listening: listening.promise,
    stop: async () => {
      over.abort();
      await run;
    },
  };
};
