/** Bodies that arrive together are not parsed in one piece (11, DESIGN §8). */
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { registerWellFormed } from '../../src/http/plugins/wellFormed.ts';

it('a body is parsed when its turn has come, and refused then where it is no JSON (11)', async () => {
  const waiting: (() => void)[] = [];
  const take = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const app = Fastify();
  registerWellFormed(app, { take });
  const handled: unknown[] = [];
  app.post('/', async ({ body }) => {
    handled.push(body);
    return 'done';
  });
  const send = (payload: string) =>
    app.inject({ method: 'POST', url: '/', payload, headers: { 'content-type': 'application/json' } });
  const answers = [send('{"a":1}'), send('{"a":')];
  await expect.poll(() => waiting.length).toBe(2);
  expect(handled).toEqual([]);
  for (const begin of waiting) begin();
  const [right, wrong] = await Promise.all(answers);
  expect(handled).toEqual([{ a: 1 }]);
  expect(right?.body).toBe('done');
  expect(wrong?.json()).toMatchObject({ message: 'The body could not be parsed.' });
  await app.close();
});
