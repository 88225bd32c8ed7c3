#!/bin/bash
# base-image.sh FILE : a minimal Debian root file system as a tar, from this machine's own mirror.
# Made once; a FILE that is there already is kept. The image's apt asks the same mirror, with the
# same proxy and options.
set -euo pipefail
out=$1
[ ! -s "$out" ] || exit 0
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
mkdir -p "$(dirname "$out")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$out.tmp"' EXIT

sources=()
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
	[ -s "$f" ] && grep -qE "^[^#]*\b$suite\b" "$f" && sources+=("$f")
done
[ ${#sources[@]} -gt 0 ] || { echo "base-image.sh: no apt source for '$suite' on this machine" >&2; exit 1; }

include=
grep -qh '^[^#]*https://' "${sources[@]}" && include=--include=ca-certificates
apt-config dump | grep -E '^Acquire::' >"$scratch/99host" || true

mmdebstrap --quiet --variant=minbase $include \
	--customize-hook="copy-in $scratch/99host /etc/apt/apt.conf.d" \
	--customize-hook='rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/*' \
	--format=tar "$suite" "$out.tmp" "${sources[@]}"
mv "$out.tmp" "$out"
