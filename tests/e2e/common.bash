# What the e2e tests share. KNARR names the program; every test file gets a scratch folder of its own
# ($BATS_FILE_TMPDIR) and a store in it, and must leave no process and no mount behind.

: "${KNARR:=$BATS_TEST_DIRNAME/../../build-release/src/cli/knarr}"
export KNARR
export LC_ALL=C
unset SOURCE_DATE_EPOCH KNARR_CONFIG KNARR_ROOT DOCKER_HOST

knarr() { "$KNARR" "$@"; }
# bats does not see a line with a leading '!' fail.
no() { ! "$@"; }

# A root file system with busybox and its links: enough for RUN, COPY and USER.
tiny_root() { # tiny_root DIR
	local dir=$1 applet
	mkdir -p "$dir"/{bin,etc,tmp,usr/bin,proc,sys,dev,root}
	chmod 1777 "$dir/tmp"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in sh cat ls cp mv rm mkdir ln echo touch chmod chown id env test sleep head tail wc \
		stat find grep sed true false pwd date sort kill ps seq yes dd tar readlink hostname ip; do
		ln -s busybox "$dir/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$dir/etc/passwd"
	printf 'root:x:0:\napp:x:1000:\nstaff:x:50:app\n' >"$dir/etc/group"
}

# Imports it as tiny:1 into $KNARR_ROOT.
tiny_image() {
	tiny_root "$BATS_FILE_TMPDIR/tiny"
	tar -C "$BATS_FILE_TMPDIR/tiny" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
		-cf "$BATS_FILE_TMPDIR/tiny.tar" .
	knarr image import "$BATS_FILE_TMPDIR/tiny.tar" tiny:1
}

# The Debian base image, made once per machine.
debian_image() {
	local tar=${KNARR_TEST_CACHE:-/var/tmp/knarr-test-cache}/base.tar
	"$BATS_TEST_DIRNAME/../../tools/base-image.sh" "$tar"
	knarr image import "$tar" debian:bookworm-slim
}

# serve_start ROOT [flags…] : sets SERVE_PORT, SERVE_TOKEN, SERVE_PID
serve_start() {
	local root=$1 out
	shift
	out=$(mktemp "$BATS_FILE_TMPDIR/serve-XXXXXX")
	"$KNARR" --root "$root" serve --listen 127.0.0.1:0 "$@" >"$out" 2>"$out.log" 3>&- &
	SERVE_PID=$!
	for _ in $(seq 200); do
		grep -q '^listening' "$out" && break
		sleep 0.02
	done
	SERVE_PORT=$(sed -n 's/^listening on .*://p' "$out")
	SERVE_TOKEN=$(sed -n 's/^token: //p' "$out")
	[ -n "$SERVE_PORT" ] || { cat "$out.log"; return 1; }
	export SERVE_PORT SERVE_TOKEN SERVE_PID
}
serve_stop() {
	[ -z "${SERVE_PID:-}" ] || { kill "$SERVE_PID" 2>/dev/null; wait "$SERVE_PID" 2>/dev/null; SERVE_PID=; } || true
}

# Nothing of ours is mounted, runs or lies about in a store.
leaves_nothing() { # leaves_nothing ROOT
	local root=$1
	! grep -F "$root" /proc/self/mountinfo || { echo "a mount is left"; return 1; }
	[ -z "$(ls -A "$root/tmp" 2>/dev/null)" ] || { echo "left in tmp:"; ls -la "$root/tmp"; return 1; }
	[ -z "$(ls -A "$root/uploads" 2>/dev/null)" ] || { echo "left in uploads:"; ls -la "$root/uploads"; return 1; }
	! pgrep -f "$root" >/dev/null || { echo "processes are left:"; pgrep -af "$root"; return 1; }
}

json() { jq -r "$1"; }
