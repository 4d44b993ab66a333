/** That one pod, one machine or one release may go, and somebody still answers (R20.3): each rule with changes that break it. */
import { type Deployment, type Manifests, named, podOf, selects } from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule, unmet } from './kubernetesRule.ts';

const labelsOf = ({ spec }: Deployment): Record<string, string> => spec.template.metadata.labels ?? {};

/** The names of the deployments whose pods a selector means. */
const meant = ({ Deployment: all }: Manifests, selector: { matchLabels?: Record<string, string> }): string =>
  all
    .filter((role) => selects(selector, labelsOf(role)))
    .map(({ metadata }) => metadata.name)
    .join();

const autoscalerOf = ({ HorizontalPodAutoscaler: all }: Manifests, role: string) =>
  all.find(({ spec }) => spec.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === role);

const constraintOf = (manifests: Manifests, role: string) => podOf(manifests, role).topologySpreadConstraints![0]!;

export const rolloutRules: readonly ManifestRule[] = [
  {
    name: 'a deployment, a service and a budget mean the pods of one role and no others',
    check: (manifests) => {
      const chosen = [
        ...manifests.Deployment.map(({ metadata, spec }) => ['Deployment', metadata.name, spec.selector] as const),
        ...manifests.Service.map(
          ({ metadata, spec: { selector = {} } }) => ['Service', metadata.name, { matchLabels: selector }] as const,
        ),
        ...manifests.PodDisruptionBudget.map(
          ({ metadata, spec }) => ['PodDisruptionBudget', metadata.name, spec.selector] as const,
        ),
      ];
      const astray = manifests.Service.filter(({ spec }) =>
        spec.ports?.some(({ targetPort }) => targetPort !== 'http'),
      );
      return [
        ...chosen.flatMap(([kind, name, selector]) => {
          const found = meant(manifests, selector);
          return unmet({ [`${kind} ${name}: means ${found}`]: found === name });
        }),
        ...astray.map(({ metadata }) => `Service ${metadata.name}: leads to another port`),
      ];
    },
    planted: [
      {
        change: ({ Service: [api] }) => delete api!.spec.selector!['app.kubernetes.io/component'],
        finds: ['Service api: means api,projector,worker'],
      },
      {
        change: ({ Service: [api] }) => (api!.spec.ports![0]!.targetPort = 80),
        finds: ['Service api: leads to another port'],
      },
      {
        change: (all) => (named(all.PodDisruptionBudget, 'worker').spec.selector = { matchLabels: { no: 'pod' } }),
        finds: ['PodDisruptionBudget worker: means '],
      },
      {
        change: (all) => (named(all.Deployment, 'api').spec.selector = { matchLabels: {} }),
        finds: ['Deployment api: means api,projector,worker'],
      },
    ],
  },
  {
    name: 'every role has a budget that lets one pod go, and no more',
    check: (manifests) =>
      forEachRole(manifests, ({ metadata }) => {
        const budgets = manifests.PodDisruptionBudget.filter(
          ({ spec }) => meant(manifests, spec.selector) === metadata.name,
        );
        return unmet({
          'has no budget': budgets.length > 0,
          // Two budgets for one pod: it can not be evicted at all.
          'has several budgets': budgets.length < 2,
          'loses more than one, or can not be moved': budgets.every(({ spec }) => spec.maxUnavailable === 1),
        });
      }),
    planted: [
      { change: (all) => all.PodDisruptionBudget.splice(0, 1), finds: ['api: has no budget'] },
      {
        change: (all) => all.PodDisruptionBudget.push(named(all.PodDisruptionBudget, 'api')),
        finds: ['api: has several budgets'],
      },
      {
        change: (all) => (named(all.PodDisruptionBudget, 'worker').spec.maxUnavailable = 0),
        finds: ['worker: loses more than one, or can not be moved'],
      },
      {
        change: (all) => (named(all.PodDisruptionBudget, 'worker').spec.maxUnavailable = '100%'),
        finds: ['worker: loses more than one, or can not be moved'],
      },
    ],
  },
  {
    name: 'an autoscaler scales a deployment that is there, and nobody else says how many',
    check: (manifests) => [
      ...manifests.HorizontalPodAutoscaler.flatMap(({ metadata, spec: { scaleTargetRef, metrics = [] } }) => {
        const target = manifests.Deployment.find((role) => role.metadata.name === scaleTargetRef.name);
        const requests = target?.spec.template.spec.containers.map(({ resources }) => resources?.requests ?? {}) ?? [];
        return unmet({
          [`${metadata.name}: scales ${scaleTargetRef.name}, which is not there`]: target !== undefined,
          [`${metadata.name}: is overruled by the deployment`]: target?.spec.replicas === undefined,
          [`${metadata.name}: measures against no request`]: metrics.every(({ resource }) =>
            requests.every((request) => resource !== undefined && request[resource.name] !== undefined),
          ),
        });
      }),
      ...unmet({ 'api: is not scaled': autoscalerOf(manifests, 'api') !== undefined }),
    ],
    planted: [
      {
        change: ({ HorizontalPodAutoscaler: [api] }) => (api!.spec.scaleTargetRef.name = 'apis'),
        finds: ['api: scales apis, which is not there', 'api: is not scaled'],
      },
      {
        change: (all) => (named(all.Deployment, 'api').spec.replicas = 3),
        finds: ['api: is overruled by the deployment'],
      },
      {
        change: (all) => delete podOf(all, 'api').containers[0]!.resources!.requests!.cpu,
        finds: ['api: measures against no request'],
      },
      { change: (all) => all.HorizontalPodAutoscaler.pop(), finds: ['api: is not scaled'] },
    ],
  },
  {
    name: 'there are at least two of every role, and a release takes none away before its successor is ready',
    check: (manifests) =>
      forEachRole(manifests, ({ metadata, spec: { replicas = 1, strategy = {} } }) => {
        const least = autoscalerOf(manifests, metadata.name)?.spec.minReplicas ?? replicas;
        const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {};
        return unmet({
          [`has ${least}`]: least >= 2,
          'is fewer during a release': (strategy.type ?? 'RollingUpdate') === 'RollingUpdate' && maxUnavailable === 0,
          'can not be released': maxSurge !== undefined && maxSurge !== 0,
        });
      }),
    planted: [
      { change: (all) => (named(all.Deployment, 'worker').spec.replicas = 1), finds: ['worker: has 1'] },
      { change: ({ HorizontalPodAutoscaler: [api] }) => (api!.spec.minReplicas = 1), finds: ['api: has 1'] },
      {
        change: (all) => (named(all.Deployment, 'worker').spec.strategy!.rollingUpdate!.maxUnavailable = '25%'),
        finds: ['worker: is fewer during a release'],
      },
      {
        change: (all) => (named(all.Deployment, 'api').spec.strategy!.type = 'Recreate'),
        finds: ['api: is fewer during a release'],
      },
      {
        change: (all) => (named(all.Deployment, 'api').spec.strategy!.rollingUpdate!.maxSurge = 0),
        finds: ['api: can not be released'],
      },
    ],
  },
  {
    name: 'the pods of a role are spread over machines and zones',
    check: (manifests) =>
      forEachRole(manifests, (role) => {
        const constraints = role.spec.template.spec.topologySpreadConstraints ?? [];
        const over = constraints.map(({ topologyKey }) => topologyKey);
        return unmet({
          'is not spread over machines': over.includes('kubernetes.io/hostname'),
          'is not spread over zones': over.includes('topology.kubernetes.io/zone'),
          'counts pods of others': constraints.every(
            ({ labelSelector = {}, matchLabelKeys = [] }) =>
              selects(labelSelector, labelsOf(role)) && matchLabelKeys.includes('app.kubernetes.io/component'),
          ),
        });
      }),
    planted: [
      {
        change: (all) => podOf(all, 'api').topologySpreadConstraints!.pop(),
        finds: ['api: is not spread over zones'],
      },
      {
        change: (all) => delete podOf(all, 'api').topologySpreadConstraints,
        finds: ['api: is not spread over machines', 'api: is not spread over zones'],
      },
      { change: (all) => delete constraintOf(all, 'worker').matchLabelKeys, finds: ['worker: counts pods of others'] },
    ],
  },
];
