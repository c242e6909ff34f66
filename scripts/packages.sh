# shellcheck shell=sh
# Sourced by the other scripts: installs what they need and says what it does.

PATH=$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin
export PATH

# The npm packages of the lock file, once for each state of it.
install_packages() {
  if [ -e node_modules/.installed ] && cmp -s package-lock.json node_modules/.installed; then return 0; fi
  echo '== Installing the npm packages of package-lock.json (npm ci)'
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.installed
}

# Debian packages, as root or with sudo. Without either, or where there is no apt, it only says what is missing.
install_debian() { # PROGRAM=PACKAGE ...
  missing=
  for pair; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
  done
  [ -n "$missing" ] || return 0
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  if command -v apt-get >/dev/null 2>&1 && { [ -z "$sudo" ] || command -v sudo >/dev/null 2>&1; }; then
    echo "== Installing Debian packages:$missing (apt-get)"
    # shellcheck disable=SC2086 # a list of words
    { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing; } >/dev/null
  else
    echo "== Missing, and there is no way to install them here:$missing"
  fi
}

# What the tests run against: real programs, every one of them.
install_test_needs() {
  install_debian screen=screen tmux=tmux systemd-run=systemd shellcheck=shellcheck busybox=busybox script=bsdutils setsid=util-linux \
    slurmctld=slurm-wlm munged=munge slurmdbd=slurmdbd mariadbd=mariadb-server-core mariadb=mariadb-client-core lmp=lammps \
    dbus-daemon=dbus-daemon vim=vim htop=htop zsh=zsh fish=fish man=man-db mandoc=mandoc strace=strace faketime=faketime time=time
}
