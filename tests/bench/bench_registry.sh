#!/bin/bash
# bench_registry.sh [knarr|nginx|docker-registry]...
#
# The registry beside nginx with the same bytes as files, and docker-registry, in one run on this
# machine. Prints a line per measure and server: its median of N runs, and the server's CPU.
# Needs curl, wrk, nginx, docker-registry; missing ones are left out. Takes about two minutes.
#
#   SERVE   the server (default: build/tests/test-serve)      WORK  folder for data (default: a new one
#   N=3     runs of each                                            in /var/tmp, removed at the end)
#   DUR=2   seconds of each wrk                               MIB   size of the large blob (1024)
set -u
here=$(cd "$(dirname "$0")" && pwd)
SERVE=${SERVE:-$here/../../build/tests/test-serve}
N=${N:-3} DUR=${DUR:-2} MIB=${MIB:-1024} PORT=${PORT:-5070}
work=${WORK:-$(mktemp -d /var/tmp/knarr-bench-XXXXXX)}
url=http://127.0.0.1:$PORT
type=application/vnd.oci.image.manifest.v1+json

done_all() {
	stop
	[ -n "${WORK:-}" ] || rm -rf "$work"
}
trap done_all EXIT

# ---- servers ----

start() { # start SERVER : waits for the first answer; milliseconds into $work/started
	local pid t=$(date +%s%N)
	case $1 in
	knarr) "$SERVE" 127.0.0.1:"$PORT" "$work/knarr" >/dev/null & ;;
	nginx) nginx -c "$work/nginx.conf" >/dev/null 2>&1 & ;;
	docker-registry) docker-registry serve "$work/peer.yml" >/dev/null 2>&1 & ;;
	esac
	pid=$!
	echo $pid >"$work/pid" # a file, because measures run in subshells
	until curl -so /dev/null "$url/v2/"; do kill -0 $pid || exit 1; done
	echo $((($(date +%s%N) - t) / 1000000)) >"$work/started"
}

stop() {
	local pid=$(cat "$work/pid" 2>/dev/null)
	rm -f "$work/pid"
	[ -n "$pid" ] || return
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
}

pids() {
	local pid=$(cat "$work/pid")
	echo $pid $(cat /proc/$pid/task/*/children)
}

cpu_ms() {
	local p t=0
	for p in $(pids); do
		t=$((t + $(awk '{print $14 + $15}' /proc/$p/stat) * 10))
	done
	echo $t
}

rss_kib() {
	local p t=0
	for p in $(pids); do
		t=$((t + $(awk '/VmRSS/{print $2}' /proc/$p/status)))
	done
	echo $t
}

# ---- measures: each prints "value cpu" ----

requests() { # requests CONNECTIONS PATH : per second, CPU us per request
	local a=$(cpu_ms) out rate n
	out=$(wrk -t$(($1 > 1 ? 2 : 1)) -c"$1" -d"$DUR"s -H "Accept: $type" "$url$2")
	n=$(awk '/requests in/{print $1}' <<<"$out")
	rate=$(awk '/Requests\/sec/{print int($2)}' <<<"$out")
	echo "$rate $((($(cpu_ms) - a) * 1000 / (n ? n : 1)))"
}

download() { # MB/s, CPU ms per GiB
	local a=$(cpu_ms) v
	v=$(curl -sfo /dev/null -w '%{speed_download}' "$url$1")
	echo "$((${v%.*} / 1000000)) $((($(cpu_ms) - a) * 1024 / MIB))"
}

upload() { # MB/s, CPU ms per GiB
	local a at v
	at=$(curl -sfi -X POST "$url/v2/bench/up/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
	case $at in /*) at=$url$at ;; *) at=$at ;; esac
	case $at in *\?*) at="$at&" ;; *) at="$at?" ;; esac
	a=$(cpu_ms)
	v=$(curl -sf -o /dev/null -w '%{speed_upload}' -X PUT -H Expect: -T "$work/large" "${at}digest=$large")
	echo "$((${v%.*} / 1000000)) $((($(cpu_ms) - a) * 1024 / MIB))"
}

disk() { # what the disk takes: write and fsync, MB/s
	local t=$(date +%s%N)
	dd if="$work/large" of="$work/written" bs=1M conv=fsync 2>/dev/null
	t=$((($(date +%s%N) - t) / 1000))
	rm "$work/written"
	echo "$((MIB * 1048576 / t)) 0"
}

median() { # median NAME UNIT CPU-UNIT COMMAND... : of N runs
	local name=$1 unit=$2 cpu_unit=$3 i
	shift 3
	for ((i = 0; i < N; i++)); do "$@"; done | sort -n | awk -v name="$name" -v who="$who" -v unit="$unit" \
		-v cpu="$cpu_unit" '{v[NR] = $1; c[NR] = $2} END {m = int((NR + 1) / 2)
		printf "%-34s %-16s %8d %-6s [%d - %d]", name, who, v[m], unit, v[1], v[NR]
		if (cpu != "-") printf "   cpu %d %s", c[m], cpu
		print ""}'
}

# ---- data ----

digest() {
	echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"
}

prepare() {
	mkdir -p "$work/www/v2"
	head -c $((MIB * 1048576)) /dev/urandom >"$work/large"
	head -c 1048576 /dev/urandom >"$work/small"
	large=$(digest "$work/large") small=$(digest "$work/small")
	local layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"$small\",\"size\":1048576}"
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s,%s,%s,%s,%s,%s,%s,%s]}' $type \
		"${layer/layer.v1.tar/config.v1+json}" "$layer" "$layer" "$layer" "$layer" "$layer" "$layer" \
		"$layer" "$layer" >"$work/manifest"
	ln "$work/manifest" "$work/small" "$work/large" "$work/www/"
	touch "$work/www/v2/index.html"
	cat >"$work/nginx.conf" <<-C
		worker_processes 2; daemon off; user $(id -un); error_log /dev/null; pid $work/nginx.pid;
		events { worker_connections 1024; }
		http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
		client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
		uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
		server { listen 127.0.0.1:$PORT; root $work/www; } }
	C
	cat >"$work/peer.yml" <<-Y
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $work/peer, maxthreads: 100}, cache: {blobdescriptor: inmemory}}
		http: {addr: "127.0.0.1:$PORT"}
	Y
}

started() { # started fresh|again
	stop
	[ "$1" = again ] || rm -rf "$work/knarr" "$work/peer"
	start "$who"
	echo "$(cat "$work/started") 0"
}

push_small() {
	local at=$url/v2/bench/x/blobs/uploads/ loc
	loc=$(curl -sfi -X POST "$at" | tr -d '\r' | sed -n 's/^Location: //Ip')
	case $loc in /*) loc=$url$loc ;; esac
	case $loc in *\?*) loc="$loc&" ;; *) loc="$loc?" ;; esac
	curl -sf -o /dev/null -X PUT -T "$work/small" "${loc}digest=$small"
	curl -sf -o /dev/null -X PUT -H "Content-Type: $type" -T "$work/manifest" "$url/v2/bench/x/manifests/latest"
}

measure() {
	who=$1
	local manifest=/manifest blob=/small big=/large
	median "start to first answer, fresh" ms - started fresh
	[ "$who" = nginx ] || median "start to first answer, again" ms - started again
	median "resident, idle" KiB - rss_kib
	if [ "$who" != nginx ]; then
		push_small
		manifest=/v2/bench/x/manifests/latest
		blob=/v2/bench/x/blobs/$small
		big=/v2/bench/up/blobs/$large
		median "PUT $MIB MiB" MB/s "ms/GiB" upload
	fi
	median "manifest, 1 connection" req/s us requests 1 $manifest
	median "manifest, 16 connections" req/s us requests 16 $manifest
	median "manifest, 128 connections" req/s us requests 128 $manifest
	median "1 MiB blob, 1 connection" MiB/s us requests 1 "$blob"
	median "1 MiB blob, 16 connections" MiB/s us requests 16 "$blob"
	median "GET $MIB MiB" MB/s "ms/GiB" download $big
	median "resident, after" KiB - rss_kib
	stop
}

prepare
who=disk
median "write and fsync $MIB MiB" MB/s - disk
for server in ${*:-knarr nginx docker-registry}; do
	case $server in
	knarr) [ -x "$SERVE" ] || { echo "no $SERVE" >&2; continue; } ;;
	*) command -v "$server" >/dev/null || { echo "$server is not installed" >&2; continue; } ;;
	esac
	measure "$server"
done
