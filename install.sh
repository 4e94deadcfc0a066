#!/bin/sh
# Installs teleport-email from the unpacked tarball, where this script is called `install`.
set -eu
umask 022

GROUP=teleport-email
CONFIG=/etc/teleport-email.toml
STATE_DIR=/var/lib/teleport-email
# Of the original; files in it keep working, where the service can read them.
PLUGIN_DIR=/var/lib/teleport/plugins/email
UNIT=teleport-email.service

usage() {
  cat <<EOF
Usage: ./install [--prefix DIR] [--systemd] [--enable]
       ./install --uninstall [--prefix DIR] [--purge]

Installs teleport-email, or another version of it over the one that is there. The configuration
in $CONFIG is neither created nor changed.

  --prefix DIR  where it goes: DIR/bin, DIR/lib, DIR/share (default: /usr/local)
  --systemd     install the service, too; the first installation enables it, unless a preset of yours
                disables it. It is not started
  --enable      enable the service whatever presets say; implies --systemd
  --uninstall   stop the service, and remove what this script has installed
  --purge       with --uninstall: also remove configuration, $STATE_DIR, logs and the group
  --help        print this

With DESTDIR in the environment, as package builders set it, everything is put below that directory:
no root is needed, nothing is enabled, no group is created, and the program is not started.
EOF
}

fail() {
  echo "ERROR: $*" >&2
  exit 1
}

warn() {
  echo "WARNING: $*" >&2
}

misuse() {
  echo "ERROR: $*" >&2
  usage >&2
  exit 1
}

prefix=/usr/local
with_systemd=no
enable=no
action=install
purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --prefix=*) prefix=${1#--prefix=} ;;
    --prefix)
      [ $# -gt 1 ] || misuse "--prefix needs a directory"
      prefix=$2
      shift
      ;;
    --systemd) with_systemd=yes ;;
    --enable) with_systemd=yes enable=yes ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) misuse "unknown argument '$1'" ;;
  esac
  shift
done
[ "$purge" = no ] || [ "$action" = uninstall ] || misuse "--purge needs --uninstall"

prefix=${prefix%/}
# It ends up in the unit, where other characters have a meaning.
case $prefix in
  *[!A-Za-z0-9/._+-]*) fail "--prefix '$prefix' has characters other than letters, digits and /._+-" ;;
  *..*) fail "--prefix '$prefix' has '..' in it: name the directory itself" ;;
  /* | '') ;;
  *) fail "--prefix '$prefix' does not begin with '/'" ;;
esac
DESTDIR=${DESTDIR:-}
DESTDIR=${DESTDIR%/}
[ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || fail "You must be root"

here=$(cd "$(dirname -- "$0")" && pwd)
bin=$prefix/bin
lib=$prefix/lib/teleport-email
doc=$prefix/share/doc/teleport-email
man=$prefix/share/man/man1/teleport-email.1
bash_completion=$prefix/share/bash-completion/completions/teleport-email
zsh_completion=$prefix/share/zsh/site-functions/_teleport-email
fish_completion=$prefix/share/fish/vendor_completions.d/teleport-email.fish
# Of the directories that systemd searches, the ones that leave /etc to the administrator.
case $prefix in
  /usr | /usr/local) systemd_lib=$prefix/lib ;;
  *) systemd_lib=/etc ;;
esac
units=$systemd_lib/systemd/system
sysusers=$systemd_lib/sysusers.d/teleport-email.conf
tmpfiles=$systemd_lib/tmpfiles.d/teleport-email.conf

# This machine has systemd, and it is not a directory for another one that we install into.
has_systemd() {
  [ -z "$DESTDIR" ] && command -v systemctl >/dev/null 2>&1
}

# systemd runs: not so in containers, chroots and builds of images.
is_running() {
  has_systemd && [ -d /run/systemd/system ]
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

check_machine() {
  for file in "$here/teleport-email" "$here/lib/teleport-email/deno"; do
    [ -f "$file" ] || continue
    machine=$(machine_of "$file")
    [ -z "$machine" ] || [ "$machine" = "$(this_machine)" ] ||
      fail "this teleport-email is for $machine, and this machine is $(this_machine):" \
        "download the tarball that has 'linux-$(this_machine)' in its name"
  done
}

# Copies the program to where it is to be, and starts it there: /tmp may be mounted noexec. Nothing of
# an installed version changes until it has answered.
stage_program() {
  stage=$DESTDIR$lib.new
  trap 'rm -rf -- "$stage"' EXIT
  trap 'exit 1' HUP INT TERM
  rm -rf -- "$stage"
  mkdir -p "$stage/lib/teleport-email"
  for file in teleport-email lib/teleport-email/deno lib/teleport-email/teleport-email.js \
    lib/teleport-email/teleport-email.cjs lib/teleport-email/teleport-email.cache; do
    [ ! -f "$here/$file" ] || cp -- "$here/$file" "$stage/$file"
  done
  chmod 755 "$stage/teleport-email"
  [ ! -f "$stage/lib/teleport-email/deno" ] || chmod 755 "$stage/lib/teleport-email/deno"
  [ -z "$DESTDIR" ] || return 0
  if ! answer=$("$stage/teleport-email" version 2>&1); then
    echo "$answer" >&2
    fail "teleport-email does not start on this machine. It needs a Linux with glibc (Debian, Ubuntu," \
      "RHEL, SUSE and others, but not Alpine), and a --prefix that is not mounted with 'noexec'"
  fi
}

# Copies $1 to $2 with mode $3, if there is such a file. A running program goes on with the old file.
put() {
  [ -f "$1" ] || return 0
  mkdir -p "$DESTDIR$(dirname -- "$2")"
  cp -- "$1" "$DESTDIR$2.new"
  chmod "$3" "$DESTDIR$2.new"
  mv -f -- "$DESTDIR$2.new" "$DESTDIR$2"
}

install_files() {
  mkdir -p "$DESTDIR$bin"
  put "$stage/lib/teleport-email/deno" "$lib/deno" 755
  # The previous version's, which this one cannot use.
  rm -f -- "$DESTDIR$lib/teleport-email.cache"
  for file in teleport-email.js teleport-email.cjs teleport-email.cache; do
    put "$stage/lib/teleport-email/$file" "$lib/$file" 644
  done
  put "$stage/teleport-email" "$bin/teleport-email" 755
  put "$here/teleport-email.1" "$man" 644
  put "$here/completions/teleport-email.bash" "$bash_completion" 644
  put "$here/completions/_teleport-email" "$zsh_completion" 644
  put "$here/completions/teleport-email.fish" "$fish_completion" 644
  install_docs
  # A program that is one file needs none of it.
  [ -d "$here/lib" ] || rm -rf -- "$DESTDIR$lib"
}

# The pages, the sample configuration and the examples, which a downloaded tarball takes along.
install_docs() {
  rm -rf -- "$DESTDIR$doc"
  for name in README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE THIRD-PARTY-LICENSES \
    teleport-email.toml docs packaging; do
    [ -e "$here/$name" ] || continue
    mkdir -p "$DESTDIR$doc"
    cp -R -- "$here/$name" "$DESTDIR$doc/"
  done
}

# The group, and the directory for what only the service may read.
make_group() {
  [ -z "$DESTDIR" ] || return 0
  if ! grep -q "^$GROUP:" /etc/group && ! getent group "$GROUP" >/dev/null 2>&1; then
    if command -v groupadd >/dev/null 2>&1; then
      groupadd --system "$GROUP"
    elif command -v systemd-sysusers >/dev/null 2>&1; then
      systemd-sysusers --inline "g $GROUP -"
    elif command -v addgroup >/dev/null 2>&1; then
      addgroup -S "$GROUP"
    else
      warn "cannot create the group '$GROUP': create it, and give it $STATE_DIR with mode 0750"
      return 0
    fi
  fi
  [ ! -d "$STATE_DIR" ] || return 0
  mkdir -m 0750 "$STATE_DIR"
  chgrp "$GROUP" "$STATE_DIR"
}

install_unit() {
  first=yes
  for folder in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system \
    /lib/systemd/system; do
    [ ! -e "$DESTDIR$folder/$UNIT" ] || first=no
  done
  mkdir -p "$DESTDIR$units"
  sed "s|/usr/local/bin/teleport-email|$bin/teleport-email|" "$here/$UNIT" >"$DESTDIR$units/$UNIT.new"
  chmod 644 "$DESTDIR$units/$UNIT.new"
  mv -f "$DESTDIR$units/$UNIT.new" "$DESTDIR$units/$UNIT"
  put "$here/packaging/systemd/sysusers.conf" "$sysusers" 644
  put "$here/packaging/systemd/tmpfiles.conf" "$tmpfiles" 644
  if ! has_systemd; then
    echo "The service teleport-email is installed as $units/$UNIT"
    return 0
  fi
  if is_running; then systemctl daemon-reload; fi
  # An upgrade leaves the service enabled or disabled, as it is.
  if [ "$enable" = yes ]; then
    systemctl -q enable "$UNIT" || warn "cannot enable $UNIT, see above"
  elif [ "$first" = yes ]; then
    systemctl -q preset "$UNIT" || warn "cannot enable $UNIT, see above"
  fi
  echo "The service teleport-email is installed and $(state_of_unit)"
  warn_of_other_units
}

state_of_unit() {
  state=$(systemctl is-enabled "$UNIT" 2>/dev/null) || true
  echo "${state:-disabled}"
}

# systemd takes the first unit that it finds, without a word.
warn_of_other_units() {
  for folder in /etc/systemd/system /usr/local/lib/systemd/system; do
    [ "$folder" != "$units" ] || return 0
    if [ -f "$folder/$UNIT" ]; then
      warn "systemd uses $folder/$UNIT and not the new one: remove it, then systemctl daemon-reload"
      return 0
    fi
  done
}

# Teleport closes its directory to all but root, and the service does not run as root.
warn_of_closed_directory() {
  [ -z "$DESTDIR" ] && [ -f "$CONFIG" ] && [ -d /var/lib/teleport ] || return 0
  grep -q "^[^#]*/var/lib/teleport/" "$CONFIG" || return 0
  case $(stat -c %A /var/lib/teleport 2>/dev/null) in
    d?????---* | d?????--[-T]*)
      warn "$CONFIG names files below /var/lib/teleport, which has the mode" \
        "$(stat -c %a /var/lib/teleport): the service cannot read them. Move them to $STATE_DIR and" \
        "change the configuration"
      ;;
  esac
}

say_next() {
  if [ ! -e "$DESTDIR$CONFIG" ] && [ -z "$DESTDIR" ]; then
    echo "Next, create the configuration, which only the service and root may read, and edit it:"
    echo "  install -m 0640 -g $GROUP /dev/null $CONFIG"
    echo "  $bin/teleport-email configure > $CONFIG"
  fi
  if is_running && systemctl -q is-active "$UNIT"; then
    echo "The service runs the previous version until: systemctl restart teleport-email"
  elif has_systemd && [ "$with_systemd" = yes ]; then
    echo "To start the service: teleport-email check && systemctl start teleport-email"
  fi
}

is_installed() {
  [ -e "$DESTDIR$1/bin/teleport-email" ] || [ -e "$DESTDIR$1/lib/teleport-email" ]
}

uninstall() {
  found=no
  if is_installed "$prefix" || [ -e "$DESTDIR$units/$UNIT" ]; then found=yes; fi
  # Another installation's service stays enabled and running.
  if has_systemd && [ -e "$units/$UNIT" ] && uses_this_unit; then
    if is_running; then systemctl -q stop "$UNIT" || true; fi
    systemctl -q disable "$UNIT" || true
  fi
  rm -f -- "$DESTDIR$units/$UNIT" "$DESTDIR$sysusers" "$DESTDIR$tmpfiles"
  if is_running; then systemctl daemon-reload; fi
  rm -f -- "$DESTDIR$bin/teleport-email" "$DESTDIR$man" "$DESTDIR$bash_completion" \
    "$DESTDIR$zsh_completion" "$DESTDIR$fish_completion"
  rm -rf -- "$DESTDIR$lib" "$DESTDIR$doc"
  if [ "$found" = yes ]; then
    echo "Teleport Email has been removed from ${prefix:-/}"
  else
    echo "Teleport Email is not installed in ${prefix:-/}"
    for other in /usr/local /usr; do
      if is_installed "$other"; then
        echo "It is installed in $other: remove that by --prefix $other, or with the package manager"
      fi
    done
  fi
}

uses_this_unit() {
  for folder in /etc/systemd/system /usr/local/lib/systemd/system; do
    [ "$folder" != "$units" ] || return 0
    [ ! -e "$folder/$UNIT" ] || return 1
  done
}

LEFTOVERS="$CONFIG /etc/teleport-email /etc/default/teleport-email /etc/sysconfig/teleport-email \
/etc/systemd/system/$UNIT.d $STATE_DIR /var/log/teleport-email /var/log/private/teleport-email"

remove_leftovers() {
  for path in $LEFTOVERS; do
    [ -e "$DESTDIR$path" ] || continue
    rm -rf -- "$DESTDIR$path"
    echo "$path has been removed"
  done
  if [ -z "$DESTDIR" ] && getent group "$GROUP" >/dev/null 2>&1; then
    if groupdel "$GROUP"; then echo "The group $GROUP has been removed"
    else warn "cannot remove the group '$GROUP'"; fi
  fi
}

say_leftovers() {
  for path in $LEFTOVERS "$PLUGIN_DIR"; do
    [ ! -e "$DESTDIR$path" ] || echo "$path is still there"
  done
  if [ -z "$DESTDIR" ] && getent group "$GROUP" >/dev/null 2>&1; then
    echo "The group $GROUP is still there"
  fi
}

if [ "$action" = uninstall ]; then
  uninstall
  [ "$purge" = no ] || remove_leftovers
  say_leftovers
  exit 0
fi
[ -f "$here/teleport-email" ] ||
  fail "there is no 'teleport-email' in '$here': run this from the unpacked tarball"
[ -n "$DESTDIR" ] || check_machine
[ "$with_systemd" = no ] || [ -f "$here/$UNIT" ] || fail "there is no '$UNIT' in '$here'"
[ "$with_systemd" = no ] || [ -n "$DESTDIR" ] || has_systemd ||
  fail "--systemd: there is no 'systemctl' on this machine"
stage_program
install_files
make_group
if [ -z "$DESTDIR" ] && command -v restorecon >/dev/null 2>&1; then
  restorecon -RF "$bin/teleport-email" "$lib" 2>/dev/null || true
fi
echo "Teleport Email binaries have been copied to $bin"
[ "$with_systemd" = no ] || install_unit
warn_of_closed_directory
say_next
