#!/usr/bin/env bash
# Starts the gateway in the foreground, from Debian's packages. docs/deploy.md ("A gateway") lists the variables.
#   start.sh         fills in the files and becomes nginx
#   start.sh check   fills in the files and checks them
set -euo pipefail
PATH="$PATH:/usr/sbin"
here="$(cd "$(dirname "$0")" && pwd)"

need() { [ -n "${!1:-}" ] || { echo "Set $1: $2." >&2; exit 1; }; }
need GATEWAY_NAME 'the name that clients ask for'
need GATEWAY_CERTIFICATE 'the file of the certificate with its chain'
need GATEWAY_KEY 'the file of its key'
need GATEWAY_PARTNER_CA 'the file of the authority that signs the certificates of partners'

run="${GATEWAY_RUN:-/run/stockledger-gateway}"
user="${GATEWAY_USER:-www-data}"
https_port="${GATEWAY_HTTPS_PORT:-443}"
declare -A values=(
  [RUN]="$run"
  [LOGS]="${GATEWAY_LOGS:-/var/log/stockledger-gateway}"
  [MODULES]="${GATEWAY_MODULES:-/usr/lib/nginx/modules}"
  [CRS]="${GATEWAY_CRS:-/usr/share/modsecurity-crs}"
  [USER]=""
  [WORKERS]="${GATEWAY_WORKERS:-auto}"
  [LOG_LEVEL]="${GATEWAY_LOG_LEVEL:-error}"
  [SERVICE]="${GATEWAY_SERVICE:-127.0.0.1:8080}"
  [NAME]="$GATEWAY_NAME"
  [LISTEN]="${GATEWAY_LISTEN:-0.0.0.0}"
  [HTTPS_PORT]="$https_port"
  [HTTP_PORT]="${GATEWAY_HTTP_PORT:-80}"
  [PORT_SUFFIX]=""
  [CERTIFICATE]="$GATEWAY_CERTIFICATE"
  [KEY]="$GATEWAY_KEY"
  [PARTNER_CA]="$GATEWAY_PARTNER_CA"
  [PARTNER_CRL]=""
  [SANDBOX]=""
  [FREE_TEXT]="$(grep -v '^#' "$here/waf/free-text.list" | paste -sd '|')"
  [REQUESTS_PER_SECOND]="${GATEWAY_REQUESTS_PER_SECOND:-50}"
  [BURST]="${GATEWAY_BURST:-100}"
  [CONNECTIONS]="${GATEWAY_CONNECTIONS:-64}"
  [HEADER_SECONDS]="${GATEWAY_HEADER_SECONDS:-10}"
  [BODY_SECONDS]="${GATEWAY_BODY_SECONDS:-10}"
)
[ "$https_port" = 443 ] || values[PORT_SUFFIX]=":$https_port"
# Only root can change the user of the workers; whoever starts it unprivileged is their user.
[ "$(id -u)" -ne 0 ] || values[USER]="user $user;"
[ -z "${GATEWAY_PARTNER_CRL:-}" ] || values[PARTNER_CRL]="ssl_crl $GATEWAY_PARTNER_CRL;"
[ "${GATEWAY_SANDBOX:-off}" != on ] || values[SANDBOX]="include sandbox.conf;"

# As sed takes them: a backslash and & stand for themselves.
script=""
for name in "${!values[@]}"; do
  case "${values[$name]}" in *[$'\n\x01']*) echo "$name holds a line break." >&2; exit 1 ;; esac
  filled="$(sed 's/[\\&]/\\&/g' <<<"${values[$name]}")"
  script+="s"$'\x01'"@$name@"$'\x01'"$filled"$'\x01'"g;"
done
umask 027
mkdir -p "$run/conf/waf" "${values[LOGS]}"
# Workers reach what is theirs below it. Past the limits, the firewall is reached by them alone.
chmod 711 "$run"
mkdir -p -m 700 "$run/inner"
[ "$(id -u)" -ne 0 ] || chown "$user" "$run/inner"
for file in "$here"/*.conf "$here"/waf/*.conf; do
  sed "$script" "$file" >"$run/conf/${file#"$here"/}"
done

nginx=(nginx -p "$run" -c "$run/conf/nginx.conf" -e "${values[LOGS]}/error.log")
if [ "${1:-}" = check ]; then exec "${nginx[@]}" -t; fi
if [ -f "$run/nginx.pid" ] && kill -0 "$(cat "$run/nginx.pid")" 2>/dev/null; then
  echo "It runs already, with the folder $run." >&2
  exit 1
fi
# One that was killed leaves it behind.
rm -f "$run/inner/firewall.sock"
exec "${nginx[@]}"
