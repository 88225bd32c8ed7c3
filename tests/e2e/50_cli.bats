# The command line: every command's answer, its errors, its exit code, and what it leaves behind.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root DOCKER_CONFIG=$BATS_FILE_TMPDIR/docker
	tiny_image
	serve_start "$BATS_FILE_TMPDIR/hub"
}
teardown_file() { serve_stop; }
setup() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
	here=127.0.0.1:$SERVE_PORT
	t=$BATS_TEST_TMPDIR
}

# A store of the test's own, with tiny:1 in it.
own_store() {
	export KNARR_ROOT=$t/root
	knarr -q image import "$BATS_FILE_TMPDIR/tiny.tar" tiny:1 >/dev/null
}
# The digest that a name stands for.
digest() { knarr image inspect "$1" | json '.[0].digest'; }
# The command fails with this status, says all the words on stderr, and nothing on stdout.
fails() { # fails STATUS WORDS… -- COMMAND…
	local want=$1 words=() word
	shift
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	run --separate-stderr "$@"
	[ "$status" = "$want" ] || { echo "status $status of: $*"; echo "$stderr"; return 1; }
	[ -z "$output" ] || { echo "on stdout: $output"; return 1; }
	for word in "${words[@]}"; do
		[[ $stderr == *"$word"* ]] || { echo "no '$word' in: $stderr"; return 1; }
	done
}
# One JSON value or more on stdout.
says_json() {
	run --separate-stderr "$@"
	[ "$status" = 0 ] || { echo "status $status of: $*"; echo "$stderr"; return 1; }
	[ -n "$output" ] && jq . >/dev/null <<<"$output" || { echo "no JSON: $output"; return 1; }
}

@test "help goes to stdout, for every command and its parts" {
	for words in "" help --help -h; do
		run --separate-stderr knarr $words
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		[[ $output == *"knarr COMMAND --help"* ]]
	done
	for command in $(knarr --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		run --separate-stderr knarr "$command" --help
		[ "$status" = 0 ] || { echo "$command: $stderr"; false; }
		[ -z "$stderr" ]
		[[ $output == "usage: knarr $command"* ]]
	done
	for words in "image ls" "image rm" "image import" "token create" "dockerfile parse"; do
		knarr $words --help | grep -q "^usage: knarr $words"
	done
	[ "$(knarr --version)" = "$(knarr version)" ]
	[ "$(knarr -v)" = "$(knarr version)" ]
}

@test "what is mistyped is refused with status 2 and what was meant" {
	fails 2 "unknown command 'biuld'" "did you mean knarr build?" -- knarr biuld .
	fails 2 "unknown command 'frobnicate'" "knarr --help" -- knarr frobnicate
	fails 2 "unknown command 'image lst'" "did you mean knarr image ls?" -- knarr image lst
	fails 2 "'image' needs a command" -- knarr image
	fails 2 "unknown option '--frmat'" "did you mean --format?" -- knarr --frmat json version
	fails 2 "unknown option '--tagg'" "did you mean --tag?" -- knarr build --tagg x .
	fails 2 "unknown option '-Z'" "knarr image ls --help" -- knarr image ls -Z
	fails 2 "'--root' needs a value: DIR" -- knarr --root
	fails 2 "unknown format 'yaml'" -- knarr image ls --format yaml
	fails 2 "unknown progress 'fancy'" -- knarr --progress fancy build "$t"
	fails 2 "at least 2 arguments" "usage: knarr tag" -- knarr tag tiny:1
	fails 2 "at most 2 arguments" -- knarr copy a b c
}

@test "global options stand before and after the command" {
	[ "$(knarr --format json version)" = "$(knarr version --format=json)" ]
	[ "$(knarr -q image ls)" = "$(knarr image ls -q)" ]
	[ "$(KNARR_ROOT=/nowhere knarr --root "$KNARR_ROOT" image ls)" = "$(knarr image ls)" ]
	[ "$(KNARR_ROOT=/nowhere knarr image ls --root="$KNARR_ROOT")" = "$(knarr image ls)" ]
}

@test "the answer that cannot be written is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	for command in "image ls" "--help" "version" "expr 1+1" "image ref debian"; do
		run bash -c "\"$KNARR\" $command 2>&1 >/dev/full"
		[ "$status" = 1 ] || { echo "status $status of: $command"; false; }
		[[ $output == *"knarr: write to stdout: No space left"* ]]
	done
}

@test "image ls, inspect, history, tag and rm" {
	own_store
	id=$(knarr image inspect tiny:1 | json '.[0].id')
	short=${id#sha256:}
	knarr tag tiny:1 other:2 ghcr.io/me/app
	run --separate-stderr knarr image ls
	[ "${#lines[@]}" = 4 ]
	[ -z "$stderr" ]
	[[ $output == *"ghcr.io/me/app "*latest*"${short:0:12}"* ]]
	[ "$(knarr image ls -q | sort -u)" = "$id" ]
	says_json knarr image ls --format json
	[ "$(jq -r '.[].name' <<<"$output" | sort | tr '\n' ' ')" = "docker.io/library/other:2 docker.io/library/tiny:1 ghcr.io/me/app:latest " ]
	says_json knarr image inspect "${short:0:8}" other:2
	[ "$(jq -r 'map(.digest) | unique | length' <<<"$output")" = 1 ]
	says_json knarr image history --format json tiny:1
	[ "$(jq length <<<"$output")" = "$(knarr image history tiny:1 | wc -l)" ]
	[ "$(knarr image rm other:2)" = "Untagged: other:2" ]
	fails 1 "no image 'other:2' here" "knarr pull other:2" -- knarr image inspect other:2
	fails 1 "no image" -- knarr image rm other:2
	says_json knarr image rm --format json tiny:1
	[ "$output" = '{"untagged":["tiny:1"]}' ]
	knarr image rm "$id" # the last name with it
	[ -z "$(knarr image ls -q)" ]
}

@test "import and export bring the same image back, by file and by pipe" {
	own_store
	want=$(digest tiny:1)
	for place in oci-archive:$t/a.tar oci:$t/layout; do
		knarr image export tiny:1 "$place"
		[ "$(knarr --root "$t/back" image import "$place" back:1)" = "$want" ]
		says_json knarr --root "$t/json" image import --format json "$place" back:1
		[ "$(jq -r .digest <<<"$output")" = "$want" ]
	done
	knarr image check "$t/layout"
	knarr image export tiny:1 "$t/docker.tar" # docker's form
	tar -tf "$t/docker.tar" | grep -qx manifest.json
	knarr --root "$t/docker" image import "docker-archive:$t/docker.tar"
	[ "$(knarr --root "$t/docker" run --rm tiny:1 echo same)" = same ]
	knarr image export tiny:1 - >"$t/piped.tar"
	cmp "$t/piped.tar" "$t/docker.tar"
	[ "$(knarr --root "$t/files" -q image import - tiny:1 <"$BATS_FILE_TMPDIR/tiny.tar")" = "$want" ]
	fails 2 "needs a name" -- knarr image import "$t/docker.tar"
	fails 1 "No such file" -- knarr image import "oci:$t/missing" x:1
	echo "no archive" >"$t/text"
	fails 1 "$t/text" -- knarr -q image import "$t/text" x:1
	fails 1 "no image" -- knarr image export missing:1 "$t/x.tar"
	[ ! -e "$t/x.tar" ]
	leaves_nothing "$KNARR_ROOT"
}

@test "copy between this machine, layouts, archives and a registry keeps the digest" {
	own_store
	want=$(digest tiny:1)
	printf %s "$SERVE_TOKEN" | knarr login "$here" -u admin --password-stdin
	chain=(local:tiny:1 "oci:$t/a:v1" "oci-archive:$t/b.tar:v1" "local:from-archive:1"
		"docker://$here/me/copied:1" "$here/me/again:1" "oci:$t/c:v2" local:back:1)
	local from=${chain[0]} to
	for to in "${chain[@]:1}"; do
		run --separate-stderr knarr -q copy "$from" "$to"
		[ "$status" = 0 ] || { echo "$from to $to: $stderr"; false; }
		[ "$output" = "$want" ]
		from=$to
	done
	[ "$(digest back:1)" = "$want" ]
	knarr -q copy local:tiny:1 "docker-archive:$t/d.tar:tiny:1"
	says_json knarr copy --format json "docker-archive:$t/d.tar" local:docker:1
	[ "$(knarr run --rm docker:1 echo ran)" = ran ]
	fails 1 "no image" -- knarr -q copy local:missing:1 "oci:$t/x"
	fails 1 "nope" -- knarr -q copy "oci:$t/a:nope" local:x:1
}

@test "login keeps tokens where docker does, readable by their owner only" {
	umask 022
	token=$(knarr --root "$BATS_FILE_TMPDIR/hub" token create -s write:packages)
	run --separate-stderr bash -c "printf '%s\n' '$token' | '$KNARR' login $here -u me --password-stdin"
	[ "$status" = 0 ]
	[ "$output" = "Login Succeeded" ]
	[ "$(stat -c %a "$DOCKER_CONFIG/config.json")" = 600 ]
	[ "$(jq -r ".auths[\"$here\"].auth" "$DOCKER_CONFIG/config.json" | base64 -d)" = "me:$token" ]
	fails 2 "exclude each other" -- knarr login "$here" -u me -p x --password-stdin
	fails 2 "no user name given" "--password-stdin" -- knarr login "$here" --password-stdin
	fails 2 "password is empty" -- knarr login "$here" -u me --password-stdin </dev/null
	fails 2 "no password given" -- knarr login "$here" -u me </dev/null
	before=$(cat "$DOCKER_CONFIG/config.json")
	run --separate-stderr bash -c "echo wrong | '$KNARR' login $here -u me --password-stdin"
	[ "$status" = 1 ]
	[[ $stderr == *"$here"* ]]
	[[ $stderr != *wrong-token* ]]
	[ "$(cat "$DOCKER_CONFIG/config.json")" = "$before" ]
	run --separate-stderr knarr logout "$here"
	[ "$output" = "Removed the login for $here" ]
	[ "$(jq -r ".auths[\"$here\"] // \"none\"" "$DOCKER_CONFIG/config.json")" = none ]
	[ "$(knarr logout "$here")" = "Not logged in to $here" ]
	says_json knarr logout --format json "$here"
}

@test "login does not change what others keep in docker's file" {
	mkdir -p "$DOCKER_CONFIG"
	echo '{"credsStore":"","auths":{"ghcr.io":{"auth":"eDp5"}},"currentContext":"x","n":1.50}' >"$DOCKER_CONFIG/config.json"
	printf %s "$SERVE_TOKEN" | knarr login "$here" -u admin --password-stdin
	[ "$(jq -r '.auths["ghcr.io"].auth + .currentContext' "$DOCKER_CONFIG/config.json")" = eDp5x ]
	knarr logout "$here"
	[ "$(jq -c .auths "$DOCKER_CONFIG/config.json")" = '{"ghcr.io":{"auth":"eDp5"}}' ]
	echo '{ broken' >"$DOCKER_CONFIG/config.json"
	run --separate-stderr bash -c "printf %s '$SERVE_TOKEN' | '$KNARR' login $here -u admin --password-stdin"
	[ "$status" = 1 ]
	[[ $stderr == *"config.json"* ]]
	[ "$(cat "$DOCKER_CONFIG/config.json")" = '{ broken' ]
}

@test "tokens: made, listed without their text, limited, and revoked at once" {
	hub="--root $BATS_FILE_TMPDIR/hub"
	token=$(knarr $hub token create -s write:packages -u bob --name ci --repositories 'bob/*' --expires 1h)
	run --separate-stderr knarr $hub token ls
	[[ $output == *bob*ci*write:packages* ]]
	[[ $output != *"$token"* ]]
	says_json knarr $hub token ls --format json
	[ "$(jq -r '.[] | select(.name == "ci") | .user + " " + .repositories' <<<"$output")" = "bob bob/*" ]
	id=$(jq -r '.[] | select(.name == "ci") | .id' <<<"$output")
	says_json knarr $hub token create --format json --name json
	[ -n "$(jq -r .token <<<"$output")" ]
	printf %s "$token" | knarr login "$here" -u bob --password-stdin
	knarr -q push tiny:1 "$here/bob/app:1"
	fails 1 "eve/app" -- knarr -q push tiny:1 "$here/eve/app:1"
	knarr $hub token revoke "$id"
	fails 1 "bob/app" -- knarr -q push tiny:1 "$here/bob/app:2"
	fails 1 "" -- knarr $hub token revoke 99999
	fails 2 "--scopes" "read:packages" -- knarr $hub token create -s write:everything
	fails 2 "--expires" -- knarr $hub token create --expires soon
}

@test "push and pull through the own registry" {
	want=$(digest tiny:1)
	printf %s "$SERVE_TOKEN" | knarr login "$here" -u admin --password-stdin
	run --separate-stderr knarr push tiny:1 "$here/me/app:v1"
	[ "$status" = 0 ]
	[ "$output" = "$here/me/app:v1@$want" ]
	says_json knarr push --format json tiny:1 "$here/me/app:v2"
	[ "$(jq -r '.digest + " " + .names[0]' <<<"$output")" = "$want $here/me/app:v2" ]
	export KNARR_ROOT=$t/other
	says_json knarr pull --format json "$here/me/app:v1" "$here/me/app@$want"
	[ "$(jq -rs 'map(.digest) | unique | join(" ")' <<<"$output")" = "$want" ]
	[ "$(knarr run --rm "$here/me/app:v1" echo pulled)" = pulled ]
	knarr logout "$here"
	fails 1 "me/app:v1" -- knarr -q pull "$here/me/app:v1"
	fails 1 "" -- knarr -q pull "127.0.0.1:1/me/app"
	leaves_nothing "$KNARR_ROOT"
}

@test "gc tells, then frees, what nothing refers to" {
	own_store
	knarr -q build -t gone:1 - <<<$'FROM tiny:1\nRUN echo gone >/gone'
	knarr image rm gone:1
	says_json knarr gc --dry-run --format json
	[ "$(jq '.blobs' <<<"$output")" -gt 0 ]
	[ "$(jq '.steps' <<<"$output")" = 0 ]
	[[ $(knarr gc --dry-run) == "would free "* ]]
	before=$(find "$KNARR_ROOT/blobs" -type f | wc -l)
	[ "$(knarr -q build -t gone:1 - <<<$'FROM tiny:1\nRUN echo gone >/gone' | wc -l)" = 1 ]
	knarr image rm gone:1
	[[ $(knarr gc --cache) == "freed "* ]]
	[ "$(find "$KNARR_ROOT/blobs" -type f | wc -l)" -lt "$before" ]
	says_json knarr gc --format json
	[ "$(jq '.blobs + .trees + .temps' <<<"$output")" = 0 ]
	[ "$(knarr run --rm tiny:1 echo alive)" = alive ]
	leaves_nothing "$KNARR_ROOT"
}

@test "gc leaves alone what a running build has" {
	own_store
	mkdir "$t/ctx"
	printf '%s\n' 'FROM tiny:1' 'RUN echo first >/first' \
		'RUN --mount=type=cache,id=meet,target=/meet touch /meet/up; until [ -e /meet/go ]; do sleep 0.02; done' \
		'RUN cat /first' >"$t/ctx/Dockerfile"
	"$KNARR" -q build -t kept:1 "$t/ctx" 3>&- &
	pid=$!
	for _ in $(seq 500); do
		meet=$(find "$KNARR_ROOT" -path '*/up' -name up 2>/dev/null | head -1)
		[ -z "$meet" ] || break
		sleep 0.02
	done
	[ -n "$meet" ]
	knarr image rm tiny:1
	knarr gc --cache
	touch "${meet%/up}/go"
	wait "$pid"
	[ "$(knarr run --rm kept:1 cat /first)" = first ]
	knarr -q scrub
}

@test "scrub finds a flipped byte, says which, and the next pull heals it" {
	own_store
	run --separate-stderr knarr scrub
	[ "$status" = 0 ]
	[[ $output == *" 0 damaged" ]]
	knarr image export tiny:1 "oci-archive:$t/good.tar"
	layer=$(knarr image inspect tiny:1 | json '.[0].manifest.layers[0].digest')
	file=$KNARR_ROOT/blobs/sha256/${layer:7:2}/${layer:7}
	chmod u+w "$file"
	printf X | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
	run --separate-stderr knarr scrub
	[ "$status" = 1 ]
	[[ $output == *" 1 damaged" ]]
	[[ $stderr == *"${layer:7}"* ]]
	knarr -q image import "oci-archive:$t/good.tar" tiny:1
	says_json knarr scrub --format json
	[ "$(jq .damaged <<<"$output")" = 0 ]
}

@test "expr, metadata, dockerfile parse and image ref answer in JSON" {
	echo '{"github":{"ref":"refs/tags/v1.2.3","sha":"0123456789012345678901234567890123456789"}}' >"$t/c.json"
	says_json knarr expr --context "$t/c.json" "github.ref == 'refs/tags/v1.2.3' && 42"
	[[ $output == *42* ]]
	run --separate-stderr knarr expr 'github.'
	[ "$status" = 1 ]
	echo '{"ref":"refs/tags/v1.2.3","sha":"0123456789012345678901234567890123456789","event_name":"push"}' >"$t/e.json"
	says_json knarr metadata --event "$t/e.json" --image ghcr.io/me/app --tag 'type=semver,pattern={{version}}' --now 2026-01-01T00:00:00Z
	[ "$(jq -r '.. | strings | select(. == "ghcr.io/me/app:1.2.3")' <<<"$output" | head -1)" = ghcr.io/me/app:1.2.3 ]
	fails 1 "gone.json" -- knarr metadata --event "$t/gone.json" --image x
	printf 'FROM tiny:1 AS a\nRUN <<EOF\necho x\nEOF\n' >"$t/D"
	says_json knarr dockerfile parse "$t/D"
	says_json knarr dockerfile parse - <"$t/D"
	printf 'FROM\n' >"$t/D"
	printf 'RUN <<EOF\nx\n' >"$t/D"
	fails 1 "$t/D:" -- knarr dockerfile parse "$t/D"
	says_json knarr image ref debian
	run --separate-stderr knarr image ref 'Not/Valid'
	[ "$status" = 1 ]
}

@test "every command that answers knows --format json" {
	own_store
	printf 'FROM tiny:1\nCMD ["x"]\n' >"$t/Dockerfile"
	for command in version doctor "image ls" "image inspect tiny:1" "image history tiny:1" \
		"image ref tiny:1" "token ls" "gc --dry-run" gc scrub "dockerfile parse $t/Dockerfile" \
		"build $t" "build --print $t" "build --check $t" "build --list-context $t" "expr 1"; do
		run --separate-stderr knarr $command --format json
		[ "$status" -le 1 ] || { echo "$command: $stderr"; false; }
		jq . >/dev/null <<<"$output" && [ -n "$output" ] || { echo "$command: $output"; false; }
	done
}

@test "build keeps its answer on stdout and its talk on stderr" {
	printf 'FROM tiny:1\nRUN echo loud; echo louder >&2\n' >"$t/Dockerfile"
	run --separate-stderr knarr build --progress plain --no-cache "$t"
	[ "$status" = 0 ]
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	[[ $stderr == *loud* && $stderr == *louder* ]]
	run --separate-stderr knarr build -q --no-cache "$t"
	[ -z "$stderr" ]
	run --separate-stderr knarr build --progress json --no-cache "$t"
	jq -es 'map(select(.event == "begin")) | length > 0' <<<"$stderr" >/dev/null
	printf 'FROM tiny:1\nRUN echo why; exit 3\n' >"$t/Dockerfile"
	fails 1 "Dockerfile:2:1: exit code 3" why -- knarr build "$t"
}

# ---- run ----

@test "run: the container's status, 126 and 127 as a shell has them" {
	for n in 0 1 37 255; do
		run knarr run --rm tiny:1 sh -c "exit $n"
		[ "$status" = $n ]
	done
	run -127 --separate-stderr knarr run tiny:1 nope
	[[ $stderr == *nope* && -z $output ]]
	run -127 --separate-stderr knarr run tiny:1 /nope
	[[ $stderr == */nope* ]]
	fails 126 /etc/passwd -- knarr run tiny:1 /etc/passwd
	run knarr run tiny:1 sh -c 'sh -c "kill -9 \$\$"; exit $?'
	[ "$status" = 137 ]
	fails 1 "no image" -- knarr run --pull never missing:1 true
	fails 1 "no command" "knarr run tiny:1 COMMAND" -- knarr run tiny:1
	fails 2 "--pull" -- knarr run --pull sometimes tiny:1 true
}

@test "run: stdout and stderr come out apart, stdin goes in with -i only" {
	run --separate-stderr knarr run tiny:1 sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo text | knarr run -i tiny:1 cat)" = text ]
	[ -z "$(echo text | knarr run tiny:1 cat)" ]
	[ "$(head -c 3000000 /dev/zero | knarr run -i tiny:1 wc -c)" = 3000000 ]
}

@test "run: environment, folder, user and entrypoint" {
	export OURS=theirs
	printf '# comment\nFILE=with space\n\nBOTH=file\n' >"$t/env"
	[ "$(knarr run -e A=1 -e B= -e OURS -e UNSET_HERE tiny:1 sh -c 'echo "$A|$B|$OURS|${UNSET_HERE-none}"')" = "1||theirs|none" ]
	[ "$(knarr run --env-file "$t/env" -e BOTH=flag tiny:1 sh -c 'echo "$FILE|$BOTH"')" = "with space|flag" ]
	[ "$(knarr run tiny:1 sh -c 'echo "${OURS-none}"')" = none ]
	[ "$(knarr run -w /tmp tiny:1 pwd)" = /tmp ]
	[ "$(knarr run -w /made/here tiny:1 pwd)" = /made/here ]
	[ "$(knarr run -u app tiny:1 id -u)" = 1000 ]
	[ "$(knarr run -u 5:6 tiny:1 sh -c 'echo $(id -u):$(id -g)')" = 5:6 ]
	fails 1 nobody -- knarr run -u nobody tiny:1 true
	[ "$(knarr run --entrypoint echo tiny:1 a -b)" = "a -b" ]
	[ "$(knarr run --hostname box tiny:1 hostname)" = box ]
	printf '=x\n' >"$t/env"
	fails 1 "$t/env:1:1" -- knarr run --env-file "$t/env" tiny:1 true
}

@test "run: the image's entrypoint, command, user and folder" {
	knarr -q build -t said:1 - <<-'D'
		FROM tiny:1
		ENV WHO=image
		WORKDIR /srv
		USER app
		ENTRYPOINT ["sh", "-c", "echo $WHO $(pwd) $(id -u) $0"]
		CMD ["default"]
	D
	[ "$(knarr run said:1)" = "image /srv 1000 default" ]
	[ "$(knarr run said:1 given)" = "image /srv 1000 given" ]
	[ "$(knarr run -e WHO=flag -u 0 -w / said:1)" = "flag / 0 default" ]
	[ "$(knarr run --entrypoint pwd said:1)" = /srv ]
}

@test "run: volumes, tmpfs and a read-only root" {
	mkdir "$t/v"
	echo hello >"$t/v/f"
	[ "$(knarr run -v "$t/v:/v" tiny:1 sh -c 'cat /v/f; echo back >/v/g')" = hello ]
	[ "$(cat "$t/v/g")" = back ]
	run knarr run -v "$t/v:/v:ro" tiny:1 touch /v/h
	[ "$status" = 1 ]
	[ ! -e "$t/v/h" ]
	run knarr run --read-only tiny:1 touch /x
	[ "$status" = 1 ]
	knarr run --read-only --tmpfs /scratch tiny:1 touch /scratch/x
	knarr run tiny:1 touch /stays-nowhere
	knarr run tiny:1 test ! -e /stays-nowhere
	fails 1 "named volumes" -- knarr run -v name:/v tiny:1 true
	fails 2 "expected /HOST:/INSIDE" -- knarr run -v /only tiny:1 true
	leaves_nothing "$KNARR_ROOT"
}

# Waits for a container to have made this file; sets nothing.
until_exists() {
	for _ in $(seq 500); do [ ! -e "$1" ] || return 0; sleep 0.02; done
	echo "$1 never came"
	return 1
}

@test "run: SIGTERM reaches the program, and its status comes back" {
	mkdir "$t/v"
	"$KNARR" run -v "$t/v:/v" tiny:1 sh -c 'trap "echo caught >/v/said; exit 9" TERM; touch /v/up; while :; do sleep 0.05; done' 3>&- &
	pid=$!
	until_exists "$t/v/up"
	kill -TERM $pid
	wait $pid && status=0 || status=$?
	[ "$status" = 9 ]
	[ "$(cat "$t/v/said")" = caught ]
	leaves_nothing "$KNARR_ROOT"
}

@test "run: kill -9 of knarr leaves no process and no mount" {
	local nap="sleep $((1000000 + BASHPID))" # nobody else's
	mkdir "$t/v"
	"$KNARR" run -v "$t/v:/v" tiny:1 sh -c "touch /v/up; exec $nap" 3>&- &
	pid=$!
	until_exists "$t/v/up"
	kill -KILL $pid
	wait $pid || true
	for _ in $(seq 250); do pgrep -f "$nap" >/dev/null || break; sleep 0.02; done
	run ! pgrep -f "$nap"
	run ! grep -F "$KNARR_ROOT" /proc/self/mountinfo
	[ "$(knarr run tiny:1 echo next)" = next ]
	leaves_nothing "$KNARR_ROOT"
}

# ---- the same everywhere ----

@test "one commit is one image, whoever builds it, where and when" {
	src=$t/one
	cp -r "$BATS_TEST_DIRNAME/../../examples/ktrdr" "$src"
	rm -rf "$src/docker"
	cat >"$src/Dockerfile" <<-'D'
		FROM tiny:1 AS build
		WORKDIR /src
		COPY src/ src/
		COPY Makefile ./
		RUN mkdir /out && cat src/*.c >/out/all && chmod 755 /out/all && hostname >/dev/null
		FROM tiny:1
		COPY --from=build /out/ /app/
		COPY --chown=app src/main.c /app/
		RUN echo "$(id -u)" >/who && mkdir -p /data && touch /data/x
		USER app
		CMD ["cat", "/who"]
	D
	git -C "$src" init -q
	git -C "$src" add -A
	git -C "$src" -c user.name=t -c user.email=t@example.invalid -c commit.gpgsign=false commit -qm one
	build_at() { # build_at STORE FOLDER
		knarr --root "$t/$1" -q image import "$BATS_FILE_TMPDIR/tiny.tar" tiny:1 >/dev/null
		knarr --root "$t/$1" -q build -t out:1 "$2"
	}
	first=$(build_at r1 "$src")
	(umask 077 && git clone -q "$src" "$t/two")
	find "$t/two" -name .git -prune -o -exec touch -h -d '2001-02-03 04:05:06' {} +
	second=$(cd /; umask 077; TZ=Asia/Tokyo build_at r2 "$t/two")
	[ "$second" = "$first" ]
	git clone -q "$src" "$t/deep-er folder"
	[ "$(id -u)" != 0 ] || find "$t/deep-er folder" -exec chown -h 1234:5678 {} +
	third=$(cd "$t/deep-er folder" && TZ=America/New_York LC_ALL=C.UTF-8 LANG=de_DE.UTF-8 HOSTNAME=elsewhere build_at r3 .)
	[ "$third" = "$first" ]
	if unshare --uts true 2>/dev/null; then
		git clone -q "$src" "$t/four"
		fourth=$(export -f build_at knarr; t=$t unshare --uts bash -c "hostname another-host; build_at r4 $t/four")
		[ "$fourth" = "$first" ]
	fi
	git -C "$src" -c user.name=t -c user.email=t@example.invalid -c commit.gpgsign=false commit -q --allow-empty -m two \
		--date=2030-01-01T00:00:00Z
	[ "$(build_at r1 "$src")" != "$first" ] # its time is the image's
}
