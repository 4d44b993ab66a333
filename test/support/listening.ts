/** A client of the live stream (docs/openapi.json). */
import { onTestFinished } from 'vitest';

export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: {
    readonly type: string;
    readonly position: string;
    readonly stream: string;
    readonly revision: number;
  };
}

export interface Listening {
  readonly status: number;
  readonly contentType: string | null;
  readonly messages: Message[];
  /** Has the service ended the stream? */
  readonly ended: () => boolean;
  stop(): void;
}

const parse = (block: string): Message[] => {
  const fields = new Map(block.split('\n').map((each) => [each.split(': ', 1)[0], each.slice(each.indexOf(': ') + 2)]));
  const [id, event, data] = [fields.get('id'), fields.get('event'), fields.get('data')];
  return id === undefined || event === undefined || data === undefined ? [] : [{ id, event, data: JSON.parse(data) }];
};

/** Resolves once the stream has begun; reads on by itself, until the test is over. */
export const listen = async (url: string, token: string, lastEventId?: string): Promise<Listening> => {
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: stopping.signal,
  });
  const messages: Message[] = [];
  let hasEnded = false;
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      messages.push(...blocks.flatMap(parse));
    }
  };
  if (response.body !== null) {
    read(response.body)
      .catch(() => undefined)
      .finally(() => {
        hasEnded = true;
      });
  }
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    messages,
    ended: () => hasEnded,
    stop: () => stopping.abort(),
  };
};
