/** Plays one scenario of the recording, step by step, and gives its answers in the form in which they were recorded. */
import type { AppendResult, EventStoreDBClient, RecordedEvent } from '@eventstore/db-client';
import type { Answer, Append, BookEvent, Path, Read, Scenario, Step } from './book.ts';
import { errorOf } from './errors.ts';
import { checkpoints, subscribe } from './subscriptions.ts';
import { createWorld, type World } from './world.ts';

/** An append that the server leaves unanswered would be pending for ever on the batch path. */
const appendMaxMs = 15_000;

const revisionOf = (text: string): 'any' | 'no_stream' | 'stream_exists' | bigint =>
  text === 'any' || text === 'no_stream' || text === 'stream_exists' ? text : BigInt(text);

const append = async (world: World, { stream, expect = 'any', events }: Omit<Append, 'do'>): Promise<AppendResult> =>
  world.client.appendToStream(
    world.stream(stream),
    events.map((event: BookEvent) => world.event(event)),
    { expectedRevision: revisionOf(expect), ...world.appendOptions() },
  );

const inTime = async (answer: Promise<Answer>): Promise<Answer> => {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ pending: true }), appendMaxMs);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
};

/** `at` is still a position: which event is there can only be told once all is written. */
const appendAnswer = async (world: World, step: Omit<Append, 'do'>): Promise<Answer> => {
  try {
    const { success, nextExpectedRevision, position } = await append(world, step);
    return { success, next: String(nextExpectedRevision), at: position?.commit ?? null };
  } catch (error) {
    return { error: errorOf(error, world) };
  }
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const inFull = (line: string, { isJson, data, metadata }: RecordedEvent): Answer => ({
  line,
  isJson,
  data: data instanceof Uint8Array ? base64(data) : data,
  meta: metadata instanceof Uint8Array ? base64(metadata) : (metadata ?? null),
});

const read = async (world: World, { stream, from = 'start', direction, max = 1000, full }: Read): Promise<Answer> => {
  const events: unknown[] = [];
  const reader = world.client.readStream(world.stream(stream), {
    fromRevision: from === 'start' || from === 'end' ? from : BigInt(from),
    direction: direction ?? 'forwards',
    maxCount: max,
  });
  for await (const { event } of reader) {
    if (event === undefined) continue;
    const line = `${event.revision.toString()}:${event.type}:${world.nameOf(event.id)}`;
    events.push(full === true ? inFull(line, event) : line);
  }
  return { events };
};

const withoutPosition = ({ at: _at, ...rest }: Answer): Answer => rest;

/** Which of them wins is not fixed, so the answers are sorted. */
const together = async (world: World, steps: readonly Append[]): Promise<Answer> => {
  const answers = await Promise.all(steps.map((step) => inTime(appendAnswer(world, step))));
  return { answers: answers.map((answer) => JSON.stringify(withoutPosition(answer))).sort() };
};

/** How the server may leave a repeat that it got too early. */
const unanswered: readonly unknown[] = ['timeout', 'deadline-exceeded'];

const duplicates = async (world: World, step: Omit<Append, 'do'>, times: number): Promise<Answer> => {
  const answers = await Promise.all(Array.from({ length: times }, () => inTime(appendAnswer(world, step))));
  const good = answers.filter(({ success }) => success === true);
  const others = answers.filter(({ success }) => success !== true);
  const { events } = await read(world, { do: 'read', stream: step.stream });
  return {
    succeeded: good.length > 0,
    agree: new Set(good.map(({ next, at }) => `${String(next)}/${String(at)}`)).size === 1,
    written: (events as readonly unknown[]).length,
    others: others.every(({ error, pending }) => pending === true || unanswered.includes((error as Answer).type)),
  };
};

const labels = (events: readonly { readonly label: string }[]): Answer => ({
  events: events.map(({ label }) => label),
});

const readAll = async (world: World, from: string, direction: 'forwards' | 'backwards'): Promise<Answer> => {
  const position = await world.positionOf(from);
  if (direction === 'backwards') {
    return labels(await world.ownBackwards(position === 'start' ? 'end' : position));
  }
  return labels(await world.ownForwards(position === 'end' ? world.began : position));
};

type Changing = Extract<Step, { readonly do: 'delete' | 'tombstone' | 'setMeta' | 'getMeta' }>;

const change = async (world: World, step: Changing): Promise<Answer> => {
  const { client } = world;
  const name = world.stream(step.stream);
  if (step.do === 'getMeta') return { metadata: (await client.getStreamMetadata(name)).metadata ?? null };
  const expectedRevision = revisionOf(step.expect ?? 'any');
  if (step.do === 'setMeta') {
    const options = step.expect === undefined ? {} : { expectedRevision };
    const { success, nextExpectedRevision } = await client.setStreamMetadata(name, step.meta, options);
    return { success, next: String(nextExpectedRevision) };
  }
  if (expectedRevision === 'stream_exists') throw new RangeError('a delete takes no stream_exists');
  if (step.do === 'delete') {
    await client.deleteStream(name, { expectedRevision });
    return { deleted: true };
  }
  await client.tombstoneStream(name, { expectedRevision });
  return { tombstoned: true };
};

const playStep = async (world: World, step: Step, expected: Answer): Promise<Answer> => {
  switch (step.do) {
    case 'append':
      return inTime(appendAnswer(world, step));
    case 'read':
      return read(world, step);
    case 'readAll':
      return readAll(world, step.from, step.direction ?? 'forwards');
    case 'together':
      return together(world, step.steps);
    case 'duplicates':
      return duplicates(world, step, step.times);
    case 'subscribe':
      return subscribe(world, step, expected, (during) => answerOf(world, during, {}));
    case 'checkpoints':
      return checkpoints(world, step);
    default:
      return change(world, step);
  }
};

const answerOf = (world: World, step: Step, expected: Answer): Promise<Answer> =>
  playStep(world, step, expected).catch((error: unknown) => ({ error: errorOf(error, world) }));

export const answersOf = ({ answers }: Scenario, path: Path): readonly Answer[] => answers[path] ?? answers.both ?? [];

/** @returns one answer for each step, to be compared with the recorded ones. */
export const play = async (client: EventStoreDBClient, scenario: Scenario, path: Path): Promise<readonly Answer[]> => {
  const world = await createWorld(client, path);
  const expected = answersOf(scenario, path);
  const answers: Answer[] = [];
  for (const [index, step] of scenario.steps.entries()) {
    answers.push(await answerOf(world, step, expected[index] ?? {}));
  }
  const own = new Map((await world.ownForwards(world.began)).map(({ label, commit }) => [commit, label]));
  return answers.map((answer) =>
    typeof answer.at === 'bigint' ? { ...answer, at: own.get(answer.at) ?? 'unknown' } : answer,
  );
};
