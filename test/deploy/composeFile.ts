/** docker-compose.yml as data, with its anchors merged and every list in one form, for the rules to read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const projectRoot = join(import.meta.dirname, '../..');
export const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

export interface Mount {
  type?: string;
  source: string;
  target: string;
  read_only?: boolean;
}

export interface Service {
  image?: string;
  user?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  restart?: string;
  entrypoint?: string | string[];
  command?: string | string[];
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string; pids?: number } } };
  networks?: string[] | Record<string, unknown>;
  network_mode?: string;
  ports?: string[];
  profiles?: string[];
  secrets?: (string | { source: string; target?: string })[];
  volumes?: (string | Mount)[];
  depends_on?: Record<string, { condition: string; required?: boolean }>;
}

export interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean; driver_opts?: Record<string, string> } | null>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file?: string }>;
}

export const parseCompose = (text: string): Compose => parse(text, { merge: true }) as Compose;

export const networksOf = ({ networks = [] }: Service): string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);

export const secretsOf = ({ secrets = [] }: Service): string[] =>
  secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));

export const mountsOf = ({ volumes = [] }: Service): Mount[] =>
  volumes.map((volume) => {
    if (typeof volume !== 'string') return volume;
    const [source = '', target = '', mode] = volume.split(':');
    return { type: source.startsWith('.') ? 'bind' : 'volume', source, target, read_only: mode === 'ro' };
  });

const wordsOf = (value: string | string[] = []): string => (Array.isArray(value) ? value.join(' ') : value);

/** Everything that the container runs or is told, as one text. */
export const textOf = ({ entrypoint, command, environment = {}, healthcheck }: Service): string =>
  [entrypoint, command, Object.values(environment), healthcheck?.test].map((part) => wordsOf(part)).join(' ');

/** A container that does one thing and ends. */
export const isOneShot = ({ restart }: Service): boolean => restart === 'no';
