#!/bin/sh
# Creates and updates Temporal's two databases. Runs before every start of the server: each command does nothing where
# its work is done already.
set -eu

for database in temporal temporal_visibility; do
  case $database in
    temporal) schema=temporal ;;
    *) schema=visibility ;;
  esac
  # The password comes from SQL_PASSWORD.
  set -- --plugin postgres12 --endpoint "$SQL_HOST" --port 5432 --user "$SQL_USER" --database "$database"
  temporal-sql-tool "$@" create-database
  temporal-sql-tool "$@" setup-schema --version 0.0
  temporal-sql-tool "$@" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
