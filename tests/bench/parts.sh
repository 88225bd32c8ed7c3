#!/bin/bash
# parts.sh PART… : the measures. Started by `run` in namespaces of its own, where it is process 1;
# writes $BENCH_WORK/results.tsv and machine.tsv. Every part stands alone.
set -Eeuo pipefail
here=$(cd "$(dirname "$0")" && pwd)
trap 'echo "bench: stopped at ${BASH_SOURCE##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
W=$BENCH_WORK/fs
. "$here/measure.sh"
. "$here/peers.sh"
. "$here/workload.sh"
short=$((BENCH_RUNS * 2 - 1)) # runs of what takes less than a second

# ---- the ground: a fresh file system, loopback, nothing of this machine's containers in sight ----

# ext4 with its journal in a loop image, so that fsync costs what it costs; memory where no loop is.
mount_fresh() {
	local image=$BENCH_WORK/image loop
	mkdir -p "$W"
	truncate -s 12G "$image"
	if mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$image" &&
		loop=$(losetup -f --show --direct-io=on "$image") && mount -o noatime "$loop" "$W"; then
		losetup -d "$loop" # it goes when the mount goes, also after kill -9; so does the image
		rm "$image"
		about 'file system' 'fresh ext4 on a loop device'
	else
		mount -t tmpfs tmpfs "$W"
		about 'file system' 'tmpfs'
	fi
}

ground() {
	mount_fresh
	mkdir -p /var/lib/containers "$W"/{tmp,home}
	mount -t tmpfs tmpfs /var/lib/containers
	mount -t tmpfs tmpfs /run
	ip link set lo up
	export TMPDIR=$W/tmp HOME=$W/home XDG_DATA_HOME=$W/home KNARR_CONFIG=/dev/null
	unset SOURCE_DATE_EPOCH KNARR_ROOT DOCKER_CONFIG REGISTRY_AUTH_FILE
}

about_this_machine() {
	about machine "$(nproc) cores of $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(($(sed -n \
		's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1048576)) GiB, Linux $(uname -r)"
	about versions "$("$KNARR" version | head -1); $(dpkg-query -W -f '${Package} ${Version}; ' \
		docker.io buildah docker-registry nginx-light crun runc 2>/dev/null)"
	about runs "$BENCH_RUNS, short ones $short"
	about 'load at the start' "$(cut -d' ' -f1-3 /proc/loadavg)"
}

# ---- build ----

cold_build() {
	edit first
	quietly "$1_forget"
	timed build_cold "$1" "$1_build" $([ "$1" = buildah ] && echo --no-cache)
}
unchanged_build() { timed build_same "$1" "$1_build"; }
changed_build() {
	edit "$EPOCHREALTIME"
	timed build_line "$1" "$1_build"
}
changed_copy() {
	edit "$EPOCHREALTIME"
	timed build_copy "$1" "$1_build" --target files
}

part_build() {
	local tool
	for tool in $tools; do quietly "${tool}_base"; done
	rounds "$BENCH_RUNS" "$tools" cold_build
	rounds $short "$tools" unchanged_build
	rounds $short "$tools" changed_build
	rounds $short "$tools" changed_copy
}

# ---- layer: a tree becomes a compressed blob with both digests, in an OCI layout ----

knarr_layer() { sw_layer "$W/deps" "$W/layout" gzip; }
buildah_layer() { bah commit -q --disable-compression=false "$(cat "$W/container")" "oci:$W/layout:1"; }
# The tree is in place before, as a RUN would leave it: its copy is not on buildah's clock.
buildah_layer_ready() {
	bah rm -a
	bah from scratch >"$W/container"
	cp -a "$W/deps/." "$(bah mount "$(cat "$W/container")")/"
	rm -f /var/lib/containers/cache/*
}

commit_layer() {
	rm -rf "$W/layout"
	[ "$1" = knarr ] || quietly "$1_layer_ready"
	timed layer "$1" "$1_layer" || return
	note layer_size "$1" "$(find "$W/layout/blobs" -type f -printf '%s\n' | sort -n | tail -1 | awk '{print $1 / 1e6}')"
}

part_layer() {
	# docker has no such command: it compresses when it pushes.
	rounds "$BENCH_RUNS" "$(only 'knarr buildah')" commit_layer
	bah rm -a >/dev/null 2>&1 || true
	rm -rf "$W/layout"
}

# ---- push and pull: the base image is in the registry already, as it would be; the rest is new ----

# reset_registry TOOL [base|full] : its registry with a copy of what was kept under that name, or empty
reset_registry() {
	local server
	server=$(registry_of "$1")
	server_stop "$server"
	rm -rf "$W/server-$server"
	[ -z "${2:-}" ] || cp -a "$W/$2-$1" "$W/server-$server"
	server_start "$server"
}

keep_registry() { # keep_registry TOOL base|full
	local server
	server=$(registry_of "$1")
	[ ! -d "$W/$2-$1" ] || return 0
	server_stop "$server"
	cp -a "$W/server-$server" "$W/$2-$1"
}

base_in_registry() {
	[ ! -d "$W/base-$1" ] || return 0
	quietly "$1_base"
	quietly "$1_build"
	reset_registry "$1"
	quietly "$1_push" "$BASE"
	keep_registry "$1" base
}

# The sizes of an image's layers, in MB, as its manifest has them.
image_mb() { # image_mb NAME
	local host=${1%%/*} rest=${1#*/}
	curl -sf -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		-H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
		"http://$host/v2/${rest%:*}/manifests/${rest##*:}" | jq '[.layers[].size] | add / 1e6'
}

push_images() {
	reset_registry "$1" base
	timed push "$1" "$1_push" "$APP" || return
	timed push_same "$1" "$1_push" "$APP"
	timed push_same "$1" "$1_push" "$APP"
	note image_size "$1" "$(image_mb "$(pushed_name "$1" "$APP")")"
	keep_registry "$1" full
}

part_push() {
	local tool
	for tool in $movers; do base_in_registry "$tool"; done
	rounds "$BENCH_RUNS" "$movers" push_images
}

# What the tool itself pushed, into an empty store, until it could run.
pull_images() {
	quietly "$1_empty"
	reset_registry "$1" full
	timed pull "$1" "$1_pull" "$APP" || return
	timed pull_same "$1" "$1_pull" "$APP"
	timed pull_same "$1" "$1_pull" "$APP"
}

part_pull() {
	local tool
	for tool in $movers; do
		[ ! -d "$W/full-$tool" ] || continue
		base_in_registry "$tool"
		reset_registry "$tool" base
		quietly "${tool}_push" "$APP"
		keep_registry "$tool" full
	done
	rounds "$BENCH_RUNS" "$movers" pull_images
}

# ---- registry: every run with a server of its own, from an empty folder to the last byte ----

manifest_type=application/vnd.oci.image.manifest.v1+json
large_mib=$([ -n "$BENCH_BASE" ] && echo 512 || echo 32)

digest() { echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"; }

make_blobs() {
	head -c ${large_mib}M /dev/urandom >"$W/large"
	head -c 1M /dev/urandom >"$W/small"
	large=$(digest "$W/large") small=$(digest "$W/small")
	local layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"$small\",\"size\":1048576}"
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' $manifest_type \
		"${layer/layer.v1.tar/config.v1+json}" "$layer,$layer,$layer,$layer,$layer,$layer,$layer,$layer" \
		>"$W/manifest"
}

# put_blob URL FILE DIGEST : in one request; prints bytes per second
put_blob() {
	local at
	at=$(curl -sfi -X POST "$1/v2/bench/x/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
	case $at in /*) at=$1$at ;; esac
	case $at in *\?*) at+='&' ;; *) at+='?' ;; esac
	curl -sf -o /dev/null -w '%{speed_upload}' -X PUT -H Expect: -T "$2" "${at}digest=$3"
}

get_blob() { curl -sfo /dev/null -w '%{speed_download}' "$1"; } # get_blob URL : bytes per second

# moved ROW WHO COMMAND… : the bytes per second that it prints as MB/s, and what a GiB costs the server
moved() {
	local row=$1 who=$2 cpu bytes
	shift 2
	cpu=$(server_cpu "$who")
	bytes=$("$@")
	note "$row" "$(column_of "$who")" "$(awk -v b="$bytes" 'BEGIN {print b / 1e6}')"
	note "$row.cpu" "$(column_of "$who")" "$(awk -v a="$cpu" -v b="$(server_cpu "$who")" -v mib=$large_mib \
		'BEGIN {print (b - a) * 1024 / mib * 1000}')"
}

# asked ROW WHO URL UNITS : answers per second to 16 connections, times UNITS, and what one costs the server
asked() {
	local cpu
	cpu=$(server_cpu "$2")
	wrk -t2 -c16 -d3s -H "Accept: $manifest_type" "$3" >"$W/log"
	! grep Non-2xx "$W/log" >&2
	note "$1" "$(column_of "$2")" "$(awk -v u="$4" '/^Requests\/sec/ {print $2 * u}' "$W/log")"
	note "$1.cpu" "$(column_of "$2")" "$(awk -v a="$cpu" -v b="$(server_cpu "$2")" \
		'/requests in/ {print (b - a) / $1 * 1000}' "$W/log")"
}

# To a registry by its own words; for nginx the files are put in place, with dd.
fill_server() { # fill_server WHO URL
	if [ "$1" = nginx ]; then
		local dir=$W/server-nginx/v2/bench/x start=${EPOCHREALTIME/./}
		mkdir -p "$dir/blobs" "$dir/manifests"
		dd if="$W/large" of="$dir/blobs/$large" bs=1M conv=fsync 2>/dev/null
		note put by-hand "$(awk -v ms="$(since "$start")" "BEGIN {print $large_mib * 1048.576 / ms}")"
		cp "$W/small" "$dir/blobs/$small"
		cp "$W/manifest" "$dir/manifests/1"
	else
		moved put "$1" put_blob "$2" "$W/large" "$large"
		put_blob "$2" "$W/small" "$small" >"$W/log"
		curl -sf -X PUT -H "Content-Type: $manifest_type" -T "$W/manifest" "$2/v2/bench/x/manifests/1" >"$W/log"
	fi
}

column_of() { [ "$1" = nginx ] && echo by-hand || echo "$1"; }

serve_blobs() { # serve_blobs WHO
	local who=$1 url start
	url=http://127.0.0.1:$(server_port "$who")
	rm -rf "$W/server-$who"
	mkdir -p "$W/server-nginx/v2"
	server_start "$who" # the first time knarr makes a database; that is not what a restart costs
	server_stop "$who"
	start=${EPOCHREALTIME/./}
	server_start "$who"
	note server_start "$(column_of "$who")" "$(since "$start")"
	sleep 0.3
	note rss_idle "$(column_of "$who")" "$(resident_mb "$(server_pid "$who")")"
	fill_server "$who" "$url"
	asked manifests "$who" "$url/v2/bench/x/manifests/1" 1
	moved get "$who" get_blob "$url/v2/bench/x/blobs/$large"
	asked get_many "$who" "$url/v2/bench/x/blobs/$small" 1.048576
	note rss_after "$(column_of "$who")" "$(resident_mb "$(server_pid "$who")")"
	server_stop "$who"
}

part_registry() {
	make_blobs
	for who in knarr docker-registry; do server_stop $who; done
	rounds "$BENCH_RUNS" "$(present 'knarr docker-registry nginx')" serve_blobs
	rm -rf "$W/server-nginx" "$W/large"
}

# ---- start: `true` in a container without a network ----

knarr_start_container() { sw_run "$TINY" true; }
docker_start_container() { docker run --rm --network none "$TINY" true; }

# The runtime alone, on files that are in place. It takes cgroup v2 only: in a mount namespace where
# there is nothing else.
crun_alone() {
	rm -rf "$W/bundle"
	mkdir -p "$W/bundle/rootfs"
	tar -C "$W/bundle/rootfs" -xf "$W/tiny.tar"
	(cd "$W/bundle" && crun spec)
	jq '.process.args = ["true"] | .process.terminal = false | del(.process.rlimits)' \
		"$W/bundle/config.json" >"$W/bundle/c" && mv "$W/bundle/c" "$W/bundle/config.json"
	unshare --mount bash -euc 'mount -t cgroup2 none /sys/fs/cgroup
		for i in $(seq "$1"); do
			t=${EPOCHREALTIME/./}
			crun --cgroup-manager=disabled run -b "$2" "bench-$i"
			awk -v t=$((${EPOCHREALTIME/./} - t)) "BEGIN {print t / 1000}"
		done' _ "$1" "$W/bundle" | while read -r ms; do note start by-hand "$ms"; done
}

start_container() { timed start "$1" "$1_start_container"; }

part_start() {
	local tool
	for tool in $(only 'knarr docker'); do
		quietly "${tool}_tiny"
		quietly "${tool}_start_container"
	done
	rounds 15 "$(only 'knarr docker')" start_container
	if has crun; then crun_alone 15; fi
}

# ---- all of it ----

ground
about_this_machine
make_workload
tools=$(present 'knarr docker buildah')
only() { local t; for t in $1; do case " $tools " in *" $t "*) echo "$t" ;; esac; done | xargs; }
for tool in $tools; do "${tool}_start"; done
movers=$([ "$(present docker-registry)" ] && echo "$tools" || echo knarr)
for part in "$@"; do "part_$part"; done
about 'load at the end' "$(cut -d' ' -f1-3 /proc/loadavg)"
