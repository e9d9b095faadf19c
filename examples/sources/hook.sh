#!/bin/sh
# What `ketenwijzer partner conformance --hook` runs to change a source (docs/conformance.md): here a table of pupils in PostgreSQL.
# DATABASE is the address of the database, with a user who may write. Never of the one that people work with.
set -eu

say() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$DATABASE" --command "$1"
}

case $1 in
add) say "INSERT INTO pupils VALUES (90, '999975134', '2012-05-03', 'Bakker', 1, now())" ;;
change) say "UPDATE pupils SET hours = 2, changed = now() WHERE id = 90" ;;
remove) say "DELETE FROM pupils WHERE id = 90" ;;
# Passes for a number until its check digit is looked at.
poison) say "INSERT INTO pupils VALUES (91, '123456789', NULL, 'Nobody', 1, now())" ;;
mend) say "DELETE FROM pupils WHERE id = 91" ;;
# Nobody else reads the table while it is locked. It goes on in the background, and this ends once it is so.
slow)
    say "BEGIN; LOCK TABLE pupils IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)" >/dev/null 2>&1 &
    sleep 1
    ;;
fast) say "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE pupils%'" ;;
*) exit 64 ;;
esac
