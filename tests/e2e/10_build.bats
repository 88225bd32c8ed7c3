# knarr build: Dockerfiles, cache, outputs, and what stays behind.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root
	tiny_image
}
setup() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root
	ctx=$BATS_TEST_TMPDIR/ctx
	mkdir -p "$ctx"
}

# build OPTIONS… : builds $ctx as t:1, quietly
build() { knarr build -q -t t:1 "$@" "$ctx"; }
in_image() { knarr run --rm t:1 "$@"; }

@test "RUN, COPY, ENV, WORKDIR and CMD come together" {
	echo hello >"$ctx/a.txt"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		ENV WHO=world
		WORKDIR /srv
		COPY a.txt ./
		RUN echo "$WHO" >>a.txt
		CMD ["cat", "a.txt"]
	D
	build
	run knarr run --rm t:1
	[ "$output" = $'hello\nworld' ]
}

@test "a second build of the same context is cached and has the same digest" {
	echo 1 >"$ctx/a"
	printf 'FROM tiny:1\nCOPY a /a\nRUN cat a >b\n' >"$ctx/Dockerfile"
	first=$(build)
	run knarr --format json build -t t:1 "$ctx"
	[ "$(echo "${lines[-1]}" | json .digest)" = "$first" ]
	[ "$(echo "${lines[-1]}" | json .cached)" = 2 ]
}

@test "only the step that reads a changed file runs again" {
	echo 1 >"$ctx/a"
	echo 1 >"$ctx/b"
	printf 'FROM tiny:1\nRUN sleep 0 && echo x >/x\nCOPY a /a\nCOPY b /b\n' >"$ctx/Dockerfile"
	build
	echo 2 >"$ctx/b"
	run knarr --format json build -t t:1 "$ctx"
	[ "$(echo "${lines[-1]}" | json .cached)" = 2 ]
	[ "$(in_image cat /b)" = 2 ]
}

@test "the same commit built in two stores gives the same manifest digest" {
	git -C "$ctx" init -q
	mkdir "$ctx/sub"
	echo text >"$ctx/sub/file"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		COPY sub /sub
		RUN echo built >/out && mkdir /d && touch /d/x
		USER app
	D
	git -C "$ctx" add -A
	git -C "$ctx" -c user.name=t -c user.email=t@example.invalid commit -qm one
	first=$(build)
	sleep 1.1
	git clone -q "$ctx" "$BATS_TEST_TMPDIR/other"
	(umask 077 && git clone -q "$ctx" "$BATS_TEST_TMPDIR/third")
	for where in other third; do
		KNARR_ROOT=$BATS_TEST_TMPDIR/root-$where
		export KNARR_ROOT
		knarr image import "$BATS_FILE_TMPDIR/tiny.tar" tiny:1
		[ "$(TZ=Asia/Tokyo knarr build -q -t t:1 "$BATS_TEST_TMPDIR/$where")" = "$first" ]
	done
}

@test "mtimes and owners of the context do not matter, modes and bytes do" {
	echo 1 >"$ctx/a"
	printf 'FROM tiny:1\nCOPY a /a\n' >"$ctx/Dockerfile"
	first=$(build)
	touch -d '2001-01-01' "$ctx/a"
	chown 1234:1234 "$ctx/a"
	[ "$(build)" = "$first" ]
	chmod 700 "$ctx/a"
	[ "$(build)" != "$first" ]
	[ "$(in_image stat -c '%a %u' /a)" = "700 0" ]
}

@test "only stages that the target needs are built" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1 AS broken
		RUN false
		FROM tiny:1 AS good
		RUN echo good >/which
		FROM good AS last
	D
	build
	[ "$(in_image cat /which)" = good ]
	run build --target broken
	[ "$status" = 1 ]
	[[ $output == *"Dockerfile:2:1: exit code 1"* ]]
}

@test "independent stages run at the same time" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1 AS a
		RUN --mount=type=cache,target=/meet touch /meet/a; for i in $(seq 100); do [ -e /meet/b ] && exit 0; sleep 0.05; done; exit 1
		FROM tiny:1 AS b
		RUN --mount=type=cache,target=/meet touch /meet/b; for i in $(seq 100); do [ -e /meet/a ] && exit 0; sleep 0.05; done; exit 1
		FROM scratch
		COPY --from=a /bin/busybox /a
		COPY --from=b /bin/busybox /b
	D
	build
}

@test "COPY: globs, folders, --from, --chown, --chmod, --link, --parents, --exclude" {
	mkdir -p "$ctx/src/deep"
	touch "$ctx/src/a.c" "$ctx/src/b.c" "$ctx/src/c.h" "$ctx/src/deep/d.c"
	ln -s a.c "$ctx/src/link.c"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1 AS one
		RUN echo x >/made && chown app:staff /made && chmod 640 /made
		FROM tiny:1
		COPY src/*.c /globbed/
		COPY src /whole
		COPY --chown=app:staff --chmod=711 src/a.c /owned
		COPY --chown=1234 src/a.c /numeric
		COPY --from=one /made /kept
		COPY --link src/c.h /linked/
		COPY --parents src/./deep/d.c /parents/
		COPY --exclude=*.h src /excluded/
		COPY --chmod=u=rwX,go=rX src /symbolic/
	D
	build
	[ "$(in_image ls /globbed | tr '\n' ' ')" = "a.c b.c link.c " ]
	[ "$(in_image readlink /whole/link.c)" = a.c ]
	[ "$(in_image stat -c '%a %u %g' /owned)" = "711 1000 50" ]
	[ "$(in_image stat -c '%u %g' /numeric)" = "1234 1234" ]
	[ "$(in_image stat -c '%a %u %g' /kept)" = "640 1000 50" ]
	in_image test -e /linked/c.h
	in_image test -e /parents/deep/d.c
	in_image test ! -e /excluded/c.h
	[ "$(in_image stat -c %a /symbolic/deep /symbolic/a.c | tr '\n' ' ')" = "755 644 " ]
}

@test "COPY follows symlinks of the image and keeps existing folders" {
	echo new >"$ctx/f"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN mkdir -p /real/old && chmod 700 /real && chown app /real && ln -s real /alias
		COPY f /alias/
		COPY f /real
		COPY f /newdir/sub/
	D
	build
	[ "$(in_image cat /real/f)" = new ]
	[ "$(in_image stat -c '%a %u' /real)" = "700 1000" ]
	in_image test -d /real/old
	[ "$(in_image cat /newdir/sub/f)" = new ]
	in_image test -L /alias
}

@test ".dockerignore hides files, and Dockerfile.dockerignore wins" {
	mkdir -p "$ctx/keep" "$ctx/drop"
	touch "$ctx/keep/a" "$ctx/drop/b" "$ctx/drop/c.txt"
	printf 'drop\n!drop/c.txt\n' >"$ctx/.dockerignore"
	printf 'FROM tiny:1\nCOPY . /all\n' >"$ctx/Dockerfile"
	build
	in_image test -e /all/keep/a
	in_image test ! -e /all/drop/b
	in_image test -e /all/drop/c.txt
	run knarr build --list-context "$ctx"
	[ "$output" = $'.dockerignore\nDockerfile\ndrop/c.txt\nkeep/a' ]
	printf 'keep\n' >"$ctx/Dockerfile.dockerignore"
	build
	in_image test ! -e /all/keep/a
	in_image test -e /all/drop/b
}

@test "ADD unpacks archives, COPY does not" {
	mkdir "$BATS_TEST_TMPDIR/in"
	echo inside >"$BATS_TEST_TMPDIR/in/f"
	tar -C "$BATS_TEST_TMPDIR/in" -czf "$ctx/a.tgz" .
	printf 'FROM tiny:1\nADD a.tgz /added/\nCOPY a.tgz /copied/\n' >"$ctx/Dockerfile"
	build
	[ "$(in_image cat /added/f)" = inside ]
	in_image test -e /copied/a.tgz
}

@test "heredocs: scripts, files, expansion" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		ARG who=me
		RUN <<EOF
		set -e
		echo one >/log
		echo two >>/log
		EOF
		COPY <<EOF <<"RAW" /files/
		for $who
		EOF
		for $who
		RAW
	D
	build
	[ "$(in_image cat /log)" = $'one\ntwo' ]
	[ "$(in_image cat /files/EOF)" = "for me" ]
	[ "$(in_image cat /files/RAW)" = 'for $who' ]
}

@test "ARG scopes, build-args, and variables in every place" {
	cat >"$ctx/Dockerfile" <<-'D'
		ARG base=tiny
		ARG tag=wrong
		FROM ${base}:${tag}
		ARG tag
		ARG name=def
		ENV FULL=${name}-${tag:-none}
		LABEL l=$FULL
		RUN echo "$FULL $name" >/out
	D
	build --build-arg tag=1 --build-arg name=given
	[ "$(in_image cat /out)" = "given-1 given" ]
	[ "$(knarr image inspect t:1 | json '.[0].image.config.Labels.l')" = given-1 ]
}

@test "config: ENTRYPOINT resets CMD, HEALTHCHECK, EXPOSE, VOLUME, STOPSIGNAL, ONBUILD" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1 AS base
		CMD ["gone"]
		ONBUILD RUN echo triggered >/trigger
		FROM base
		ENTRYPOINT ["/bin/sh"]
		EXPOSE 80 53/udp
		VOLUME /data
		STOPSIGNAL SIGINT
		HEALTHCHECK --interval=5s --timeout=2s --retries=3 CMD true
	D
	build
	c=$(knarr image inspect t:1 | json '.[0].image.config')
	[ "$(echo "$c" | json .Entrypoint[0])" = /bin/sh ]
	[ "$(echo "$c" | json '.Cmd // "none"')" = none ]
	[ "$(echo "$c" | json '.ExposedPorts | keys | join(" ")')" = "53/udp 80/tcp" ]
	[ "$(echo "$c" | json '.Healthcheck.Test | join(" ")')" = "CMD-SHELL true" ]
	[ "$(echo "$c" | json .Healthcheck.Interval)" = 5000000000 ]
	[ "$(echo "$c" | json .StopSignal)" = SIGINT ]
}

@test "ONBUILD of a base image runs in the image built from it" {
	printf 'FROM tiny:1\nONBUILD RUN echo triggered >/trigger\n' >"$ctx/Dockerfile"
	knarr build -q -t trigger:1 "$ctx"
	printf 'FROM trigger:1\n' >"$ctx/Dockerfile"
	build
	[ "$(in_image cat /trigger)" = triggered ]
	[ "$(knarr image inspect t:1 | json '.[0].image.config.OnBuild // "none"')" = none ]
}

@test "secrets are readable in their step and nowhere else" {
	echo s3cr3t-value >"$BATS_TEST_TMPDIR/secret"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN --mount=type=secret,id=tok cat /run/secrets/tok | wc -c >/length
		RUN test ! -e /run/secrets/tok
	D
	build --secret id=tok,src="$BATS_TEST_TMPDIR/secret"
	[ "$(in_image cat /length)" = 13 ]
	run ! in_image test -e /run/secrets
	run ! grep -rqF s3cr3t-value "$KNARR_ROOT"
	run build --no-cache
	[ "$status" = 0 ]
}

@test "a required secret that was not given is an error with a hint" {
	printf 'FROM tiny:1\nRUN --mount=type=secret,id=tok,required=true true\n' >"$ctx/Dockerfile"
	run build
	[ "$status" = 1 ]
	[[ $output == *"Dockerfile:2:1: "*"secret 'tok' is required"* ]]
	[[ $output == *"hint: knarr build --secret id=tok"* ]]
}

@test "cache mounts persist between builds, tmpfs and bind mounts leave nothing" {
	echo data >"$ctx/bound"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		ARG n
		RUN --mount=type=cache,target=/c echo $n >>/c/log && cat /c/log >/seen
		RUN --mount=type=tmpfs,target=/scratch touch /scratch/x
		RUN --mount=type=bind,target=/ctx cat /ctx/bound >/bound && ! touch /ctx/y
	D
	build --build-arg n=1
	build --build-arg n=2
	[ "$(in_image cat /seen)" = $'1\n2' ]
	[ "$(in_image cat /bound)" = data ]
	in_image test ! -e /scratch/x
	in_image test ! -e /ctx/bound
}

@test "RUN --network=none has no network" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN --network=none ip -o link | grep -v ' lo:' | wc -l >/links
	D
	build
	[ "$(in_image cat /links)" = 0 ]
}

@test "what RUN deletes is gone, and leaves whiteouts for others to read" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN mkdir /d && touch /d/a /d/b
		RUN rm /d/a && rm -r /usr && mkdir /usr && touch /usr/new
	D
	build
	in_image test ! -e /d/a
	in_image test -e /d/b
	[ "$(in_image ls /usr)" = new ]
}

@test "outputs: oci folder and archive, docker archive, local, tar, stdout" {
	printf 'FROM scratch\nCOPY Dockerfile /f\n' >"$ctx/Dockerfile"
	out=$BATS_TEST_TMPDIR/out
	knarr build -q -t t:1 -o "type=oci,tar=false,dest=$out-oci" "$ctx"
	knarr build -q -t t:1 -o "type=oci,dest=$out.oci.tar" "$ctx"
	knarr build -q -t t:1 -o "type=docker,dest=$out.docker.tar" "$ctx"
	knarr build -q -o "$out-local" "$ctx"
	knarr build -q -o "type=tar,dest=$out.tar" "$ctx"
	knarr build -q -o - "$ctx" >"$out.stdout.tar"
	knarr image check "$out-oci"
	cmp "$ctx/Dockerfile" "$out-local/f"
	[ "$(tar -tf "$out.tar" f)" = f ]
	cmp "$out.tar" "$out.stdout.tar"
	tar -tf "$out.oci.tar" | grep -qx oci-layout
	tar -tf "$out.docker.tar" | grep -qx manifest.json
}

@test "compression: zstd and uncompressed layers have the same content" {
	printf 'FROM scratch\nCOPY Dockerfile /f\n' >"$ctx/Dockerfile"
	for c in gzip zstd uncompressed; do
		knarr build -q -o "type=oci,tar=false,dest=$BATS_TEST_TMPDIR/$c,compression=$c" "$ctx"
		knarr image check "$BATS_TEST_TMPDIR/$c"
	done
	types=$(cat "$BATS_TEST_TMPDIR"/{gzip,zstd,uncompressed}/blobs/sha256/* | grep -ao 'layer.v1.tar[+a-z]*' | sort -u | tr '\n' ' ')
	[ "$types" = "layer.v1.tar layer.v1.tar+gzip layer.v1.tar+zstd " ]
}

@test "context on standard input: an archive, or a Dockerfile alone" {
	echo data >"$ctx/f"
	printf 'FROM tiny:1\nCOPY f /f\n' >"$ctx/Dockerfile"
	tar -C "$ctx" -cf - . | knarr build -q -t t:1 -
	[ "$(in_image cat /f)" = data ]
	printf 'FROM tiny:1\nRUN echo alone >/f\n' | knarr build -q -t t:1 -
	[ "$(in_image cat /f)" = alone ]
	printf 'FROM tiny:1\nCOPY f /g\n' | knarr build -q -t t:1 -f - "$ctx"
	[ "$(in_image cat /g)" = data ]
}

@test "build --print shows expanded words and runs nothing" {
	printf 'FROM tiny:1\nARG v=1\nENV A=$v\nRUN echo $A\nCOPY x-$A /y\n' >"$ctx/Dockerfile"
	run knarr build --print --build-arg v=7 "$ctx"
	[ "$status" = 0 ]
	[ "$(echo "$output" | json '.stages[0].steps[1].sources[0]')" = x-7 ]
	[ "$(echo "$output" | json '.stages[0].config.config.Env | index("A=7") != null')" = true ]
}

@test "build --explain says what changed" {
	echo explained-1 >"$ctx/a"
	printf 'FROM tiny:1\nCOPY a /a\n' >"$ctx/Dockerfile"
	build
	echo explained-2 >"$ctx/a"
	run knarr build --progress plain --explain -t t:1 "$ctx"
	[[ $output == *"cache miss: changed a"* ]]
}

@test "build --check finds what a careful reader would" {
	printf 'FROM tiny:1 as x\nCMD echo hi\n' >"$ctx/Dockerfile"
	run knarr build --check "$ctx"
	[ "$status" = 1 ]
	[[ $output == *"FromAsCasing"* ]]
	[[ $output == *"JSONArgsRecommended"* ]]
}

@test "broken Dockerfiles: one line with file, line and column, and a hint; nothing stays" {
	cases=(
		$'FRM tiny:1|1:1|unknown instruction'
		$'FROM tiny:1\nCOPY missing /x|2:1|missing'
		$'FROM tiny:1\nRUN --mount=type=nope x|2:|type'
		$'FROM tiny:1 AS a\nCOPY --from=later / /\nFROM tiny:1 AS later\nFROM a|2:|later'
		$'FROM tiny:1\nRUN exit 7|2:1|exit code 7'
		$'FROM tiny:1\nENV A=${|2:|'
		$'# syntax=evil/frontend\nFROM tiny:1|1:|foreign front end'
	)
	for c in "${cases[@]}"; do
		IFS='|' read -r -d '' text where words <<<"$c|" || true
		words=${words%%|*}
		printf '%s\n' "$text" >"$ctx/Dockerfile"
		run build
		[ "$status" = 1 ] || { echo "status $status for: $text"; false; }
		[[ $output == *"Dockerfile:$where"* ]] || { echo "no place in: $output"; false; }
		[[ $output == *"${words%$'\n'}"* ]] || { echo "no '$words' in: $output"; false; }
	done
	leaves_nothing "$KNARR_ROOT"
}

@test "^C and kill -9 during RUN leave no process, mount or file; the next build works" {
	printf 'FROM tiny:1\nRUN touch /started; sleep 300\n' >"$ctx/Dockerfile"
	for signal in INT KILL; do
		"$KNARR" build -q -t t:1 "$ctx" 3>&- &
		pid=$!
		for _ in $(seq 200); do pgrep -f 'sleep 300' >/dev/null && break; sleep 0.05; done
		pgrep -f 'sleep 300' >/dev/null
		kill -$signal $pid
		wait $pid || true
		for _ in $(seq 100); do pgrep -f 'sleep 300' >/dev/null || break; sleep 0.05; done
		run ! pgrep -f 'sleep 300' >/dev/null
		run ! grep -F "$KNARR_ROOT" /proc/self/mountinfo
		printf 'FROM tiny:1\nRUN echo after-%s\n' $signal >"$BATS_TEST_TMPDIR/D"
		knarr build -q -f "$BATS_TEST_TMPDIR/D" "$ctx"
	done
	knarr gc
	leaves_nothing "$KNARR_ROOT"
}

@test "two builds of the same step at once do it once" {
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN --mount=type=cache,target=/c echo ran >>/c/runs; sleep 1
		RUN --mount=type=cache,target=/c wc -l </c/runs >/n
	D
	knarr build -q -t one:1 "$ctx" 3>&- &
	knarr build -q -t two:1 "$ctx" 3>&- &
	wait
	[ "$(knarr run --rm one:1 cat /n)" = 1 ]
	[ "$(knarr run --rm two:1 cat /n)" = 1 ]
}

@test "force-compression: layers of others get their own bytes in the new compression" {
	printf 'FROM tiny:1\nRUN echo x >/x\n' >"$ctx/Dockerfile"
	knarr build -q --output "type=oci,dest=$BATS_TEST_TMPDIR/z.tar,compression=zstd,force-compression=true" "$ctx"
	knarr --root "$BATS_TEST_TMPDIR/root" copy "oci-archive:$BATS_TEST_TMPDIR/z.tar" local:z:1
	run knarr --root "$BATS_TEST_TMPDIR/root" image inspect z:1
	[ "$(echo "$output" | json '[.[0].manifest.layers[].mediaType | endswith("zstd")] | all')" = true ]
	[ "$(KNARR_ROOT=$BATS_TEST_TMPDIR/root knarr run z:1 cat /x)" = x ]
}

@test "a step sees the times that the layer below has, pulled or built here" {
	printf 'FROM tiny:1\nRUN touch /made\nRUN stat -c %%Y /made >/time\n' >"$ctx/Dockerfile"
	build
	[ "$(in_image cat /time)" = 315532800 ]
}
