/* For mongosh: a replica set of one member, and a user for the service. Run again, it changes only the password. */
const { readFileSync } = require('node:fs');

const secret = (name) => readFileSync(`/run/secrets/${name}`, 'utf8').trim();
/** An election among one takes a second or two; far above that, something else is wrong. */
const electionMaxMs = 60_000;
const notYetInitialized = 94;

const mongo = new Mongo(
  'mongodb://mongodb:27017/?directConnection=true&tls=true&tlsCAFile=/run/secrets/ca_certificate',
);
const admin = mongo.getDB('admin');
admin.auth('root', secret('mongodb_root_password'));

const isInitialized = () => {
  try {
    return admin.runCommand({ replSetGetStatus: 1 }).ok === 1;
  } catch (error) {
    if (error.code === notYetInitialized) return false;
    throw error;
  }
};
if (!isInitialized()) {
  admin.runCommand({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: 'mongodb:27017' }] } });
}

const deadline = Date.now() + electionMaxMs;
while (!admin.runCommand({ hello: 1 }).isWritablePrimary) {
  if (Date.now() > deadline) throw new Error('The replica set has no primary.');
  sleep(200);
}

// Reads and writes in the database of read models and in that of keys, indexes included; no users, no server commands.
const stockledger = mongo.getDB('stockledger');
const roles = ['stockledger', 'stockledger_keys'].map((db) => ({ role: 'readWrite', db }));
const user = { pwd: secret('mongodb_password'), roles };
if (stockledger.getUser('stockledger') === null) stockledger.createUser({ user: 'stockledger', ...user });
else stockledger.updateUser('stockledger', user);
print('MongoDB is ready.');
