/** What a pod may do (R20.3): each rule with changes that break it. */
import { type Container, containerOf, containersOf, type PodSpec, podOf } from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule, unmet } from './kubernetesRule.ts';

/** Of the profile `restricted`, the kinds that we need: nothing of the node is among them. */
const volumeKinds: readonly string[] = ['secret', 'emptyDir'];

const podFaults = ({ securityContext, hostNetwork, hostPID, hostIPC, volumes = [] }: PodSpec): string[] => [
  ...unmet({
    'shares the node': [hostNetwork, hostPID, hostIPC].every((shared) => shared !== true),
    'may run as root': securityContext?.runAsNonRoot === true && (securityContext.runAsUser ?? 0) > 0,
    'has no seccomp profile': securityContext?.seccompProfile?.type === 'RuntimeDefault',
  }),
  ...volumes.flatMap((volume) =>
    Object.keys(volume)
      .filter((key) => key !== 'name' && !volumeKinds.includes(key))
      .map((kind) => `mounts ${kind}`),
  ),
];

const containerFaults = ({ securityContext: context = {}, ports = [] }: Container): string[] =>
  unmet({
    'may gain rights': context.allowPrivilegeEscalation === false && context.privileged !== true,
    'writes to its image': context.readOnlyRootFilesystem === true,
    'has capabilities': context.capabilities?.drop?.includes('ALL') === true && context.capabilities.add === undefined,
    'overrules its pod': [context.runAsNonRoot, context.runAsUser, context.seccompProfile].every(
      (value) => value === undefined,
    ),
    'takes a port of the node': ports.every(({ hostPort }) => hostPort === undefined),
  });

export const podRules: readonly ManifestRule[] = [
  {
    name: 'every pod keeps to the profile `restricted`, with an image that nobody writes to',
    check: (manifests) =>
      forEachRole(manifests, ({ spec }) => [
        ...podFaults(spec.template.spec),
        ...containersOf(spec.template.spec).flatMap(containerFaults),
      ]),
    planted: [
      { change: (all) => (podOf(all, 'api').hostNetwork = true), finds: ['api: shares the node'] },
      { change: (all) => delete podOf(all, 'api').securityContext!.runAsNonRoot, finds: ['api: may run as root'] },
      { change: (all) => (podOf(all, 'worker').securityContext!.runAsUser = 0), finds: ['worker: may run as root'] },
      {
        change: (all) => (podOf(all, 'api').securityContext!.seccompProfile = { type: 'Unconfined' }),
        finds: ['api: has no seccomp profile'],
      },
      {
        change: (all) => podOf(all, 'api').volumes!.push({ name: 'node', hostPath: { path: '/' } }),
        finds: ['api: mounts hostPath'],
      },
      {
        change: (all) => delete containerOf(all, 'worker').securityContext!.allowPrivilegeEscalation,
        finds: ['worker: may gain rights'],
      },
      {
        change: (all) => (containerOf(all, 'api').securityContext!.readOnlyRootFilesystem = false),
        finds: ['api: writes to its image'],
      },
      {
        change: (all) => (containerOf(all, 'api').securityContext!.capabilities!.add = ['NET_BIND_SERVICE']),
        finds: ['api: has capabilities'],
      },
      {
        change: (all) => (containerOf(all, 'api').securityContext!.runAsUser = 0),
        finds: ['api: overrules its pod'],
      },
      {
        change: (all) => (containerOf(all, 'api').ports![0]!.hostPort = 8080),
        finds: ['api: takes a port of the node'],
      },
      {
        change: (all) => (podOf(all, 'api').initContainers = [{ name: 'first' }]),
        finds: ['api: may gain rights', 'api: writes to its image', 'api: has capabilities'],
      },
    ],
  },
  {
    name: 'the namespace lets in pods of the profile `restricted` alone, and everything is in it',
    check: ({ Namespace: spaces, others, ...objects }) => [
      ...spaces.flatMap(({ metadata: { name, labels = {} } }) =>
        ['enforce', 'audit', 'warn']
          .filter((mode) => labels[`pod-security.kubernetes.io/${mode}`] !== 'restricted')
          .map((mode) => `${name}: does not ${mode} it`),
      ),
      ...[...others, ...Object.values(objects).flat()]
        .filter(({ metadata }) => !spaces.some(({ metadata: { name } }) => name === metadata.namespace))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}: is elsewhere`),
    ],
    planted: [
      {
        change: ({ Namespace: [space] }) =>
          (space!.metadata.labels!['pod-security.kubernetes.io/enforce'] = 'baseline'),
        finds: ['stockledger: does not enforce it'],
      },
      { change: ({ Service: [api] }) => (api!.metadata.namespace = 'default'), finds: ['Service api: is elsewhere'] },
    ],
  },
  {
    name: 'no pod has a token of Kubernetes, or variables that no file here names',
    check: (manifests) => [
      ...manifests.ServiceAccount.filter((account) => account.automountServiceAccountToken !== false).map(
        ({ metadata }) => `${metadata.name}: gives its token away`,
      ),
      ...forEachRole(manifests, ({ spec: { template } }) =>
        unmet({
          'has a token': template.spec.automountServiceAccountToken === false,
          'has links to services': template.spec.enableServiceLinks === false,
          'has no account of its own': manifests.ServiceAccount.some(
            ({ metadata }) => metadata.name === template.spec.serviceAccountName,
          ),
        }),
      ),
    ],
    planted: [
      {
        change: ({ ServiceAccount: [account] }) => delete account!.automountServiceAccountToken,
        finds: ['stockledger: gives its token away'],
      },
      { change: (all) => (podOf(all, 'api').automountServiceAccountToken = true), finds: ['api: has a token'] },
      { change: (all) => delete podOf(all, 'api').enableServiceLinks, finds: ['api: has links to services'] },
      { change: (all) => delete podOf(all, 'worker').serviceAccountName, finds: ['worker: has no account of its own'] },
    ],
  },
];
