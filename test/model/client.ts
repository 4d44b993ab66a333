/** A client that does not give up, and whose answers get lost: the same request under the same key until it is answered. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  readonly role: string;
  /** One attempt. @throws when there is no answer. */
  send(request: Request): Promise<Answer>;
  /** The whole request is sent, and the socket closed before the answer is read. */
  sendAndLeave(request: Request, afterMs: number): Promise<void>;
  /** @throws when there is no answer that counts for very long. */
  ask(request: Request): Promise<Answer>;
  close(): void;
}

const giveUpAfterMs = 120_000;
const answerMaxMs = 30_000;
const pauseFirstMs = 20;
const pauseMaxMs = 500;

/** Busy, starting, stopping, or the same key still under way. */
export const isPassing = ({ status, body }: Answer): boolean =>
  [408, 429, 503].includes(status) || body.code === 'IDEMPOTENCY_KEY_IN_USE';

const textOf = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

export const signIn = async (origin: string, role: string): Promise<string> => {
  const answer = await fetch(`${origin}/oidc/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`sandbox-${role}:sandbox`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
};

/** @param sign a new token. */
export const createClient = (origin: string, role: string, sign = () => signIn(origin, role)): Client => {
  const agent = new Agent({ keepAlive: true });
  let token: string | null = null;

  const begin = async ({ method, path, body, headers = {} }: Request) => {
    token ??= await sign();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(`${origin}${path}`, {
      agent,
      method,
      timeout: answerMaxMs,
      headers: {
        authorization: `Bearer ${token}`,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.end(text);
    return sent;
  };

  const send: Client['send'] = async (asked) => {
    const sent = await begin(asked);
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve);
      sent.once('error', reject);
    });
    const text = await textOf(message);
    if (message.statusCode === 401) token = null;
    const body = text === '' ? {} : (JSON.parse(text) as Answer['body']);
    return { status: message.statusCode ?? 0, headers: message.headers, body };
  };

  const ask: Client['ask'] = async (asked) => {
    const startedAtMs = performance.now();
    let seen: unknown;
    let isTokenNew = false;
    for (let pauseMs = pauseFirstMs; performance.now() - startedAtMs < giveUpAfterMs; pauseMs *= 2) {
      try {
        const answer = await send(asked);
        // A token ends after an hour, or with the life before. The next one is new.
        const isTokenOver: boolean = answer.status === 401 && !isTokenNew;
        if (!isPassing(answer) && !isTokenOver) return answer;
        isTokenNew ||= isTokenOver;
        seen = JSON.stringify(answer.body);
      } catch (error) {
        seen = error;
      }
      await pause(Math.min(pauseMs, pauseMaxMs));
    }
    throw new Error(`${asked.method} ${asked.path}: ${String(seen)}`);
  };

  return {
    role,
    send,
    ask,
    sendAndLeave: async (asked, afterMs) => {
      try {
        const sent = await begin(asked);
        await new Promise<void>((resolve) => {
          sent.on('error', () => resolve());
          sent.on('close', () => resolve());
          sent.on('response', (message) => message.destroy());
          sent.on('finish', () => setTimeout(() => sent.destroy(), afterMs));
        });
      } catch {
        // It had no connection to lose.
      }
    },
    close: () => agent.destroy(),
  };
};
