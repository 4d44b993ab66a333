// A client whose token is worth nothing to a thief (DPoP, RFC 9449): node docs/guides/dpop.mjs /v1/items
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const service = process.env.STOCKLEDGER ?? 'http://localhost:8080';
const [path = '/v1/items', how = 'with a proof'] = process.argv.slice(2);

// The client makes a key and keeps it. Only the public part is ever sent.
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = publicKey.export({ format: 'jwk' });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

// Each request needs a proof of its own; `token` is absent only where one is asked for.
const prove = (method, url, token) => {
  const head = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk });
  const claims = encode({
    jti: randomUUID(),
    htm: method,
    htu: url.split(/[?#]/, 1)[0],
    iat: Math.floor(Date.now() / 1000),
    ...(token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }),
  });
  const signature = sign('sha256', `${head}.${claims}`, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${head}.${claims}.${signature.toString('base64url')}`;
};

const tokenUrl = `${service}/oidc/token`;
const granted = await fetch(tokenUrl, {
  method: 'POST',
  headers: { authorization: `Basic ${btoa('sandbox-support:sandbox')}`, dpop: prove('POST', tokenUrl) },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
const { access_token: token } = await granted.json();

const url = service + path;
const headers =
  how === 'stolen'
    ? { authorization: `Bearer ${token}` }
    : { authorization: `DPoP ${token}`, dpop: prove('GET', url, token) };
const answer = await fetch(url, { headers });
const { items, code, detail } = await answer.json();
console.log(
  JSON.stringify({ status: answer.status, challenge: answer.headers.get('www-authenticate'), items, code, detail }),
);
