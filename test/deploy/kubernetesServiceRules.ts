/** That the objects fit the life of the service: its roles, its probes, the time to stop (R20.3). */
import { processRoles } from '../../src/eventsourcing/ports.ts';
import { readText } from './composeFile.ts';
import { containerOf, environmentOf, type Probe, podOf } from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule, unmet } from './kubernetesRule.ts';

/** How long the service takes to stop at most, as src/main.ts says. */
const stopSeconds = Number(/stopMaxMs = ([\d_]+)/.exec(readText('src/main.ts'))?.[1]?.replaceAll('_', '')) / 1_000;
/** A busy machine starts to stop later. */
const spareSeconds = 5;

const listed = (text = ''): string[] => text.split(',').filter((part) => part !== '');

const roles: readonly ManifestRule[] = [
  {
    name: 'each role of the service has one deployment, which has that role alone',
    check: (manifests) => {
      const names = manifests.Deployment.map(({ metadata }) => metadata.name);
      return [
        ...processRoles.filter((role) => !names.includes(role)).map((role) => `nobody is ${role}`),
        ...forEachRole(manifests, ({ metadata, spec }) => {
          const { containers } = spec.template.spec;
          const told = containers.flatMap((each) => listed(environmentOf(manifests, each).ROLES));
          return unmet({ [`is ${told.join()}`]: told.join() === metadata.name });
        }),
      ];
    },
    planted: [
      { change: (all) => all.Deployment.splice(1, 1), finds: ['nobody is projector'] },
      { change: (all) => (containerOf(all, 'api').env![0]!.value = 'api,worker'), finds: ['api: is api,worker'] },
      { change: (all) => (containerOf(all, 'worker').env = []), finds: ['worker: is '] },
      {
        change: (all) => podOf(all, 'api').containers.push({ ...containerOf(all, 'worker'), name: 'second' }),
        finds: ['api: is api,worker'],
      },
    ],
  },
];

const asks = (probe: Probe | undefined, path: string): boolean =>
  probe?.httpGet?.path === path && probe.httpGet.port === 'http';

/** How long a silent process goes on, s. */
const patienceOf = ({ periodSeconds = 10, failureThreshold = 3 }: Probe = {}): number =>
  periodSeconds * failureThreshold;

const life: readonly ManifestRule[] = [
  {
    name: 'a pod is alive when its process answers, and ready when its engines do',
    check: (manifests) =>
      forEachRole(manifests, ({ spec: { template } }) =>
        template.spec.containers.flatMap(({ startupProbe, livenessProbe, readinessProbe, ports = [] }) =>
          unmet({
            'starts when its engines answer': asks(startupProbe, '/health/live'),
            'lives by more than its process': asks(livenessProbe, '/health/live'),
            'takes requests before it is ready': asks(readinessProbe, '/health/ready'),
            'is ended after a short silence': patienceOf(livenessProbe) >= 30 && patienceOf(startupProbe) >= 30,
            // Its slowest check takes 3 s (src/infra/eventstoredb/events.ts).
            'is asked for less time than it may take': (readinessProbe?.timeoutSeconds ?? 1) > 3,
            'listens elsewhere': ports.some(({ name, containerPort }) => name === 'http' && containerPort === 8_080),
          }),
        ),
      ),
    planted: [
      {
        change: (all) => (containerOf(all, 'api').livenessProbe!.httpGet!.path = '/health/ready'),
        finds: ['api: lives by more than its process'],
      },
      { change: (all) => delete containerOf(all, 'api').startupProbe, finds: ['api: starts when its engines answer'] },
      {
        change: (all) => (containerOf(all, 'worker').readinessProbe!.httpGet!.path = '/health/live'),
        finds: ['worker: takes requests before it is ready'],
      },
      {
        change: (all) => (containerOf(all, 'api').livenessProbe!.failureThreshold = 1),
        finds: ['api: is ended after a short silence'],
      },
      {
        change: (all) => (containerOf(all, 'api').readinessProbe!.timeoutSeconds = 1),
        finds: ['api: is asked for less time than it may take'],
      },
      { change: (all) => (containerOf(all, 'api').ports![0]!.containerPort = 80), finds: ['api: listens elsewhere'] },
    ],
  },
  {
    name: 'a pod has the time that the service takes to stop, and requests find another one first',
    check: (manifests) =>
      forEachRole(manifests, ({ metadata, spec: { template } }) => {
        const waits = template.spec.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
        const needed = waits + stopSeconds + spareSeconds;
        return unmet({
          [`is killed before ${needed} s`]: (template.spec.terminationGracePeriodSeconds ?? 0) >= needed,
          'stops while requests come': metadata.name !== 'api' || waits >= 5,
        });
      }),
    planted: [
      {
        change: (all) => (podOf(all, 'api').terminationGracePeriodSeconds = 15),
        finds: ['api: is killed before 20 s'],
      },
      {
        change: (all) => delete podOf(all, 'worker').terminationGracePeriodSeconds,
        finds: ['worker: is killed before 15 s'],
      },
      { change: (all) => delete containerOf(all, 'api').lifecycle, finds: ['api: stops while requests come'] },
    ],
  },
];

export const serviceRules: readonly ManifestRule[] = [...roles, ...life];
