/** Requests that arrive together are neither parsed nor handled in one piece (11, CONTRIBUTING.md). */
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { registerJsonBodies } from '../../src/http/input/body.ts';
import { registerWire } from '../../src/http/plugins/wire.ts';

it('a body is parsed when its turn has come, and refused then where it is no JSON (11)', async () => {
  const waiting: (() => void)[] = [];
  let hasTime = false;
  const take = (): Promise<void> | null => (hasTime ? null : new Promise((resolve) => waiting.push(resolve)));
  const app = Fastify();
  registerJsonBodies(app, { take });
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
  hasTime = true;
  for (const begin of waiting) begin();
  const [right, wrong] = await Promise.all(answers);
  expect(handled).toEqual([{ a: 1 }]);
  expect(right?.body).toBe('done');
  expect(wrong?.json()).toMatchObject({ message: 'The body could not be parsed.' });
  await app.close();
});

it('a request is handled when its turn has come (11)', async () => {
  const waiting: (() => void)[] = [];
  const app = Fastify();
  app.decorate('draining', new AbortController().signal);
  registerWire(app, { take: () => new Promise((resolve) => waiting.push(resolve)) });
  const handled: string[] = [];
  app.get('/:id', async ({ url }) => handled.push(url));
  const answer = app.inject('/a');
  await expect.poll(() => waiting.length).toBe(1);
  expect(handled).toEqual([]);
  for (const begin of waiting) begin();
  expect((await answer).statusCode).toBe(200);
  expect(handled).toEqual(['/a']);
  await app.close();
});
