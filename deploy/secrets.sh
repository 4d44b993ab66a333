#!/bin/sh
# Makes what docker-compose.yml reads from deploy/secrets: passwords, keys, a certificate authority and certificates.
# What is there stays, so it can be run again: to renew something, remove its file first. Needs openssl.
# usage: deploy/secrets.sh [single|cluster] [directory]
set -eu
umask 077

topology="${1:-single}"
directory="${2:-$(dirname "$0")/secrets}"
days_ca=3650
# A year is what es-gencert-cli gives the nodes of EventStoreDB; one date to remember for all.
days_certificate=365

case "$topology" in
  single) nodes='eventstore:2113' ;;
  cluster) nodes='eventstore-1:2113,eventstore-2:2113,eventstore-3:2113' ;;
  *) echo "usage: $0 [single|cluster] [directory]" >&2; exit 2 ;;
esac

mkdir -p "$directory"
chmod 700 "$directory"
cd "$directory"

# Containers run as users that this machine doesn't know, and a mounted file keeps its mode: each file is readable,
# and the closed directory around them keeps everybody on this machine out but its owner.
keep() { [ -s "$1" ] || { cat > "$1.new" && chmod 444 "$1.new" && mv "$1.new" "$1"; }; }
# What follows from other files is written each time, so that it can't disagree with them.
derive() { rm -f "$1"; keep "$1"; }
# Hexadecimal needs no escape in a URL. 24 bytes are beyond guessing.
password() { [ -s "$1" ] || openssl rand -hex 24 | tr -d '\n' | keep "$1"; }

for name in eventstore_admin_password eventstore_ops_password eventstore_password mongodb_root_password \
  mongodb_password redis_password keycloak_admin_password keycloak_shop_secret keycloak_erp_secret keycloak_wms_secret
do password "$name"; done

[ -s key_encryption_key ] || openssl rand -base64 32 | tr -d '\n' | keep key_encryption_key
[ -s mongodb_keyfile ] || openssl rand -base64 756 | keep mongodb_keyfile

# The authority's key stays here; only the one-shot container that signs the nodes of EventStoreDB sees it.
# es-gencert-cli reads RSA keys in the traditional form alone.
if [ ! -s ca.key ]; then
  openssl genrsa -traditional -out ca.pem 3072 2>/dev/null
  openssl req -x509 -new -key ca.pem -sha256 -days "$days_ca" -subj '/CN=Stockledger internal CA' -out ca.pub \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign'
  keep ca.crt < ca.pub
  keep ca.key < ca.pem
  rm ca.pem ca.pub
fi

# A key with its certificate, for one server. $1: name of the files, $2: its names on the network.
certificate() {
  [ -s "$1.crt" ] && return
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.pem" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=critical,CA:FALSE\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -sha256 \
    -days "$days_certificate" -extfile "$1.ext" -out "$1.pub" 2>/dev/null
  keep "$1.key" < "$1.pem"
  keep "$1.crt" < "$1.pub"
  rm "$1.pem" "$1.pub" "$1.csr" "$1.ext"
}
certificate mongodb 'DNS:mongodb,DNS:localhost'
certificate redis 'DNS:redis,DNS:localhost'
certificate keycloak 'DNS:identity.localhost,DNS:keycloak,DNS:localhost'
# mongod wants both in one file.
cat mongodb.key mongodb.crt | derive mongodb.pem

# es-gencert-cli writes here as user 1000, whoever runs this script. The directory around it stays closed.
for node in eventstore eventstore-1 eventstore-2 eventstore-3; do
  mkdir -p "nodes/$node"
  chmod 777 "nodes/$node"
done

# Redis keeps a digest; the password itself is only in the URL. `health` may ask for a sign of life and nothing else.
# The service needs scripts, streams, pub/sub and INFO (BullMQ); no CONFIG, no FLUSHALL, no KEYS, no SHUTDOWN.
derive redis_users.acl <<EOF
user default off
user health on nopass resetkeys resetchannels -@all +ping
user stockledger on #$(printf %s "$(cat redis_password)" | openssl dgst -sha256 -r | cut -d' ' -f1) ~* &* +@all -@admin -@dangerous +info
EOF

# Where the three roles find their stores. The nodes' names decide between one node and the cluster.
printf %s "mongodb://stockledger:$(cat mongodb_password)@mongodb:27017/stockledger?authSource=stockledger&replicaSet=rs0&tls=true&tlsCAFile=/run/secrets/ca_certificate&w=majority" | derive mongodb_url
printf %s "rediss://stockledger:$(cat redis_password)@redis:6379/0" | derive redis_url
printf %s "esdb://stockledger:$(cat eventstore_password)@$nodes?tls=true&tlsCAFile=/run/secrets/ca_certificate&nodePreference=leader" | derive eventstore_url

echo "Secrets are in $(pwd), for EventStoreDB as: $topology."
