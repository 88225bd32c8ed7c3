#!/bin/bash
# packages.sh run|build|test… : installs what is missing of Debian's packages for these purposes.
# Takes the machine's own apt configuration. Says nothing when nothing is missing.
set -euo pipefail

run="libcurl4 libmicrohttpd12 libsqlite3-0 libyaml-0-2 libssl3 libzstd1 libdeflate0 libisal2
     libarchive13 zlib1g git crun runc ca-certificates"
build="gcc libc6-dev meson ninja-build pkg-config python3 libssl-dev libcurl4-openssl-dev
     libmicrohttpd-dev libsqlite3-dev libyaml-dev zlib1g-dev libdeflate-dev libisal-dev libzstd-dev
     libarchive-dev"
demo="mmdebstrap curl"
test="clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev bats busybox-static curl jq
     mmdebstrap skopeo buildah umoci docker.io docker-registry iproute2 procps util-linux strace
     e2fsprogs python3"
bench="iproute2 wrk hyperfine nginx-light docker-registry docker.io buildah skopeo jq curl mmdebstrap
     busybox-static umoci"

wanted=
for purpose in "$@"; do
	case $purpose in
	run) wanted+=" $run" ;;
	build) wanted+=" $build" ;;
	demo) wanted+=" $demo" ;;
	test) wanted+=" $test" ;;
	bench) wanted+=" $bench" ;;
	*) echo "packages.sh: unknown purpose '$purpose'" >&2; exit 2 ;;
	esac
done

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$status" = "install ok installed" ] || missing+=" $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "packages.sh: not root and no sudo; missing:$missing" >&2; exit 1; }
	sudo=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing:$missing" >&2
# Services of test packages (docker, nginx) must not start by themselves.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
	trap 'rm -f "$log"; '"$sudo rm -f $policy" EXIT
fi
install() {
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
# A list that is too old names packages that are gone: fetch it again then.
install || { $sudo apt-get update >"$log" 2>&1 && install; } || { tail -n 20 "$log" >&2; exit 1; }
