/** What Kustomize builds, as data: the fields that the rules read, sorted by kind. */
import { parseAllDocuments } from 'yaml';

export type Labels = Record<string, string>;
export interface Selector {
  matchLabels?: Labels;
}

interface Meta {
  name: string;
  namespace?: string;
  labels?: Labels;
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Meta;
}

export interface Probe {
  httpGet?: { path?: string; port?: string | number };
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
}

type Quantities = Record<string, string>;

export interface Container {
  name: string;
  image?: string;
  env?: { name: string; value?: string; valueFrom?: object }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name?: string; containerPort: number; hostPort?: number }[];
  resources?: { requests?: Quantities; limits?: Quantities };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    privileged?: boolean;
    readOnlyRootFilesystem?: boolean;
    runAsNonRoot?: boolean;
    runAsUser?: number;
    capabilities?: { drop?: string[]; add?: string[] };
    seccompProfile?: { type: string };
  };
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

export interface Volume {
  name: string;
  secret?: { secretName?: string; items?: { key: string; path: string }[] };
  emptyDir?: { sizeLimit?: string };
  [otherKind: string]: unknown;
}

export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  topologySpreadConstraints?: { topologyKey: string; labelSelector?: Selector; matchLabelKeys?: string[] }[];
  initContainers?: Container[];
  containers: Container[];
  volumes?: Volume[];
}

export interface Deployment extends Manifest {
  spec: {
    replicas?: number;
    selector: Selector;
    strategy?: { type?: string; rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string } };
    template: { metadata: { labels?: Labels }; spec: PodSpec };
  };
}

export interface Peer {
  namespaceSelector?: Selector;
  podSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

export interface Opening {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol?: string; port?: number | string }[];
}

export interface NetworkPolicy extends Manifest {
  spec: { podSelector: Selector; policyTypes?: string[]; ingress?: Opening[]; egress?: Opening[] };
}

interface DisruptionBudget extends Manifest {
  spec: { selector: Selector; maxUnavailable?: number | string; minAvailable?: number | string };
}

interface Autoscaler extends Manifest {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: { type: string; resource?: { name: string } }[];
  };
}

interface Service extends Manifest {
  spec: { type?: string; selector?: Labels; ports?: { port: number; targetPort?: number | string }[] };
}

interface OfKind {
  Namespace: Manifest;
  ServiceAccount: Manifest & { automountServiceAccountToken?: boolean };
  ConfigMap: Manifest & { data?: Record<string, string> };
  Deployment: Deployment;
  Service: Service;
  NetworkPolicy: NetworkPolicy;
  PodDisruptionBudget: DisruptionBudget;
  HorizontalPodAutoscaler: Autoscaler;
}
type Kind = keyof OfKind;

const kinds: Readonly<Record<Kind, null>> = {
  Namespace: null,
  ServiceAccount: null,
  ConfigMap: null,
  Deployment: null,
  Service: null,
  NetworkPolicy: null,
  PodDisruptionBudget: null,
  HorizontalPodAutoscaler: null,
};

/** By kind; what the rules know nothing of is in `others`. */
export type Manifests = { [K in Kind]: OfKind[K][] } & { others: Manifest[] };

export const objectsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest);

export const parseManifests = (text: string): Manifests => {
  const objects = objectsIn(text);
  const ofKind = <K extends Kind>(kind: K): OfKind[K][] => objects.filter((each) => each.kind === kind) as OfKind[K][];
  return {
    Namespace: ofKind('Namespace'),
    ServiceAccount: ofKind('ServiceAccount'),
    ConfigMap: ofKind('ConfigMap'),
    Deployment: ofKind('Deployment'),
    Service: ofKind('Service'),
    NetworkPolicy: ofKind('NetworkPolicy'),
    PodDisruptionBudget: ofKind('PodDisruptionBudget'),
    HorizontalPodAutoscaler: ofKind('HorizontalPodAutoscaler'),
    others: objects.filter(({ kind }) => !(kind in kinds)),
  };
};

/** @throws when there is none of that name. */
export const named = <T extends Manifest>(some: readonly T[], name: string): T => {
  const found = some.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
};

export const podOf = (manifests: Manifests, role: string): PodSpec =>
  named(manifests.Deployment, role).spec.template.spec;

/** The only container that a role has. */
export const containerOf = (manifests: Manifests, role: string): Container => podOf(manifests, role).containers[0]!;

export const containersOf = ({ containers, initContainers = [] }: PodSpec): Container[] => [
  ...initContainers,
  ...containers,
];

/** Every label that is asked for is there; a selector that asks for none selects all. */
export const selects = ({ matchLabels = {} }: Selector, labels: Labels = {}): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

/** What a container is told, by its own lines and by the maps that it names. A map that is not there tells nothing. */
export const environmentOf = ({ ConfigMap: maps }: Manifests, { env = [], envFrom = [] }: Container): Labels => {
  const mapped = envFrom.map(
    ({ configMapRef }) => maps.find(({ metadata }) => metadata.name === configMapRef?.name)?.data ?? {},
  );
  const own = env.map(({ name, value = '' }) => [name, value] as const);
  return Object.fromEntries([...mapped.flatMap((data) => Object.entries(data)), ...own]);
};
