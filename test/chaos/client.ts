/** A client that does not give up: any node, the same key, until there is an answer that counts. */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Issuer } from '../support/issuer.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Client {
  /** @throws when nobody gave an answer that counts for very long. */
  send(method: 'POST' | 'PUT' | 'GET', path: string, options?: SendOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly body?: object;
  readonly key?: string;
}

const giveUpAfterMs = 120_000;
const answerMaxMs = 20_000;
const pauseFirstMs = 50;
const pauseMaxMs = 1_000;
const tokenKeptMs = 10 * 60_000;

/** Busy, starting, or the same key still under way on a node that may have died. */
const isPassing = ({ status, body }: Answer): boolean =>
  status >= 500 || status === 429 || (body as { readonly code?: string } | null)?.code === 'IDEMPOTENCY_KEY_IN_USE';

export const createClient = (origins: readonly string[], issuer: Issuer, random: () => number): Client => {
  const dispatcher = new Agent({ headersTimeout: answerMaxMs, bodyTimeout: answerMaxMs });
  let token: Promise<string> | null = null;
  let tokenUntilMs = 0;
  const tokenNow = (): Promise<string> => {
    if (token === null || performance.now() > tokenUntilMs) {
      token = issuer.tokenFor('sandbox-admin');
      tokenUntilMs = performance.now() + tokenKeptMs;
    }
    return token;
  };

  const once = async (method: 'POST' | 'PUT' | 'GET', path: string, { body, key }: SendOptions): Promise<Answer> => {
    const origin = origins[Math.floor(random() * origins.length)] ?? '';
    const answer = await request(`${origin}${path}`, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${await tokenNow()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };

  return {
    send: async (method, path, options = {}) => {
      const startedAtMs = performance.now();
      let seen: unknown;
      for (let pauseMs = pauseFirstMs; performance.now() - startedAtMs < giveUpAfterMs; pauseMs *= 2) {
        try {
          const answer = await once(method, path, options);
          if (!isPassing(answer)) return answer;
          seen = JSON.stringify(answer);
        } catch (error) {
          seen = error;
        }
        await pause(Math.min(pauseMs, pauseMaxMs) * (0.5 + random() / 2));
      }
      throw new Error(`${method} ${path}: ${String(seen)}`);
    },
    close: () => dispatcher.destroy(),
  };
};
