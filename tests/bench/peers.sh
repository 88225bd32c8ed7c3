# knarr and its peers behind the same words, each with a state of its own under $W. Sourced.
#
#	TOOL_start         ready to work          TOOL_push NAME        to its registry
#	TOOL_base          has the base image     TOOL_pull NAME        from there, ready to run
#	TOOL_forget        as if never built      TOOL_empty            as if nothing was ever here
#	TOOL_build [FLAG]  $W/app as $APP
#
# docker and buildah push to docker-registry, knarr to knarr serve.

REG=127.0.0.1:5000
KNARR_REG=127.0.0.1:5001
BASE=$REG/bench/base:1
APP=$REG/bench/app:1
TINY=$REG/bench/tiny:1

has() { type -P "$1" >/dev/null; }

# Names of those of $1 that this machine has.
present() {
	local tool
	for tool in $1; do
		case $tool in
		knarr) echo knarr ;;
		docker) if has docker && has dockerd; then echo docker; fi ;;
		*) if has "$tool"; then echo "$tool"; fi ;;
		esac
	done | xargs
}

wait_for() { # wait_for COMMAND… : until it succeeds, 20 seconds at most
	local _
	for _ in $(seq 1000); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	say "waited in vain: $*"
	return 1
}

# ---- knarr: by the functions that the shared harness uses, too ----

. "$here/knarr.sh"
knarr_start() { :; }
knarr_base() { mkdir -p "$SW" && sw image import -q "$W/base.tar" "$BASE"; }
knarr_tiny() { mkdir -p "$SW" && sw image import -q "$W/tiny.tar" "$TINY"; }
knarr_forget() { sw_wipe && knarr_base; }
knarr_empty() { sw_wipe; }
knarr_build() { sw_build "$W/app" "$APP" "$@"; }
knarr_push() { sw_push "$1" "$(pushed_name knarr "$1")"; }
knarr_pull() { sw_pull "$(pushed_name knarr "$1")"; }

# ---- docker: a daemon of our own, without a bridge, as RUN and run use no network ----

docker_client=$(PATH=/usr/bin:$PATH type -P docker) || true # the daemon's own where there are two
docker() { "$docker_client" "$@"; }

docker_start() {
	export DOCKER_HOST=unix://$W/docker.sock DOCKER_BUILDKIT=1
	dockerd --data-root "$W/docker" --exec-root "$W/docker-run" --host "$DOCKER_HOST" \
		--pidfile "$W/docker.pid" --bridge=none --iptables=false --ip-masq=false \
		--cgroup-parent "/$BENCH_GROUP" >"$W/docker.log" 2>&1 &
	wait_for docker version || { tail -n 5 "$W/docker.log" >&2; return 1; }
}

docker_base() { docker import "$W/base.tar" "$BASE"; }
docker_tiny() { docker import "$W/tiny.tar" "$TINY"; }
docker_forget() {
	docker rmi -f "$APP" || true
	docker builder prune -af
}
docker_empty() {
	docker rmi -f $(docker images -aq | sort -u) || true
	docker builder prune -af
}
docker_build() { docker build -q --network host -t "$APP" "$@" "$W/app"; }
docker_push() { docker push -q "$1"; }
docker_pull() { docker pull -q "$1"; }

# ---- buildah: chroot isolation is its fastest ----

bah() { buildah --root "$W/buildah" --runroot "$W/buildah-run" --storage-driver overlay "$@"; }
buildah_start() { :; }
buildah_base() {
	local c
	c=$(bah from scratch) && bah add -q "$c" "$W/base.tar" / && bah config --cmd /bin/sh "$c" &&
		bah commit -q --disable-compression "$c" "$BASE" && bah rm "$c"
}
buildah_forget() {
	bah rmi -f "$APP" || true
	bah images -q --filter dangling=true | sort -u | xargs -r buildah --root "$W/buildah" \
		--runroot "$W/buildah-run" --storage-driver overlay rmi -f || true
}
buildah_empty() {
	bah rm -a
	bah rmi -af
	rm -f /var/lib/containers/cache/*
}
buildah_build() { bah build -q --format docker --layers --isolation chroot -t "$APP" "$@" "$W/app"; }
buildah_push() { bah push -q --tls-verify=false "$1"; }
buildah_pull() { bah pull -q --tls-verify=false "$1"; }

# ---- registries: server_start WHO ; server_stop WHO ; their files are in $W/server-WHO ----

pushed_name() { # pushed_name TOOL NAME : what it is called in the tool's registry
	[ "$1" = knarr ] && echo "${2/$REG/$KNARR_REG}" || echo "$2"
}
registry_of() { [ "$1" = knarr ] && echo knarr || echo docker-registry; }

server_port() { [ "$1" = knarr ] && echo 5001 || echo 5000; }
server_pid() { cat "$W/$1.pid"; }

docker_registry_config() {
	cat <<-Y
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage:
		  filesystem: {rootdirectory: $W/server-docker-registry, maxthreads: 100}
		  cache: {blobdescriptor: inmemory}
		http: {addr: "$REG"}
	Y
}

# The floor: the same bytes as files, which nginx sends without looking at them.
nginx_config() {
	cat <<-C
		worker_processes 2; daemon off; user root; error_log /dev/null; pid $W/nginx-own.pid;
		events { worker_connections 1024; }
		http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
		client_body_temp_path $W/tmp/1; proxy_temp_path $W/tmp/2; fastcgi_temp_path $W/tmp/3;
		uwsgi_temp_path $W/tmp/4; scgi_temp_path $W/tmp/5;
		server { listen $REG; root $W/server-nginx; } }
	C
}

server_run() { # server_run WHO : in the foreground
	case $1 in
	knarr) sw_serve 5001 "$W/server-knarr" ;;
	docker-registry) docker_registry_config >"$W/docker-registry.yml"
		exec docker-registry serve "$W/docker-registry.yml" ;;
	nginx) nginx_config >"$W/nginx.conf"
		exec nginx -c "$W/nginx.conf" ;;
	esac
}

server_start() { # server_start WHO
	server_run "$1" >"$W/$1.log" 2>&1 &
	echo $! >"$W/$1.pid"
	until curl -so /dev/null "http://127.0.0.1:$(server_port "$1")/v2/"; do
		kill -0 "$(server_pid "$1")" || { tail -n 5 "$W/$1.log" >&2; return 1; }
	done
}

server_stop() { # server_stop WHO
	[ -e "$W/$1.pid" ] || return 0
	kill "$(server_pid "$1")"
	wait "$(server_pid "$1")" 2>/dev/null || true
	rm "$W/$1.pid"
}
