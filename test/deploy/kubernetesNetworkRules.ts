/** Who may reach whom, as docs/deploy.md says (R20.1, R20.3): each rule with changes that break it. */
import ipaddr from 'ipaddr.js';
import { isPublicAddress } from '../../src/infra/webhooks/target.ts';
import {
  type Deployment,
  type Manifests,
  type NetworkPolicy,
  named,
  type Opening,
  type Peer,
  selects,
} from './kubernetesManifests.ts';
import { forEachRole, type ManifestRule, unmet } from './kubernetesRule.ts';

type Way = 'Ingress' | 'Egress';

const policiesOf = ({ NetworkPolicy: all }: Manifests, { spec }: Deployment, way: Way): NetworkPolicy[] =>
  all.filter(
    (policy) =>
      selects(policy.spec.podSelector, spec.template.metadata.labels) && policy.spec.policyTypes?.includes(way),
  );

const openingsOf = (manifests: Manifests, role: Deployment, way: Way): Opening[] =>
  policiesOf(manifests, role, way).flatMap(({ spec }) => (way === 'Ingress' ? spec.ingress : spec.egress) ?? []);

/** A namespace by its name, with what else is asked of the pod; or a block of addresses. */
const nameOf = ({ namespaceSelector, podSelector, ipBlock }: Peer): string => {
  if (ipBlock !== undefined) return ipBlock.cidr;
  const space = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? 'any namespace';
  return [space, ...Object.values(podSelector?.matchLabels ?? {})].join(' ');
};

/** `peer port`, each once; without peers or ports, all of them. */
const reachOf = (openings: readonly Opening[]): string[] => {
  const all = openings.flatMap(({ from, to, ports }) =>
    (from ?? to ?? [{}]).flatMap((peer) =>
      (ports ?? [{ port: 'any' }]).map(({ port = 'any' }) => `${nameOf(peer)} ${port}`),
    ),
  );
  return [...new Set(all)].sort();
};

/** What each role is reached by, and what it reaches, in the overlay as it is shipped. */
const scraper = 'monitoring prometheus http';
const everyone = ['eventstoredb 2113', 'identity 8443', 'kube-system kube-dns 53', 'mongodb 27017', 'redis 6379'];
const partners = ['0.0.0.0/0 443', '0.0.0.0/0 8443', '2000::/3 443', '2000::/3 8443'];
const callers: Readonly<Record<string, readonly string[]>> = {
  api: ['ingress http', scraper],
  projector: [scraper],
  worker: [scraper],
};
const asked: Readonly<Record<string, readonly string[]>> = {
  api: everyone,
  projector: everyone,
  worker: [...partners, ...everyone],
};

const differences = (found: readonly string[], wanted: readonly string[] = []): string[] => [
  ...found.filter((each) => !wanted.includes(each)).map((each) => `open: ${each}`),
  ...wanted.filter((each) => !found.includes(each)).map((each) => `closed: ${each}`),
];

const openingIn = (manifests: Manifests, name: string): Opening => {
  const { ingress = [], egress = [] } = named(manifests.NetworkPolicy, name).spec;
  return [...ingress, ...egress][0]!;
};

/** One of each range that is no partner's; the last of them is where clouds keep the credentials of their machines. */
const closedAddresses = [
  ...['0.1.2.3', '10.1.2.3', '100.64.1.1', '127.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1', '192.0.0.8'],
  ...['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::1', '::ffff:10.1.2.3', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1', '64:ff9b::a01:203', '2001::1'],
  ...['2001:db8::1', '2002:a01:203::1', '169.254.169.254'],
];

const isIn = (address: string, cidr: string): boolean => {
  const [one, [network, bits]] = [ipaddr.parse(address), ipaddr.parseCIDR(cidr)];
  return one.kind() === network.kind() && one.match(network, bits);
};

const admits = ({ ipBlock }: Peer, address: string): boolean =>
  ipBlock !== undefined && isIn(address, ipBlock.cidr) && !ipBlock.except?.some((cidr) => isIn(address, cidr));

export const networkRules: readonly ManifestRule[] = [
  {
    name: 'every pod that may ever be there is closed both ways, until a policy opens it',
    check: ({ NetworkPolicy: all }) => {
      const closed = (way: Way): boolean =>
        all.some(
          ({ spec: { podSelector, policyTypes = [], ingress = [], egress = [] } }) =>
            Object.keys(podSelector).length === 0 && policyTypes.includes(way) && [...ingress, ...egress].length === 0,
        );
      return unmet({ 'open to all that come': closed('Ingress'), 'may reach all': closed('Egress') });
    },
    planted: [
      { change: (all) => all.NetworkPolicy.shift(), finds: ['open to all that come', 'may reach all'] },
      {
        change: (all) => (named(all.NetworkPolicy, 'closed').spec.policyTypes = ['Ingress']),
        finds: ['may reach all'],
      },
      {
        change: (all) => (named(all.NetworkPolicy, 'closed').spec.podSelector = { matchLabels: { a: 'b' } }),
        finds: ['open to all that come', 'may reach all'],
      },
      {
        change: (all) => (named(all.NetworkPolicy, 'closed').spec.egress = [{}]),
        finds: ['open to all that come', 'may reach all'],
      },
    ],
  },
  {
    name: 'callers reach `api` through the ingress alone, and the scraper reaches every role',
    check: (manifests) =>
      forEachRole(manifests, (role) =>
        differences(reachOf(openingsOf(manifests, role, 'Ingress')), callers[role.metadata.name]),
      ),
    planted: [
      {
        change: (all) => (openingIn(all, 'from-ingress').from = [{ namespaceSelector: {} }]),
        finds: ['api: open: any namespace http', 'api: closed: ingress http'],
      },
      {
        change: (all) => delete openingIn(all, 'from-ingress').from,
        finds: ['api: open: any namespace http', 'api: closed: ingress http'],
      },
      {
        change: (all) => delete openingIn(all, 'from-ingress').ports,
        finds: ['api: open: ingress any', 'api: closed: ingress http'],
      },
      {
        change: (all) =>
          (named(all.NetworkPolicy, 'from-ingress').spec.podSelector.matchLabels = {
            'app.kubernetes.io/name': 'stockledger',
          }),
        finds: ['projector: open: ingress http', 'worker: open: ingress http'],
      },
    ],
  },
  {
    name: 'a role reaches its servers, and only `worker` the outside',
    check: (manifests) =>
      forEachRole(manifests, (role) =>
        differences(reachOf(openingsOf(manifests, role, 'Egress')), asked[role.metadata.name]),
      ),
    planted: [
      {
        change: (all) =>
          delete named(all.NetworkPolicy, 'to-partners').spec.podSelector.matchLabels!['app.kubernetes.io/component'],
        finds: ['api', 'projector'].flatMap((role) => partners.map((each) => `${role}: open: ${each}`)),
      },
      {
        change: (all) => (named(all.NetworkPolicy, 'to-redis').spec.podSelector.matchLabels = { no: 'pod' }),
        finds: ['api', 'projector', 'worker'].map((role) => `${role}: closed: redis 6379`),
      },
      {
        change: (all) => openingIn(all, 'to-partners').ports!.push({ protocol: 'TCP', port: 80 }),
        finds: ['worker: open: 0.0.0.0/0 80', 'worker: open: 2000::/3 80'],
      },
    ],
  },
  {
    name: 'no private address is a partner: neither a neighbour, nor the metadata of a cloud',
    check: (manifests) =>
      forEachRole(manifests, (role) => {
        const peers = openingsOf(manifests, role, 'Egress').flatMap(({ to = [] }) => to);
        return closedAddresses
          .filter((address) => isPublicAddress(address) || peers.some((peer) => admits(peer, address)))
          .map((address) => `reaches ${address}`);
      }),
    planted: [
      {
        change: (all) => openingIn(all, 'to-partners').to![0]!.ipBlock!.except!.splice(4, 2),
        finds: ['172.16.0.1', '172.31.255.254', '169.254.169.254'].map((address) => `worker: reaches ${address}`),
      },
      {
        change: (all) => (openingIn(all, 'to-partners').to![1]!.ipBlock = { cidr: '::/0', except: ['2000::/3'] }),
        finds: ['::1', '::ffff:10.1.2.3', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1', '64:ff9b::a01:203'].map(
          (address) => `worker: reaches ${address}`,
        ),
      },
    ],
  },
];
