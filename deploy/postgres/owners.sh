#!/bin/sh
# Run once by the image of PostgreSQL, when the data folder is still empty: a database and a user for each owner of tables.
# Nobody but its owner may connect to one.
set -e
for owner in identity pseudoniem dossier; do
    password=$(cat "/run/secrets/$owner.password")
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<SQL
CREATE ROLE $owner LOGIN PASSWORD '$password';
CREATE DATABASE $owner OWNER $owner;
REVOKE ALL ON DATABASE $owner FROM PUBLIC;
SQL
done
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<SQL
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
SQL
