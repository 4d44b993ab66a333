/** Which image a container runs, and how much of a machine it takes (R20.3): each rule with changes that break it. */
import packageJson from '../../package.json' with { type: 'json' };
import { parseCompose, readText } from './composeFile.ts';
import { containerOf, containersOf, type Manifests, podOf } from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule, unmet } from './kubernetesRule.ts';

const imageOf = (image = ''): string => image.slice(image.lastIndexOf('/') + 1);

/** What docker-compose.yml gives the same role, as Kubernetes writes it. */
const composeLimitsOf = (role: string): { cpu: string; memory: string } => {
  const limits = parseCompose(readText('docker-compose.yml')).services[role]?.deploy?.resources?.limits;
  return { cpu: String(limits?.cpus), memory: `${limits?.memory}i` };
};

const limitsOf = (manifests: Manifests, role: string): Record<string, string> =>
  containerOf(manifests, role).resources!.limits!;

const resources = ['cpu', 'memory', 'ephemeral-storage'] as const;

export const shareRules: readonly ManifestRule[] = [
  {
    name: 'every container has one image, of the version in package.json, and never `latest`',
    check: (manifests) =>
      forEachRole(manifests, ({ spec }) =>
        containersOf(spec.template.spec)
          .filter(({ image }) => imageOf(image) !== `stockledger:${packageJson.version}`)
          .map(({ image }) => `image ${image}`),
      ),
    planted: [
      {
        change: (all) => (containerOf(all, 'api').image = 'registry.example.com/stockledger:latest'),
        finds: ['api: image registry.example.com/stockledger:latest'],
      },
      { change: (all) => (containerOf(all, 'api').image = 'stockledger'), finds: ['api: image stockledger'] },
      {
        change: (all) => (containerOf(all, 'worker').image = 'stockledger:0.0.9'),
        finds: ['worker: image stockledger:0.0.9'],
      },
    ],
  },
  {
    name: 'every container asks for what it needs, and is limited as in docker-compose.yml',
    check: (manifests) =>
      forEachRole(manifests, ({ metadata, spec }) =>
        containersOf(spec.template.spec).flatMap(({ resources: { requests = {}, limits = {} } = {} }) => {
          const { cpu, memory } = composeLimitsOf(metadata.name);
          return [
            ...resources.filter((name) => requests[name] === undefined).map((name) => `asks for no ${name}`),
            ...resources.filter((name) => limits[name] === undefined).map((name) => `has no limit of ${name}`),
            ...unmet({
              [`cpu ${limits.cpu}, not ${cpu}`]: (limits.cpu ?? cpu) === cpu,
              [`memory ${limits.memory}, not ${memory}`]: (limits.memory ?? memory) === memory,
              'may be given less memory than it takes': requests.memory === limits.memory,
            }),
          ];
        }),
      ),
    planted: [
      { change: (all) => delete limitsOf(all, 'api').cpu, finds: ['api: has no limit of cpu'] },
      { change: (all) => delete containerOf(all, 'api').resources!.requests!.cpu, finds: ['api: asks for no cpu'] },
      { change: (all) => (limitsOf(all, 'api').cpu = '1'), finds: ['api: cpu 1, not 2'] },
      {
        change: (all) => (limitsOf(all, 'worker').memory = '512Mi'),
        finds: ['worker: memory 512Mi, not 768Mi', 'worker: may be given less memory than it takes'],
      },
      {
        change: (all) => (podOf(all, 'api').initContainers = [{ name: 'first' }]),
        finds: [
          ...resources.map((name) => `api: asks for no ${name}`),
          ...resources.map((name) => `api: has no limit of ${name}`),
        ],
      },
    ],
  },
];
