/** How a variable of the environment is read: an empty one is one that is not set. */
import { existsSync, readFileSync } from 'node:fs';
import { OperatorError } from '../../commands/ports.ts';

export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
}

export type Env = Readonly<Record<string, string | undefined>>;

export const text = (env: Env, name: string, fallback: string): string => {
  const value = env[name];
  return value === undefined || value === '' ? fallback : value;
};

export const integer = (
  env: Env,
  name: string,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number => {
  const value = Number(text(env, name, String(fallback)));
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`);
};

export const list = (env: Env, name: string, fallback: string): readonly string[] =>
  text(env, name, fallback)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const url = (name: string, value: string): string => {
  if (!URL.canParse(value)) throw new ConfigError(`${name} must be a URL.`);
  return value.replace(/\/$/, '');
};

/** From the variable, or from the file that `…_FILE` names, as container secrets come. Empty when neither is set. */
export const readSecret = (env: Env, name: string): string => {
  const file = text(env, `${name}_FILE`, '');
  if (file === '') return text(env, name, '');
  if (!existsSync(file)) throw new ConfigError(`${name}_FILE names no file.`);
  return readFileSync(file, 'utf8').trim();
};
