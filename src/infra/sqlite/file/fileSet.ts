/** The files of one store. A log without its keys is worth as little as keys without their log: damage of one stops all. */
import type { StoreDamaged } from '../../../eventsourcing/ports.ts';
import type { Database } from './database.ts';

type StoreFile = Pick<Database, 'check' | 'condemn'>;

export interface FileSet {
  add<File extends StoreFile>(file: File): File;
  /** For the files themselves, when they find damage. */
  condemn(damage: StoreDamaged): void;
  /** Looks at all of them. @returns the damage that is known. */
  look(): StoreDamaged | null;
  /** Looks every second, until told otherwise. */
  watch(): void;
  unwatch(): void;
}

/** Each commit looks too; this is for when nothing is written. */
const lookEveryMs = 1_000;

/** `onDamage` is called once, with the first damage. */
export const createFileSet = (onDamage: (damage: StoreDamaged) => void = () => undefined): FileSet => {
  const files: StoreFile[] = [];
  let known: StoreDamaged | null = null;
  let timer: NodeJS.Timeout | undefined;

  const condemn = (damage: StoreDamaged): void => {
    if (known !== null) return;
    known = damage;
    onDamage(damage);
    for (const file of files) file.condemn(damage);
  };
  const look = (): StoreDamaged | null => {
    for (const file of files) file.check();
    return known;
  };

  return {
    add: (file) => {
      files.push(file);
      return file;
    },
    condemn,
    look,
    watch: () => {
      timer = setInterval(look, lookEveryMs);
    },
    unwatch: () => clearInterval(timer),
  };
};
