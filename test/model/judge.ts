/** Walks the log once: each event must be what the model says to the command that it is of, at that very place. */
import { type Act, actsOf, decideNow } from './acts.ts';
import { checkAnswer } from './answers.ts';
import type { Issued, Journal } from './journal.ts';
import { covers, type Expected, keyOf, type LogEvent } from './log.ts';
import { createOpenActs } from './openActs.ts';
import type { Reactions } from './reactions.ts';
import { createWindows, type Place } from './windows.ts';
import { applyTo, revisionOf, stockAt, viewOf, type World } from './world.ts';

/** What a reader was shown of one thing. */
export interface Seen {
  readonly key: string;
  readonly revision: number;
  readonly view: object;
  /** Who asked for what. */
  readonly where: string;
  /** What of the model's view the reader may see. */
  readonly within?: ((view: object) => object) | undefined;
}

export interface Judge {
  saw(seen: Seen): void;
  /** All events since the last call, and the commands that were answered since. */
  judge(events: readonly LogEvent[], issued: readonly Issued[]): void;
}

/** What must come next in a stream, and what came of the same command before. */
interface Awaited {
  readonly act: Act | null;
  readonly came: readonly LogEvent[];
  readonly next: readonly Expected[];
}

type Acts = ReadonlyMap<string, readonly Act[]>;

const json = JSON.stringify;
const saidOf = ({ type, data }: LogEvent): string => `${type} ${json(data)}`;

const checkFigures = (event: LogEvent, key: string, world: World): string | null => {
  if (!key.startsWith('stock ')) return null;
  const { warehouseId, sku, after } = event.data;
  const { figures, claims } = stockAt(world, warehouseId, sku)!;
  if (!covers(after, figures)) return `${saidOf(event)}: the model has ${json(figures)}`;
  const claimed = [...claims.values()].reduce((sum, { quantity }) => sum + quantity, 0);
  return claimed === figures.reserved ? null : `${key} reserves ${figures.reserved} for claims on ${claimed}`;
};

/** Once an append is whole (T28). */
const checkSound = (event: LogEvent, key: string, world: World): string | null => {
  if (!key.startsWith('stock ')) return null;
  const { onHand, reserved, quarantined } = stockAt(world, event.data.warehouseId, event.data.sku)!.figures;
  const isSound = quarantined >= 0 && reserved >= 0 && reserved <= onHand - quarantined;
  return isSound ? null : `${key} promises what it has not after ${saidOf(event)}`;
};

const isRight = (act: Act, world: World): boolean => {
  const { said, issued } = act;
  if (said === null) return true;
  const { refusals, events } = decideNow(act, world);
  if (!said.isDone) return refusals.includes(said.code);
  if (refusals.length > 0) return false;
  return issued.command.isDryRun ? covers(said.body.events, events) : events.length === 0;
};

export const createJudge = (world: World, journal: Journal, reactions: Reactions): Judge => {
  const ids = new Set<string>();
  const awaited = new Map<string, Awaited>();
  let seen: Seen[] = [];
  let length = 0;

  const differ = (text: string | null, key: string | null, act?: Act | null): void => {
    if (text !== null) journal.differ(text, [key], act === undefined || act === null ? [] : [act.issued]);
  };

  const compare = ({ key, view, where, within = (all) => all }: Seen): void => {
    const own = viewOf(world, key);
    if (own === null || covers(view, within(own))) return;
    differ(`${where} shows ${json(view)}, the model has ${json(within(own))}`, key);
  };

  const findAct = (acts: Acts, event: LogEvent, key: string): Act | null => {
    if (event.actor.kind === 'system') return null;
    const own = (acts.get(event.correlationId) ?? []).filter(({ ask }) =>
      ask.about === null ? event.type === 'OrderPlaced' : ask.about === key,
    );
    if (own.length < 2) return own[0] ?? null;
    // Rows of one request about one stock: the one that was told this revision, or the next of those.
    const told = own.filter(({ said }) => said?.isDone === true && (said.revision ?? -1) >= event.revision);
    return told.sort((a, b) => (a.said?.revision ?? 0) - (b.said?.revision ?? 0))[0] ?? null;
  };

  /** The first event of an append. */
  const begin = (event: LogEvent, key: string, act: Act | null): readonly Expected[] => {
    if (act === null) {
      const { wrong, follows } = reactions.judge(event, world);
      differ(wrong === null ? null : `${saidOf(event)} ${wrong}`, key);
      return follows;
    }
    const { refusals, events } = decideNow(act, world);
    const [first, ...rest] = events;
    if (act.recorded !== null) differ(`${saidOf(event)}: done twice`, key, act);
    else if (refusals.length > 0) differ(`${saidOf(event)}: the model refuses it, ${refusals.join()}`, key, act);
    else if (first?.type !== event.type || !covers(event.data, first.data)) {
      differ(`${saidOf(event)}: the model says ${json(first)}`, key, act);
    }
    return rest;
  };

  /** What must come next of the same append. */
  const follow = (event: LogEvent, key: string, before: Awaited): readonly Expected[] => {
    const [first, ...rest] = before.next;
    if (first?.type !== event.type || !covers(event.data, first.data)) {
      differ(`${saidOf(event)} follows, the model says ${json(first)}`, key, before.act);
    }
    return rest;
  };

  const take = (event: LogEvent, key: string, act: Act | null): void => {
    try {
      applyTo(world, event);
      differ(checkFigures(event, key, world), key, act);
    } catch (error) {
      differ(`${saidOf(event)}: ${String(error)}`, key, act);
    }
  };

  const meet = (event: LogEvent, key: string, acts: Acts): void => {
    const { stream } = event;
    const before = awaited.get(stream);
    const act = before === undefined ? findAct(acts, event, key) : before.act;
    const next = before === undefined ? begin(event, key, act) : follow(event, key, before);
    const came = [...(before?.came ?? []), event];
    awaited.delete(stream);
    take(event, key, act);
    if (next.length > 0) {
      awaited.set(stream, { act, came, next });
      return;
    }
    differ(checkSound(event, key, world), key, act);
    if (act === null || act.recorded !== null) return;
    act.recorded = { index: length, revision: event.revision };
    checkAnswer(act, came, journal);
  };

  const checkPlace = (event: LogEvent, key: string | null): void => {
    if (ids.has(event.id)) differ(`the event ${event.id} is in the log twice`, key);
    ids.add(event.id);
    if (key === null || event.revision === revisionOf(world, key) + 1) return;
    differ(`${saidOf(event)} has revision ${event.revision} after ${revisionOf(world, key)}`, key);
  };

  /** Where the first and the last event of each command are. */
  const placesOf = (events: readonly LogEvent[]): ReadonlyMap<string, Place> => {
    const places = new Map<string, Place>();
    for (const [at, { correlationId, actor }] of events.entries()) {
      if (actor.kind === 'system') continue;
      const last = length + at;
      places.set(correlationId, { first: places.get(correlationId)?.first ?? last, last });
    }
    return places;
  };

  /** Compares what was shown with the model as it is at the revision that was shown. */
  const createShow = () => {
    const views = Map.groupBy(seen, ({ key, revision }) => `${key}@${revision}`);
    const keys = new Set(seen.map(({ key }) => key));
    seen = [];
    const show = (key: string): void => {
      const at = `${key}@${revisionOf(world, key)}`;
      for (const each of views.get(at) ?? []) compare(each);
      views.delete(at);
    };
    for (const key of keys) show(key);
    const left = (): void => {
      for (const [at, [first]] of views) {
        const text = `${first!.where} shows ${at}: older than what was settled before, or not in the log`;
        differ(text, first!.key);
      }
    };
    return { show, left };
  };

  /** Answers that fit to nothing in the log. */
  const checkUnmet = (acts: readonly Act[]): void => {
    for (const act of acts) {
      const { refusals, events } = decideNow(act, world);
      const answered = act.said?.isDone === true ? 'done' : act.said?.code;
      const says = refusals.length > 0 ? refusals.join() : json(events);
      differ(`answered ${answered}, which it never came to; at rest the model says ${says}`, act.ask.about, act);
    }
  };

  const judge: Judge['judge'] = (events, issued) => {
    const acts: Acts = Map.groupBy(issued.flatMap(actsOf), (act) => act.issued.correlationId);
    const places = placesOf(events);
    const windowOf = createWindows(issued, ({ correlationId }) => places.get(correlationId));
    const isRecorded = ({ issued: { command, correlationId }, said }: Act): boolean =>
      !command.isDryRun && places.has(correlationId) && said?.isDone !== false;
    const [recorded, others] = [true, false].map((wanted) => {
      return [...acts.values()].flat().filter((act) => isRecorded(act) === wanted);
    }) as [Act[], Act[]];
    const open = createOpenActs((act) => isRight(act, world));
    for (const act of others) open.add(act, windowOf(act.issued));
    open.sort();
    const { show, left } = createShow();
    open.look(length - 1, null);
    for (const event of events) {
      const key = keyOf(event);
      checkPlace(event, key);
      if (key !== null) {
        meet(event, key, acts);
        show(key);
      }
      reactions.note(event, world);
      open.look(length, key);
      length += 1;
    }
    for (const [stream, { act, next }] of awaited) differ(`${stream} ends before ${json(next[0])}`, null, act);
    awaited.clear();
    left();
    checkUnmet([...open.left(), ...recorded.filter((act) => act.recorded === null && act.said !== null)]);
  };

  return { saw: (each) => void seen.push(each), judge };
};
