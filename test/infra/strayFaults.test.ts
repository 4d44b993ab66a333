import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { guardAgainstStrayFaults } from '../../src/app/startup.ts';

const guard = (isKnown: boolean) => {
  const exits: number[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  guardAgainstStrayFaults(source, () => isKnown, pino({ level: 'silent' }));
  return { source, exits };
};

describe.each(['unhandledRejection', 'uncaughtException'])('a fault that nothing caught, told as %s', (event) => {
  it('is survived when only a client of a server was broken', () => {
    const { source, exits } = guard(true);
    source.emit(event, new TypeError('undefined is not iterable'));
    expect(exits).toEqual([]);
  });

  it('ends the process otherwise', () => {
    const { source, exits } = guard(false);
    source.emit(event, new Error('unexpected'));
    expect(exits).toEqual([1]);
  });
});
