# A docker daemon of our own for a test file, and what stops it. $D is the scratch folder.

has() { command -v "$1" >/dev/null; }
need() { # need TOOL…
	local tool
	for tool; do has "$tool" || skip "$tool is not installed"; done
}
wait_gone() { # wait_gone PID
	for _ in $(seq 200); do [ -e "/proc/$1/ns/mnt" ] || return 0; sleep 0.05; done
	return 1
}
unmount_below() { # unmount_below DIR : whatever is left, the innermost first
	local at
	awk -v d="$1/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r at; do
		umount -l "$at"
	done
}

# Debian's docker, with a daemon of our own that keeps everything in the scratch folder. Without one
# $D/docker/why says what kept it.
docker_bin=/usr/bin/docker
docker() { "$docker_bin" -H "unix://$D/docker/sock" "$@"; }
dockerd_start() {
	local dir=$D/docker driver
	mkdir "$dir"
	[ -x $docker_bin ] && has dockerd || { echo "docker is not installed" >"$dir/why"; return 0; }
	[ "$(id -u)" = 0 ] || { echo "dockerd needs root" >"$dir/why"; return 0; }
	for driver in overlay2 vfs; do
		dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
			-H "unix://$dir/sock" --bridge=none --iptables=false --ip6tables=false \
			--ip-forward=false --storage-driver $driver >"$dir/log" 2>&1 3>&- &
		for _ in $(seq 300); do
			! docker version >/dev/null 2>&1 || return 0
			kill -0 $! 2>/dev/null || break
			sleep 0.1
		done
		dockerd_stop
	done
	echo "dockerd does not start: $(tail -n 1 "$dir/log")" >"$dir/why"
}
dockerd_stop() {
	local pid
	[ -e "$D/docker/pid" ] || return 0
	pid=$(<"$D/docker/pid")
	kill "$pid" 2>/dev/null || return 0
	wait_gone "$pid"
}
need_docker() {
	[ ! -e "$D/docker/why" ] || skip "$(<"$D/docker/why")"
}
