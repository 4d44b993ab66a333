/** What docker-compose.yml must be, as rules that each carry a violation of their own (R20.1, R20.3). */
import packageJson from '../../package.json' with { type: 'json' };
import { type Compose, isOneShot, mountsOf, networksOf, type Service, secretsOf, textOf } from './composeFile.ts';

export interface Rule {
  readonly name: string;
  /** @returns what is wrong, a line each. */
  readonly check: (compose: Compose) => string[];
  /** Each breaks the rule, and must be found. */
  readonly planted: readonly ((compose: Compose) => void)[];
}

/** One finding for each service that does not hold. */
const forEach = (compose: Compose, wrong: (service: Service, name: string) => string | undefined): string[] =>
  Object.entries(compose.services).flatMap(([name, service]) => {
    const finding = wrong(service, name);
    return finding === undefined ? [] : [`${name}: ${finding}`];
  });

const unless = (holds: boolean | undefined, finding: string): string | undefined => (holds ? undefined : finding);

const restarts: ReadonlySet<string | undefined> = new Set(['unless-stopped', 'always']);

/** Who is on which network, and with that who may reach whom. `docs/deploy.md` shows the same table. */
export const reach: Readonly<Record<string, readonly string[]>> = {
  edge: ['api'],
  app: ['api', 'projector', 'worker'],
  data: [
    'api',
    'projector',
    'worker',
    'eventstore',
    'eventstore-1',
    'eventstore-2',
    'eventstore-3',
    'eventstore-access',
    'mongodb',
    'mongodb-init',
    'redis',
  ],
  identity: ['api', 'projector', 'worker', 'keycloak'],
  egress: ['worker'],
};

const published = ['api', 'keycloak'];

const hardening: readonly Rule[] = [
  {
    name: 'every image has an exact version',
    check: (compose) =>
      forEach(compose, ({ image = '' }) => unless(/^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*$/.test(image), `image ${image}`)),
    planted: [
      ({ services }) => (services.redis!.image = 'redis:latest'),
      ({ services }) => (services.redis!.image = 'redis:8'),
      ({ services }) => (services.redis!.image = 'redis'),
      ({ services }) => delete services.mongodb!.image,
    ],
  },
  {
    name: "the service's image has the version of package.json",
    check: (compose) =>
      forEach(compose, ({ image = '' }) =>
        unless(!image.startsWith('stockledger:') || image === `stockledger:${packageJson.version}`, image),
      ),
    planted: [({ services }) => (services.api!.image = 'stockledger:0.0.9')],
  },
  {
    name: 'no container runs as root',
    check: (compose) => forEach(compose, ({ user = '' }) => unless(/^[1-9]\d*:\d+$/.test(user), `user '${user}'`)),
    planted: [
      ({ services }) => (services.worker!.user = '0:0'),
      ({ services }) => (services.worker!.user = 'root'),
      ({ services }) => delete services['eventstore-certificates']!.user,
    ],
  },
  {
    name: 'no container writes to its image, has a capability, or gains one',
    check: (compose) =>
      forEach(compose, (service) =>
        unless(
          service.read_only &&
            service.cap_drop?.includes('ALL') &&
            service.cap_add === undefined &&
            service.privileged === undefined &&
            service.security_opt?.includes('no-new-privileges:true'),
          'not hardened',
        ),
      ),
    planted: [
      ({ services }) => (services.api!.read_only = false),
      ({ services }) => (services.api!.cap_drop = ['NET_RAW']),
      ({ services }) => (services.api!.cap_add = ['SYS_ADMIN']),
      ({ services }) => (services.api!.privileged = true),
      ({ services }) => delete services.keycloak!.security_opt,
    ],
  },
  {
    name: 'every container has limits, and what runs on has a restart policy and a health check',
    check: (compose) =>
      forEach(compose, (service) => {
        const { cpus, memory, pids } = service.deploy?.resources?.limits ?? {};
        if (cpus === undefined || memory === undefined || pids === undefined) return 'has no limits';
        if (isOneShot(service)) return undefined;
        if (!restarts.has(service.restart)) return 'has no restart policy';
        return unless((service.healthcheck?.test?.length ?? 0) > 1, 'has no health check');
      }),
    planted: [
      ({ services }) => delete services.projector!.healthcheck,
      ({ services }) => (services.redis!.healthcheck = { disable: true }),
      ({ services }) => delete services.redis!.deploy!.resources!.limits!.memory,
      ({ services }) => delete services.mongodb!.restart,
    ],
  },
  {
    name: 'a deposed EventStoreDB leader, which ends with code 0 to truncate its log, is started again',
    check: (compose) =>
      forEach(compose, (service, name) =>
        unless(!/^eventstore(-\d)?$/.test(name) || service.restart === 'always', 'is not restarted on every exit'),
      ),
    planted: [
      ({ services }) => (services.eventstore!.restart = 'on-failure'),
      ({ services }) => (services['eventstore-2']!.restart = 'unless-stopped'),
    ],
  },
];

const network: readonly Rule[] = [
  {
    name: 'each network has exactly the members that it is for',
    check: (compose) =>
      Object.keys({ ...reach, ...compose.networks }).flatMap((name) => {
        const members = Object.keys(compose.services).filter((each) =>
          networksOf(compose.services[each]!).includes(name),
        );
        const wanted = reach[name] ?? ['nobody: this network is not foreseen'];
        return members.sort().join() === [...wanted].sort().join() ? [] : [`${name}: ${members.join(', ')}`];
      }),
    planted: [
      ({ services }) => (services.mongodb!.networks = ['data', 'egress']),
      ({ services }) => (services.worker!.networks = ['app', 'data', 'egress', 'edge']),
      ({ networks }) => (networks.other = {}),
    ],
  },
  {
    name: 'every container is on a named network, or on none',
    check: (compose) =>
      forEach(compose, (service) =>
        unless(networksOf(service).length > 0 || service.network_mode === 'none', 'default'),
      ),
    planted: [
      ({ services }) => delete services.redis!.networks,
      ({ services }) => (services['eventstore-certificates']!.network_mode = 'host'),
    ],
  },
  {
    name: 'stores have no way out, and only webhooks have one',
    check: ({ networks }) => {
      const closed = ['app', 'data'].filter((name) => networks[name]?.internal !== true);
      const oneWay = ['edge', 'identity'].filter(
        (name) => networks[name]?.driver_opts?.['com.docker.network.bridge.enable_ip_masquerade'] !== 'false',
      );
      return [...closed, ...oneWay].map((name) => `${name} has a way out`);
    },
    planted: [({ networks }) => (networks.data = { internal: false }), ({ networks }) => (networks.edge = null)],
  },
  {
    name: 'only what people and programs call is published, and on this machine alone',
    check: (compose) =>
      forEach(compose, ({ ports = [] }, name) => {
        if (ports.length > 0 && !published.includes(name)) return 'is published';
        return unless(
          ports.every((port) => port.startsWith('127.0.0.1:')),
          `listens on ${ports.join()}`,
        );
      }),
    planted: [
      ({ services }) => (services.redis!.ports = ['127.0.0.1:6379:6379']),
      ({ services }) => (services.api!.ports = ['8080:8080']),
      ({ services }) => (services.api!.ports = ['0.0.0.0:8080:8080']),
    ],
  },
];

const guarded = /PASSWORD|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEY$|^(?:EVENTSTORE|MONGODB|REDIS)_URL$|KEY_ENCRYPTION/;

const secrets: readonly Rule[] = [
  {
    name: 'no secret stands in the file: what is secret comes from a file',
    check: (compose) =>
      forEach(compose, (service) => {
        const named = Object.keys(service.environment ?? {}).filter(
          (name) => guarded.test(name) && !/_FILE$/.test(name),
        );
        if (named.length > 0) return `sets ${named.join(', ')}`;
        return unless(!/:\/\/[^\s/]*:[^\s/]*@/.test(textOf(service)), 'has a URL with a password');
      }),
    planted: [
      ({ services }) => (services.api!.environment!.REDIS_URL = 'redis://redis'),
      ({ services }) => (services.mongodb!.environment!.MONGO_INITDB_ROOT_PASSWORD = 'x'),
      ({ services }) => (services.redis!.command = 'redis-cli -u redis://default:x@redis'),
    ],
  },
  {
    name: 'a container gets the secrets that it reads, and no other',
    check: (compose) =>
      forEach(compose, (service) => {
        const read = [...textOf(service).matchAll(/\/run\/secrets\/(\w+)/g)].map(([, name = '']) => name);
        const elsewhere = (service.secrets ?? []).flatMap((each) =>
          typeof each === 'string' || !textOf(service).includes(each.target?.replace(/\/[^/]*$/, '') ?? ' ')
            ? []
            : [each.source],
        );
        // These two read their secrets by code of this repository, or from within their URLs.
        const ownCode = ['mongodb_root_password', 'mongodb_password', 'ca_certificate'];
        const given = secretsOf(service);
        const missing = read.filter((name) => !given.includes(name));
        const idle = given.filter((name) => ![...read, ...elsewhere, ...ownCode].includes(name));
        return missing.length + idle.length === 0 ? undefined : `lacks ${missing.join()}, does not read ${idle.join()}`;
      }),
    planted: [
      ({ services }) => (services.api!.secrets = ['ca_certificate']),
      ({ services }) => services.api!.secrets!.push('ca_key'),
    ],
  },
  {
    name: 'every secret is a file that deploy/secrets.sh makes, and somebody gets it',
    check: (compose) => {
      const given = Object.values(compose.services).flatMap(secretsOf);
      const declared = Object.keys(compose.secrets);
      return [
        ...given.filter((name) => !declared.includes(name)).map((name) => `${name} is not declared`),
        ...declared.filter((name) => !given.includes(name)).map((name) => `nobody gets ${name}`),
        ...Object.entries(compose.secrets)
          .filter(([, { file = '' }]) => !file.startsWith('./deploy/secrets/'))
          .map(([name]) => `${name} is kept elsewhere`),
      ];
    },
    planted: [
      ({ secrets: declared }) => delete declared.redis_url,
      ({ secrets: declared }) => (declared.idle = { file: './deploy/secrets/idle' }),
      ({ secrets: declared }) => (declared.redis_url = { file: './redis_url' }),
    ],
  },
];

const order: readonly Rule[] = [
  {
    name: 'who needs another waits until it is healthy, or has ended well',
    check: (compose) =>
      forEach(compose, ({ depends_on: needs = {} }) => {
        const wrong = Object.entries(needs).filter(([name, { condition }]) => {
          const needed = compose.services[name];
          if (needed === undefined) return true;
          return condition !== (isOneShot(needed) ? 'service_completed_successfully' : 'service_healthy');
        });
        return wrong.length === 0 ? undefined : `waits wrongly for ${wrong.map(([name]) => name).join()}`;
      }),
    planted: [
      ({ services }) => (services.api!.depends_on!.redis!.condition = 'service_started'),
      ({ services }) => (services.api!.depends_on!.nobody = { condition: 'service_healthy' }),
    ],
  },
  {
    name: 'data is in named volumes, and what is mounted from this machine is read-only',
    check: (compose) => {
      const used = Object.values(compose.services).flatMap(mountsOf);
      const named = used.filter(({ type }) => type === 'volume').map(({ source }) => source);
      return [
        ...named.filter((name) => !(name in compose.volumes)),
        ...Object.keys(compose.volumes).filter((name) => !named.includes(name)),
        // The one-shot that signs certificates has nowhere else to put them.
        ...used.filter((each) => each.type === 'bind' && each.read_only !== true && each.target !== '/nodes'),
      ].map((each) => JSON.stringify(each));
    },
    planted: [
      ({ services }) => (services.redis!.volumes = ['elsewhere:/data']),
      ({ services }) => services.redis!.volumes!.push('./deploy/secrets:/all'),
      ({ volumes }) => (volumes.idle = null),
    ],
  },
];

export const rules: readonly Rule[] = [...hardening, ...network, ...secrets, ...order];
