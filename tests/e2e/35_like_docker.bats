# The same Dockerfile and context, built by docker (BuildKit) and by knarr: the same files, owners, modes
# and the same config come out. One Dockerfile per topic in like_docker/.

bats_require_minimum_version 1.5.0
load common
load docker

setup() {
	export KNARR_ROOT=$D/root DOCKER_BUILDKIT=1
	need_docker
}
setup_file() {
	export D=$BATS_FILE_TMPDIR KNARR_ROOT=$BATS_FILE_TMPDIR/root
	dockerd_start
	tiny_image
	[ -e "$D/docker/why" ] || docker import "$D/tiny.tar" tiny:1 >/dev/null
	make_context "$D/ctx"
}
teardown_file() {
	dockerd_stop
	unmount_below "$D"
	leaves_nothing "$D/root"
}

# Files of every kind: modes, links inside and out, odd names, archives.
make_context() {
	local d=$1
	mkdir -p "$d/dir/sub" "$d/empty" "$d/sp ace" "$d/packed/two"
	printf 'a\n' >"$d/a.txt"
	printf 'b\n' >"$d/b.txt"
	printf 'c\n' >"$d/c.md"
	printf 's\n' >"$d/dir/s.txt"
	printf 't\n' >"$d/dir/sub/t.txt"
	printf '#!/bin/sh\necho hi\n' >"$d/run.sh"
	printf 'x\n' >"$d/sp ace/f ile.txt"
	printf '1\n' >"$d/packed/one"
	printf '2\n' >"$d/packed/two/x"
	ln -s a.txt "$d/link"
	ln -s dir "$d/dirlink"
	ln -s /etc/passwd "$d/abslink"
	ln -s nowhere "$d/broken"
	ln -s one "$d/packed/l"
	chmod 600 "$d/b.txt"
	chmod 4755 "$d/run.sh"
	chmod 1777 "$d/empty"
	tar -C "$d/packed" --owner=7 --group=8 -czf "$d/t.tgz" .
	tar -C "$d/packed" -cJf "$d/t.txz" one two
	tar -C "$d/packed" -cf "$d/t.tar" .
	touch -d @1500000000 "$d/a.txt" "$d/dir"
}

config='def none: if . == "" or . == {} or . == [] then null else . end;
	{Env, Cmd, Entrypoint, User, WorkingDir, ExposedPorts, Volumes, Labels, Healthcheck, StopSignal, Shell,
	 OnBuild} | map_values(none)'

same() { # same NAME : like_docker/NAME.Dockerfile
	local file=$BATS_TEST_DIRNAME/like_docker/$1.Dockerfile id
	docker build -q --network host -t "$1:1" -f "$file" "$D/ctx" >/dev/null
	id=$(docker create "$1:1" none)
	docker export "$id" >"$BATS_TEST_TMPDIR/docker.tar"
	docker rm "$id" >/dev/null
	knarr build -q -t "$1:1" -f "$file" "$D/ctx"
	knarr build -q -o "type=tar,dest=$BATS_TEST_TMPDIR/knarr.tar" -f "$file" "$D/ctx"
	python3 "$BATS_TEST_DIRNAME/same_files.py" "$BATS_TEST_TMPDIR"/{docker,knarr}.tar
	docker image inspect "$1:1" | jq -S ".[0].Config | $config" >"$BATS_TEST_TMPDIR/docker.json"
	knarr image inspect "$1:1" | jq -S ".[0].image.config | $config" >"$BATS_TEST_TMPDIR/knarr.json"
	diff "$BATS_TEST_TMPDIR"/{docker,knarr}.json
}

@test "ADD: archives, folders, --chown" { same add1; }
@test "ARG and ENV: scopes, defaults, quotes" { same args; }
@test "COPY: files, folders, globs, everything" { same copy1; }
@test "COPY: WORKDIR, links, modes, --chown, --chmod" { same copy2; }
@test "COPY --from: folders, links, hard links, times" { same copy3; }
@test "COPY: over what is there, through links of the image" { same copy4; }
@test "the config: every instruction that only changes it" { same meta; }
@test "stages: what they inherit" { same multi; }
@test "RUN: modes, links, devices, USER, HOME" { same run1; }
@test "FROM scratch" { same scratch; }
@test "SHELL, continuations, comments inside" { same shell; }
@test "USER: who owns what COPY, WORKDIR and RUN make" { same user; }
@test "what is deleted, replaced and moved" { same whiteout; }
@test ".dockerignore" {
	printf '*.md\ndir/\n!dir/sub\nsp*\n**/x\n' >"$D/ctx/.dockerignore"
	same ignore
	rm "$D/ctx/.dockerignore"
}
