/** What a person has in the hand when signing in: a telephone that shows codes, a hardware key. Both in software. */
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const stepMs = 30_000;

/** RFC 6238 with the settings of the realm: SHA-1, six digits, thirty seconds. `key` as Keycloak keeps it. */
const oneTimeCode = (key: string, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1)! & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
};

export interface Telephone {
  /** One that was not given before: the realm takes none twice, and takes the next one already. So two in half a minute. */
  code(): string;
}

export const holdTelephone = (key: string): Telephone => {
  let given = 0;
  return {
    code: () => {
      given = Math.max(given + 1, Math.floor(Date.now() / stepMs));
      return oneTimeCode(key, given);
    },
  };
};

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();

/** As much of CBOR (RFC 8949) as a registration takes. */
const cborText = (text: string): Buffer => Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
const cborBytes = (bytes: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(bytes.length < 256 ? [0x58, bytes.length] : [0x59, bytes.length >> 8, bytes.length & 0xff]),
    bytes,
  ]);

/** Someone was there, and showed who they are. */
const presentAndVerified = 0x05;
const withCredential = 0x40;

export interface HardwareKey {
  /** What the browser puts into the form of a registration. */
  register(page: { readonly challenge: string; readonly origin: string }): Readonly<Record<string, string>>;
  /** Likewise into that of a sign-in. */
  assert(page: { readonly challenge: string; readonly origin: string }): Readonly<Record<string, string>>;
}

/** WebAuthn Level 2 with ES256 and without attestation, which the realm does not ask for. */
export const makeHardwareKey = (): HardwareKey => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(32);
  let uses = 0;

  const clientData = (type: string, challenge: string, origin: string): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const authenticatorData = (origin: string, flags: number): Buffer => {
    const counter = Buffer.alloc(4);
    uses += 1;
    counter.writeUInt32BE(uses);
    return Buffer.concat([sha256(new URL(origin).hostname), Buffer.from([flags]), counter]);
  };
  /** RFC 9053: kty EC2, alg ES256, crv P-256, and the point. */
  const coseKey = Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    cborBytes(Buffer.from(x, 'base64url')),
    Buffer.from([0x22]),
    cborBytes(Buffer.from(y, 'base64url')),
  ]);
  return {
    register: ({ challenge, origin }) => {
      const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey]);
      const data = Buffer.concat([authenticatorData(origin, presentAndVerified | withCredential), credential]);
      const attestation = Buffer.concat([
        Buffer.from([0xa3]),
        cborText('fmt'),
        cborText('none'),
        cborText('attStmt'),
        Buffer.from([0xa0]),
        cborText('authData'),
        cborBytes(data),
      ]);
      return {
        clientDataJSON: clientData('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        publicKeyCredentialId: id.toString('base64url'),
        authenticatorLabel: 'key',
        transports: 'usb',
      };
    },
    assert: ({ challenge, origin }) => {
      const told = clientData('webauthn.get', challenge, origin);
      const data = authenticatorData(origin, presentAndVerified);
      return {
        clientDataJSON: told.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(told)]), privateKey).toString('base64url'),
        credentialId: id.toString('base64url'),
        userHandle: '',
      };
    },
  };
};
