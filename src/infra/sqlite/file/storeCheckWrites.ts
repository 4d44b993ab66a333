/** A commit with something in it goes all the way to the disk; an empty one would not notice that it is full. */
import type { Statements, WriteModule } from './writes.ts';

const schema = ['CREATE TABLE IF NOT EXISTS store_check (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT'];

const create = ({ prepare }: Statements) => {
  const touch = prepare('INSERT INTO store_check VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1');
  return {
    touch: (): void => {
      touch.run();
    },
  };
};

export const storeCheckWrites: WriteModule<ReturnType<typeof create>> = { name: 'store check', schema, create };
