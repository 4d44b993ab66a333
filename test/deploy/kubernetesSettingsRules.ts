/** What a container is told and given: variables that the service reads, and keys of the Secret in the example (R20.3). */
import { parse } from 'yaml';
import { readConfig } from '../../src/infra/config/config.ts';
import { readText } from './composeFile.ts';
import {
  containerOf,
  containersOf,
  environmentOf,
  type Manifests,
  type PodSpec,
  podOf,
  type Volume,
} from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule } from './kubernetesRule.ts';

const secretsFolder = '/run/secrets/';

/** What the service asks the environment for, and what Node itself reads: authorities, and a larger heap. */
const askedFor = (): ReadonlySet<string> => {
  const asked = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']);
  readConfig(new Proxy<Record<string, string>>({}, { get: (_, name) => void asked.add(String(name)) }));
  return asked;
};

/** The Secret that an operator makes, by its example: `stockledger` and its keys. */
export const secretExample = (): { metadata: { name: string }; stringData: Record<string, string> } =>
  parse(readText('deploy/kubernetes/secret.example.yaml'));

/** The files that a pod gets from Secrets, and what is wrong with where they come from. */
const secretFiles = ({ volumes = [], containers }: PodSpec): { paths: string[]; faults: string[] } => {
  const { metadata, stringData } = secretExample();
  const mounted = volumes.flatMap(({ name, secret }) => {
    const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.filter((mount) => mount.name === name));
    return secret === undefined ? [] : mounts.map((mount) => ({ mount, secret }));
  });
  const items = mounted.flatMap(({ secret: { secretName = '', items = [] } }) =>
    items.map(({ key }) => ({ secretName, key })),
  );
  return {
    paths: mounted.flatMap(({ mount, secret }) => (secret.items ?? []).map(({ path }) => `${mount.mountPath}/${path}`)),
    faults: [
      ...items
        .filter(({ secretName, key }) => secretName !== metadata.name || !(key in stringData))
        .map(({ secretName, key }) => `${secretName} ${key} is in no example`),
      ...mounted
        .filter(({ mount, secret }) => mount.readOnly !== true || secret.items === undefined)
        .map(() => 'gets more of a Secret than it names'),
    ],
  };
};

const secretOf = (manifests: Manifests, role: string): NonNullable<Volume['secret']> =>
  podOf(manifests, role).volumes!.find(({ secret }) => secret !== undefined)!.secret!;

export const settingsRules: readonly ManifestRule[] = [
  {
    name: 'a container is told only what the service asks for, and no secret',
    check: (manifests) => {
      const asked = askedFor();
      return forEachRole(manifests, ({ spec: { template } }) =>
        containersOf(template.spec).flatMap((container) => {
          const told = environmentOf(manifests, container);
          const { env = [], envFrom = [] } = container;
          return [
            ...Object.keys(told).filter((name) => !asked.has(name)),
            ...Object.keys(told).filter((name) => asked.has(`${name}_FILE`)),
            ...env.filter(({ valueFrom }) => valueFrom !== undefined).map(({ name }) => name),
            ...envFrom.filter(({ secretRef }) => secretRef !== undefined).map(() => 'a whole Secret'),
          ].map((name) => `is told ${name}`);
        }),
      );
    },
    planted: [
      {
        change: ({ ConfigMap: [map] }) => (map!.data!.LOG_LEVLE = 'info'),
        finds: ['api: is told LOG_LEVLE', 'projector: is told LOG_LEVLE', 'worker: is told LOG_LEVLE'],
      },
      {
        change: (all) => containerOf(all, 'api').env!.push({ name: 'REDIS_URL', value: 'rediss://redis' }),
        finds: ['api: is told REDIS_URL'],
      },
      {
        change: (all) => containerOf(all, 'api').env!.push({ name: 'PORT', valueFrom: { secretKeyRef: {} } }),
        finds: ['api: is told PORT'],
      },
      {
        change: (all) => containerOf(all, 'api').envFrom!.push({ secretRef: { name: 'stockledger' } }),
        finds: ['api: is told a whole Secret'],
      },
    ],
  },
  {
    name: 'the files that a container is told of are keys of the Secret in the example, and it gets no other',
    check: (manifests) =>
      forEachRole(manifests, ({ spec: { template } }) => {
        const { paths, faults } = secretFiles(template.spec);
        const told = template.spec.containers.flatMap((each) => Object.values(environmentOf(manifests, each)));
        const files = told.filter((value) => value.startsWith(secretsFolder));
        return [
          ...faults,
          ...files.filter((path) => !paths.includes(path)).map((path) => `does not get ${path}`),
          ...paths.filter((path) => !files.includes(path)).map((path) => `does not read ${path}`),
        ];
      }),
    planted: [
      {
        change: (all) => secretOf(all, 'api').items!.push({ key: 'ca_key', path: 'ca_key' }),
        finds: ['api: stockledger ca_key is in no example', 'api: does not read /run/secrets/ca_key'],
      },
      {
        change: (all) => secretOf(all, 'worker').items!.pop(),
        finds: ['worker: does not get /run/secrets/key_encryption_key'],
      },
      {
        change: (all) => (secretOf(all, 'worker').items = [{ key: 'redis_url', path: 'redis_url' }]),
        finds: ['ca_certificate', 'eventstore_url', 'mongodb_url', 'key_encryption_key'].map(
          (name) => `worker: does not get /run/secrets/${name}`,
        ),
      },
      {
        change: (all) => (containerOf(all, 'api').volumeMounts![0]!.readOnly = false),
        finds: ['api: gets more of a Secret than it names'],
      },
    ],
  },
];
