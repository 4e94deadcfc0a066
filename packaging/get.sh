#!/bin/sh
# Downloads teleport-email, checks it and runs its installer:
#
#   curl -fsSL BASE/get.sh | sudo sh -s -- --base-url BASE --version 1.2.3 --systemd
#
# The sum protects against a download that broke off or was mixed up. Against somebody who has taken over
# the server it does not, as SHA256SUMS comes from there, too: for that, give the sum that you know by
# --sha256, or verify the signature by hand.
set -eu

usage() {
  cat <<'EOF'
Usage: get.sh --base-url URL --version VERSION [options] [options of the installer]

Downloads URL/vVERSION/teleport-access-email-vVERSION-linux-ARCH-bin.tar.gz and SHA256SUMS beside it,
compares the sums, unpacks, and runs the installer with the other options, such as --systemd.

  --base-url URL     where releases are (default: $TELEPORT_EMAIL_BASE_URL)
  --version VERSION  which one, such as 1.2.3 (default: $TELEPORT_EMAIL_VERSION)
  --arch ARCH        amd64 or arm64 (default: this machine's)
  --sha256 SUM       the sum that the tarball must have, instead of the one in SHA256SUMS
  --help             print this; the installer's options: install --help in the tarball
EOF
}

fail() {
  echo "ERROR: $*" >&2
  exit 1
}

# $1 is the URL, $2 the file. A redirect from https must not lead to http, as far as the tool can be told.
download() {
  if command -v curl >/dev/null 2>&1; then
    case $1 in
      https:*) redirects='=https' ;;
      *) redirects='=http,https' ;;
    esac
    curl -fsSL --proto-redir "$redirects" --retry 3 -o "$2" -- "$1" || fail "cannot download '$1'"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" -- "$1" || fail "cannot download '$1'"
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
  while [ $# -gt 0 ]; do
    case $1 in
      --base-url | --version | --arch | --sha256)
        [ $# -gt 1 ] || fail "$1 needs a value"
        case $1 in
          --base-url) base_url=$2 ;;
          --version) version=$2 ;;
          --arch) arch=$2 ;;
          --sha256) expected=$2 ;;
        esac
        shift 2
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) break ;;
    esac
  done
  [ -n "$base_url" ] || fail "--base-url is missing: where are the releases?"
  [ -n "$version" ] || fail "--version is missing: which release?"
  version=${version#v}
  case $version in
    *[!0-9A-Za-z.+-]*) fail "--version '$version' is no version, such as 1.2.3" ;;
  esac
  case ${arch:-$(uname -m)} in
    amd64 | x86_64) arch=amd64 ;;
    arm64 | aarch64) arch=arm64 ;;
    *) fail "there is no teleport-email for '${arch:-$(uname -m)}': it is for amd64 and arm64" ;;
  esac
  name=teleport-access-email-v$version-linux-$arch-bin.tar.gz
  from=${base_url%/}/v$version

  folder=$(mktemp -d)
  trap 'rm -rf -- "$folder"' EXIT
  trap 'exit 1' HUP INT TERM
  download "$from/$name" "$folder/$name"
  if [ -z "$expected" ]; then
    download "$from/SHA256SUMS" "$folder/SHA256SUMS"
    expected=$(sed -n "s/^\([0-9a-f]\{64\}\)[ *]*$name\$/\1/p" "$folder/SHA256SUMS")
    [ -n "$expected" ] || fail "'$from/SHA256SUMS' has no sum of '$name'"
  fi
  actual=$(sha256 "$folder/$name")
  [ "$actual" = "$expected" ] ||
    fail "'$from/$name' is not what it should be, nothing is installed: its SHA256 is $actual," \
      "and it has to be $expected"
  tar -C "$folder" -xzf "$folder/$name"
  "$folder/teleport-access-email/install" "$@"
}

main "$@"
