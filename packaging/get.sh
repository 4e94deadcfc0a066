#!/bin/sh
# Downloads teleport-email, checks it and runs its installer:
#
#   curl -fsSL BASE/get.sh | sudo sh -s -- --base-url BASE --version 1.2.3 --systemd
#
# The checksum protects against a truncated or mixed-up download. It does not protect against an attacker
# who controls the server, since SHA256SUMS comes from there as well: for that, pass the sum that you know
# with --sha256, or verify the signature by hand.
set -eu

usage() {
  cat <<'EOF'
Usage: get.sh --base-url URL --version VERSION [options] [options of the installer]

Downloads URL/vVERSION/teleport-access-email-vVERSION-linux-ARCH-bin.tar.gz and SHA256SUMS beside it,
compares the checksums, unpacks, and runs the installer with the other options, such as --systemd.
Options may be given in any order, with '=' or as two arguments.

  --base-url URL     where releases are (default: $TELEPORT_EMAIL_BASE_URL)
  --version VERSION  which one, such as 1.2.3 (default: $TELEPORT_EMAIL_VERSION)
  --arch ARCH        amd64 or arm64 (default: this machine's)
  --sha256 SUM       the checksum that the tarball must have, instead of the one in SHA256SUMS
  --help             print this; the installer's options: install --help in the tarball
EOF
}

fail() {
  echo "ERROR: $*" >&2
  exit 1
}

# $1 is the URL, $2 the file. A redirect from https must not lead to http, as far as the tool can be told.
# Progress is shown on a terminal.
download() {
  echo "Downloading $1"
  if command -v curl >/dev/null 2>&1; then
    case $1 in
      https:*) redirects='=https' ;;
      *) redirects='=http,https' ;;
    esac
    quiet=-sS
    [ ! -t 2 ] || quiet=--progress-bar
    curl -fL "$quiet" --proto-redir "$redirects" --retry 3 -o "$2" -- "$1" ||
      fail "cannot download '$1'"
  elif command -v wget >/dev/null 2>&1; then
    quiet=-q
    [ ! -t 2 ] || quiet=--progress=bar
    wget "$quiet" -O "$2" -- "$1" || fail "cannot download '$1'"
  else
    fail "there is neither 'curl' nor 'wget' on this machine"
  fi
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1"
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1"
  else
    fail "there is neither 'sha256sum' nor 'shasum' on this machine"
  fi | cut -d ' ' -f 1
}

# The last thing of the script: a script that broke off on its way does nothing.
main() {
  base_url=${TELEPORT_EMAIL_BASE_URL:-}
  version=${TELEPORT_EMAIL_VERSION:-}
  arch=
  expected=
  # Each argument is taken from the front; those of the installer are put back at the end.
  left=$#
  while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
      --base-url | --version | --arch | --sha256)
        [ "$left" -gt 0 ] || fail "$argument needs a value"
        argument=$argument=$1
        shift
        left=$((left - 1))
        ;;
    esac
    value=${argument#*=}
    case $argument in
      --base-url=*) base_url=$value ;;
      --version=*) version=$value ;;
      --arch=*) arch=$value ;;
      --sha256=*) expected=$(echo "$value" | tr A-F a-f) ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) set -- "$@" "$argument" ;;
    esac
  done
  [ -n "$base_url" ] || fail "--base-url is missing: where are the releases?"
  [ -n "$version" ] || fail "--version is missing: which release?"
  version=${version#v}
  case $version in
    *[!0-9A-Za-z.+-]*) fail "--version '$version' is not a version, such as 1.2.3" ;;
  esac
  case $expected in
    *[!0-9a-f]*) fail "--sha256 '$expected' is not a SHA256 sum: it has characters other than 0-9 and a-f" ;;
  esac
  [ -z "$expected" ] || [ ${#expected} = 64 ] ||
    fail "--sha256 '$expected' is not a SHA256 sum: it has ${#expected} characters instead of 64"
  [ -n "${DESTDIR:-}" ] || [ "$(id -u)" = 0 ] || fail "You must be root: run this by sudo"
  case ${arch:-$(uname -m)} in
    amd64 | x86_64) arch=amd64 ;;
    arm64 | aarch64) arch=arm64 ;;
    *) fail "there is no teleport-email for '${arch:-$(uname -m)}': it is for amd64 and arm64" ;;
  esac
  name=teleport-access-email-v$version-linux-$arch-bin.tar.gz
  from=${base_url%/}/v$version

  folder=$(mktemp -d) || fail "cannot create a temporary directory in '${TMPDIR:-/tmp}': set TMPDIR"
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  download "$from/$name" "$folder/$name"
  if [ -z "$expected" ]; then
    download "$from/SHA256SUMS" "$folder/SHA256SUMS"
    expected=$(sed -n "s/^\([0-9a-f]\{64\}\)[ *]*$name\$/\1/p" "$folder/SHA256SUMS")
    [ -n "$expected" ] || fail "'$from/SHA256SUMS' has no checksum of '$name'"
  fi
  actual=$(sha256 "$folder/$name")
  [ "$actual" = "$expected" ] ||
    fail "checksum mismatch for '$from/$name': expected $expected, got $actual; nothing installed"
  echo "SHA256 $actual is as expected, installing"
  tar -C "$folder" -xzf "$folder/$name"
  # By sh, since the temporary directory may be mounted noexec.
  sh "$folder/teleport-access-email/install" "$@"
}

main "$@"
