#!/bin/sh
# Makes what docker-compose.yml needs and no repository has: `secrets.sh [FOLDER]` makes FOLDER/secrets, FOLDER/data and,
# where there is none, FOLDER/.env. All secrets are made together, for their owner alone, and never over existing ones.
set -eu
umask 077
folder=${1:-.}
secrets=$folder/secrets
new=$folder/.secrets.new

if [ -e "$secrets" ]; then
    echo "$secrets is there already, and a secret is never written over." >&2
    exit 1
fi
if ! command -v openssl >/dev/null; then
    echo "The services' keys are made with openssl, which is not here: install it." >&2
    exit 1
fi
rm -rf "$new"
mkdir -p "$new" "$folder/data/postgres" "$folder/data/redis"

random() { # 32 octets, in hexadecimal digits
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

key() { # as `sso keys init` makes them: 32 octets, in base64url
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' >"$new/$1.key"
}

pair() { # as `sso keys service` makes them: for ES256, in PEM
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$new/$1.private.pem"
    openssl pkey -in "$new/$1.private.pem" -pubout -out "$new/$1.public.pem"
}

key sealing
key dossier-sealing
key digest
for service in dossier website; do pair "$service"; done
random >"$new/postgres.password"

database_url() { # one owner's
    echo "${1}_url = \"postgresql://$1:$(cat "$new/$1.password")@postgres:5432/$1\""
}

echo "[database]" >"$new/migrate.toml"
for owner in identity pseudoniem dossier; do
    random >"$new/$owner.password"
    database_url "$owner" >>"$new/migrate.toml"
done

# Who has not said who he is may ask whether Redis is alive. Each service reads and writes what it has to do with, and
# none may look through the keys, remove them all or change the settings.
echo "user default on nopass resetkeys resetchannels -@all +ping" >"$new/redis.acl"
for service in identity pseudoniem dossier website; do
    password=$(random)
    hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
    keys='~sso:limit* ~sso:ready'
    if [ "$service" = identity ]; then keys='~sso:*'; fi
    if [ "$service" = website ]; then keys="$keys ~sso:sign-in:*"; fi
    echo "user $service on #$hash $keys resetchannels -@all +@connection +info +get +set +incrby +expire +ttl +pttl +eval +evalsha +script|load +script|exists" >>"$new/redis.acl"
    {
        printf '[redis]\nurl = "redis://%s:%s@redis:6379/0"\n' "$service" "$password"
        if [ "$service" != website ]; then
            echo "[database]"
            database_url "$service"
        fi
    } >"$new/$service.toml"
done

# Every container runs as the owner of these files. Root makes them for a user of no other use.
owner=$(id -u):$(id -g)
if [ "$(id -u)" = 0 ]; then
    owner=10001:10001
    chown -R "$owner" "$new" "$folder/data"
fi
if [ ! -e "$folder/.env" ]; then
    printf 'OWNER=%s\nPUBLIC_URL=http://127.0.0.1:8080\nLISTEN=127.0.0.1:8080\n' "$owner" >"$folder/.env"
fi
mv "$new" "$secrets"
echo "Made $secrets. Keep a copy of the three .key files in a safe place, apart from the database's backups:"
echo "without them the database cannot be read."
