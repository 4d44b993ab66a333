# For the guides, in any shell: . docs/guides/try.sh
STOCKLEDGER=${STOCKLEDGER:-http://localhost:8080}
TRY=$(mktemp -d)
touch "$TRY/position"

# api CLIENT METHOD PATH [further arguments of curl]: asks as sandbox-CLIENT, and prints the answer.
# It sends the latest Stockledger-Position back as Stockledger-Min-Position, so a read sees what was changed before it.
api() {
  client=$1 method=$2 path=$3
  shift 3
  [ -s "$TRY/$client" ] || curl -sS -u "sandbox-$client:sandbox" -d grant_type=client_credentials \
    "$STOCKLEDGER/oidc/token" | sed 's/.*"access_token":"\([^"]*\)".*/\1/' > "$TRY/$client"
  curl -sS -X "$method" "$STOCKLEDGER$path" -H "Authorization: Bearer $(cat "$TRY/$client")" \
    -H 'Content-Type: application/json' -H "Stockledger-Min-Position: $(cat "$TRY/position")" \
    -D "$TRY/headers" "$@" | tee "$TRY/answer"
  echo
  if grep -q '^stockledger-position:' "$TRY/headers"; then
    tr -d '\r' < "$TRY/headers" | sed -n 's/^stockledger-position: //p' > "$TRY/position"
  fi
}

# answered NAME: the first member of that name in the latest answer.
answered() {
  grep -o "\"$1\":[^,}]*" "$TRY/answer" | sed -n 1p | cut -d : -f 2- | tr -d '"'
}
