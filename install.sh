#!/bin/sh
# Installs teleport-email from the unpacked tarball, where this script is called `install`.
set -eu
umask 022

PLUGIN_DIR=/var/lib/teleport/plugins/email
CONFIG=/etc/teleport-email.toml
UNIT=teleport-email.service

usage() {
  cat <<EOF
Usage: ./install [--prefix DIR] [--systemd]
       ./install --uninstall [--prefix DIR]

Installs teleport-email, or another version of it over the one that is there. The configuration
in $CONFIG is neither made nor changed.

  --prefix DIR  where it goes: DIR/bin, DIR/lib, DIR/share (default: /usr/local)
  --systemd     install and enable the service, too; it is not started
  --uninstall   stop the service, and remove what this script has installed
  --help        print this

With DESTDIR in the environment everything is put below that folder, and no root is needed.
EOF
}

fail() {
  echo "ERROR: $*" >&2
  exit 1
}

# Asks for help, or for something that there is not.
misuse() {
  echo "ERROR: $*" >&2
  usage >&2
  exit 1
}

prefix=/usr/local
with_systemd=no
action=install
while [ $# -gt 0 ]; do
  case $1 in
    --prefix=*) prefix=${1#--prefix=} ;;
    --prefix)
      [ $# -gt 1 ] || misuse "--prefix needs a folder"
      prefix=$2
      shift
      ;;
    --systemd) with_systemd=yes ;;
    --uninstall) action=uninstall ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) misuse "unknown argument '$1'" ;;
  esac
  shift
done

prefix=${prefix%/}
# It ends up in the unit, where other characters mean something.
case $prefix in
  *[!A-Za-z0-9/._+-]* | *..*) fail "--prefix '$prefix' has characters other than letters, digits and /._+-" ;;
  /* | '') ;;
  *) fail "--prefix '$prefix' does not begin with '/'" ;;
esac
DESTDIR=${DESTDIR:-}
DESTDIR=${DESTDIR%/}
[ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || fail "You must be root"

here=$(cd "$(dirname -- "$0")" && pwd)
bin=$prefix/bin
lib=$prefix/lib/teleport-email
man=$prefix/share/man/man1/teleport-email.1
bash_completion=$prefix/share/bash-completion/completions/teleport-email
zsh_completion=$prefix/share/zsh/site-functions/_teleport-email
fish_completion=$prefix/share/fish/vendor_completions.d/teleport-email.fish
# Of the folders that systemd looks into, the one that leaves /etc to the administrator.
case $prefix in
  /usr | /usr/local) units=$prefix/lib/systemd/system ;;
  *) units=/etc/systemd/system ;;
esac
wants=/etc/systemd/system/multi-user.target.wants

# On the system that runs, and not in a folder for another one.
has_systemd() {
  [ -z "$DESTDIR" ] && command -v systemctl >/dev/null 2>&1
}

# What machine a program is for, by its ELF header; nothing for a script.
machine_of() {
  case $(od -An -tx1 -N20 "$1" | tr -d ' \n') in
    7f454c46*3e00) echo amd64 ;;
    7f454c46*b700) echo arm64 ;;
    7f454c46*) echo "another machine" ;;
  esac
}

this_machine() {
  case $(uname -m) in
    x86_64 | amd64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) uname -m ;;
  esac
}

check_program() {
  [ -f "$here/teleport-email" ] ||
    fail "there is no 'teleport-email' in '$here': run this from the unpacked tarball"
  for file in "$here/teleport-email" "$here/lib/teleport-email/deno"; do
    [ -f "$file" ] || continue
    machine=$(machine_of "$file")
    [ -z "$machine" ] || [ "$machine" = "$(this_machine)" ] ||
      fail "this teleport-email is for $machine, and this machine is $(this_machine):" \
        "download the tarball that has 'linux-$(this_machine)' in its name"
  done
  if ! answer=$("$here/teleport-email" version 2>&1); then
    echo "$answer" >&2
    fail "teleport-email does not start on this machine. It needs a Linux with glibc (Debian, Ubuntu," \
      "RHEL, SUSE and others, but not Alpine), and a folder from which programs may be started"
  fi
}

# Copies $1 to $2 with mode $3. A program that runs goes on with the old file.
put() {
  [ -f "$1" ] || return 0
  mkdir -p "$DESTDIR$(dirname -- "$2")"
  cp -- "$1" "$DESTDIR$2.new"
  chmod "$3" "$DESTDIR$2.new"
  mv -f -- "$DESTDIR$2.new" "$DESTDIR$2"
}

install_files() {
  mkdir -p "$DESTDIR$bin" "$DESTDIR$PLUGIN_DIR"
  put "$here/lib/teleport-email/deno" "$lib/deno" 755
  for file in teleport-email.js teleport-email.cjs; do
    put "$here/lib/teleport-email/$file" "$lib/$file" 644
  done
  put "$here/teleport-email" "$bin/teleport-email" 755
  put "$here/teleport-email.1" "$man" 644
  put "$here/completions/teleport-email.bash" "$bash_completion" 644
  put "$here/completions/_teleport-email" "$zsh_completion" 644
  put "$here/completions/teleport-email.fish" "$fish_completion" 644
  # A program that is one file needs none of it.
  [ -d "$here/lib" ] || rm -rf -- "$DESTDIR$lib"
}

install_unit() {
  mkdir -p "$DESTDIR$units"
  sed "s|/usr/local/bin/teleport-email|$bin/teleport-email|" "$here/$UNIT" >"$DESTDIR$units/$UNIT.new"
  chmod 644 "$DESTDIR$units/$UNIT.new"
  mv -f "$DESTDIR$units/$UNIT.new" "$DESTDIR$units/$UNIT"
  if has_systemd; then
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
    systemctl enable "$UNIT"
  else
    mkdir -p "$DESTDIR$wants"
    ln -sf "$units/$UNIT" "$DESTDIR$wants/$UNIT"
  fi
  echo "The service teleport-email is installed and enabled: read the head of $units/$UNIT," \
    "then start it with systemctl start teleport-email"
  other=/etc/systemd/system/$UNIT
  [ "$units/$UNIT" = "$other" ] || [ ! -e "$DESTDIR$other" ] ||
    echo "WARNING: systemd uses $other, which was there before: remove it to use the new one" >&2
}

uninstall() {
  if has_systemd && [ -e "$units/$UNIT" ]; then
    [ ! -d /run/systemd/system ] || systemctl stop "$UNIT" || true
    systemctl disable "$UNIT" || true
  fi
  rm -f -- "$DESTDIR$wants/$UNIT" "$DESTDIR$units/$UNIT"
  if has_systemd && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
  rm -f -- "$DESTDIR$bin/teleport-email" "$DESTDIR$man" "$DESTDIR$bash_completion" \
    "$DESTDIR$zsh_completion" "$DESTDIR$fish_completion"
  rm -rf -- "$DESTDIR$lib"
  rmdir -- "$DESTDIR$PLUGIN_DIR" 2>/dev/null || true
  echo "Teleport Email has been removed from $bin"
  for kept in "$CONFIG" "$PLUGIN_DIR"; do
    [ ! -e "$DESTDIR$kept" ] || echo "$kept is still there"
  done
}

if [ "$action" = uninstall ]; then
  uninstall
  exit 0
fi
check_program
[ "$with_systemd" = no ] || [ -f "$here/$UNIT" ] || fail "there is no '$UNIT' in '$here'"
[ "$with_systemd" = no ] || [ -n "$DESTDIR" ] || has_systemd ||
  fail "--systemd: there is no 'systemctl' on this machine"
install_files
echo "Teleport Email binaries have been copied to $bin"
[ "$with_systemd" = no ] || install_unit
echo "You can run teleport-email configure > $CONFIG to bootstrap your config file"
if has_systemd && systemctl -q is-active "$UNIT"; then
  echo "The service goes on with the version before until systemctl restart teleport-email"
fi
