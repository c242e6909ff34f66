# shellcheck shell=sh disable=SC2154 # dir, port and the functions are those of slurm.sh, which sources this
# The accounts of a Slurm of slurm.sh: mariadbd and slurmdbd, on loopback, with all they have in the same directory.

write_accounting() { # leaves the port of slurmdbd in $port, after which comes that of the database
  port=$(choose_port)
  cat >"$dir/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$port
SlurmUser=$(id -un)
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 1))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
PidFile=$dir/slurmdbd.pid
LogFile=$dir/slurmdbd.log
CONF
  chmod 600 "$dir/slurmdbd.conf" # slurmdbd refuses another mode
  mariadb-install-db --no-defaults --datadir="$dir/database" --skip-test-db --auth-root-authentication-method=normal \
    --user="$(id -un)" >"$dir/mariadbd.log" 2>&1 || explain 'the database cannot be made' mariadbd
  printf '%s;\n' 'create database if not exists slurm' "grant all on slurm.* to slurm@localhost identified by 'slurm'" \
    >"$dir/grants.sql"
}

is_database_there() {
  mariadb --no-defaults --socket="$dir/mariadb.socket" --user=slurm --password=slurm --execute= slurm >/dev/null 2>&1
}

is_accounting() {
  timeout 5 sacctmgr --noheader --parsable2 show cluster >/dev/null 2>&1
}

start_accounting() {
  [ -e "$dir/slurmdbd.conf" ] || return 0
  database_port=$(($(sed -n 's/^DbdPort=//p' "$dir/slurmdbd.conf") + 1))
  (cd / && exec env -i PATH="$PATH" SLURM_CONF="$SLURM_CONF" mariadbd --no-defaults --datadir="$dir/database" \
    --socket="$dir/mariadb.socket" --bind-address=127.0.0.1 --port="$database_port" --user="$(id -un)" \
    --pid-file="$dir/mariadbd.pid" --init-file="$dir/grants.sql") </dev/null >>"$dir/mariadbd.log" 2>&1 &
  until_true 30 is_database_there || explain 'mariadbd does not answer' mariadbd
  start_daemon slurmdbd slurmdbd
  until_true 30 is_accounting || explain 'slurmdbd does not answer' slurmdbd
}

stop_accounting() {
  stop_daemon slurmdbd
  stop_daemon mariadbd
}
