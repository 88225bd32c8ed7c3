# knarr workflow: the seeds' files against a server, jobs and what is left of them, refusals.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root
	tiny_image
}
setup() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root
	repo=$BATS_TEST_TMPDIR/repo
	mkdir -p "$repo/.github/workflows"
	git -C "$repo" init -q -b main
	git -C "$repo" remote add origin https://github.com/Me/app.git
}
teardown() { serve_stop; }

commit() { # commit [MESSAGE]
	git -C "$repo" add -A
	git -C "$repo" -c user.name=t -c user.email=t@example.invalid commit -qm "${1:-one}" --allow-empty
}
# workflow : the file's text from standard input, committed
workflow() {
	cat >"$repo/.github/workflows/w.yml"
	commit
}
run_it() { knarr --format json workflow run -q -C "$repo" "$@"; }
# hub : a server, and ghcr.io is it
hub() {
	serve_start "$BATS_TEST_TMPDIR/hub"
	export KNARR_CONFIG=$BATS_TEST_TMPDIR/config.yaml
	printf 'registries:\n  - prefix: ghcr.io\n    location: 127.0.0.1:%s\n    insecure: true\n' \
		"$SERVE_PORT" >"$KNARR_CONFIG"
}
tags() { # tags REPOSITORY
	curl -sf -u "x:$SERVE_TOKEN" "http://127.0.0.1:$SERVE_PORT/v2/$1/tags/list" | jq -r '.tags | sort | join(" ")'
}

@test "the seed's workflow file is the seed's, byte for byte" {
	run sha256sum <"$BATS_TEST_DIRNAME/../../examples/ktrdr/.github/workflows/build-images.yml"
	[ "${output%% *}" = 5facf922404091858eb3501c8b29b9606d275faddaf85b8d9e9af83b56aa1cf9 ]
}

@test "the matrix of the other seed is the seed's, line by line" {
	file=$BATS_TEST_DIRNAME/../../examples/mcp-trader/.github/workflows/build.yml
	run sed -n '/^    strategy:/,/^$/p' "$file"
	diff - <(printf '%s\n' "$output" | sed 's/^    //') <<-'Y'
		strategy:
		  matrix:
		    service:
		      - name: binance-provider
		        context: .
		        dockerfile: ./providers/binance-rs/Dockerfile
		      - name: mcp-gateway
		        context: ./mcp-gateway
		        dockerfile: ./mcp-gateway/Dockerfile
	Y
}

@test "the seed's workflow builds, tags and pushes to the server behind ghcr.io" {
	hub
	cp "$BATS_TEST_DIRNAME/../../examples/ktrdr/.github/workflows/build-images.yml" "$repo/.github/workflows/"
	mkdir -p "$repo/docker/backend"
	printf 'FROM tiny:1\nCOPY version /version\nCMD ["cat", "/version"]\n' >"$repo/docker/backend/Dockerfile"
	echo 1 >"$repo/version"
	git -C "$repo" remote set-url origin https://github.com/me/app.git
	commit
	sha=$(git -C "$repo" rev-parse --short=7 HEAD)
	run -0 --separate-stderr run_it --secret "GITHUB_TOKEN=$SERVE_TOKEN"
	[ "$(echo "$output" | json .result)" = success ]
	digest=$(echo "$output" | json '.jobs["build-backend"].steps[] | select(.name == "Build and push").outputs.digest')
	[ "$(tags me/ktrdr-backend)" = "latest sha-$sha" ]
	# nobody is logged in afterwards, and the token is in nothing that was said or stored
	[[ "$output$stderr" != *"$SERVE_TOKEN"* ]]
	no grep -rqF "$SERVE_TOKEN" "$KNARR_ROOT"
	# another machine
	export KNARR_ROOT=$BATS_TEST_TMPDIR/other DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
	echo "$SERVE_TOKEN" | knarr login ghcr.io -u me --password-stdin
	run -0 knarr pull -q "ghcr.io/me/ktrdr-backend:sha-$sha"
	run -0 knarr run --rm "ghcr.io/me/ktrdr-backend:sha-$sha"
	[ "$output" = 1 ]
	[ "$(knarr --format json pull "ghcr.io/me/ktrdr-backend:latest" 2>/dev/null | json .digest)" = "$digest" ]
}

@test "GITHUB_TOKEN is minted on the server's own store, for the owner's packages, and dies with the job" {
	export KNARR_ROOT=$BATS_TEST_TMPDIR/hub
	hub
	knarr image import "$BATS_FILE_TMPDIR/tiny.tar" tiny:1
	workflow <<-'Y'
		on: push
		permissions: {packages: write}
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps:
		      - uses: actions/checkout@v4
		      - uses: docker/login-action@v3
		        with: {registry: ghcr.io, username: x, password: '${{ github.token }}'}
		      - uses: docker/build-push-action@v6
		        with: {context: ., push: true, tags: 'ghcr.io/me/app:1'}
		      - run: echo "${{ secrets.GITHUB_TOKEN }}" | rev >"$RUNNER_TEMP/x" && echo "it is ${{ secrets.GITHUB_TOKEN }}"
		      - id: kept
		        run: echo "rev=$(cat "$RUNNER_TEMP/x")" >>"$GITHUB_OUTPUT"
		      - uses: docker/build-push-action@v6
		        continue-on-error: true
		        id: foreign
		        with: {context: ., push: true, tags: 'ghcr.io/other/app:1'}
	Y
	printf 'FROM scratch\nCOPY Dockerfile /\n' >"$repo/Dockerfile"
	commit
	run -0 --separate-stderr knarr --format json workflow run -C "$repo" --progress plain
	[ "$(echo "$output" | json '.jobs.a.steps[] | select(.id == "foreign").outcome')" = failure ]
	[[ $stderr == *"it is ***"* ]]
	[ "$(tags me/app)" = 1 ]
	token=$(echo "$output" | json '.jobs.a.steps[] | select(.id == "kept").outputs.rev' | rev)
	[[ $token == knj_* ]]
	sleep 1.1 # how long the server, another process, may remember it
	run curl -s -o /dev/null -w '%{http_code}' -u "x:$token" "http://127.0.0.1:$SERVE_PORT/v2/me/app/tags/list"
	[ "$output" = 401 ]
}

@test "mcp-trader: both services of the matrix build at the same time on one graph" {
	hub
	cp "$BATS_TEST_DIRNAME/../../examples/mcp-trader/.github/workflows/build.yml" "$repo/.github/workflows/"
	git -C "$repo" remote set-url origin https://github.com/me/mcp-trader.git
	mkdir -p "$repo/providers/binance-rs" "$repo/mcp-gateway"
	meet() { # meet MINE THEIRS : a Dockerfile that ends only when the other one runs, too
		cat <<-D
			FROM tiny:1
			COPY only-$1 /
			RUN --mount=type=cache,target=/meet touch /meet/$1; for i in \$(seq 200); do [ -e /meet/$2 ] && exit 0; sleep 0.05; done; exit 1
		D
	}
	meet a b >"$repo/providers/binance-rs/Dockerfile"
	meet b a >"$repo/mcp-gateway/Dockerfile"
	touch "$repo/only-a" "$repo/mcp-gateway/only-b"
	commit
	run -0 --separate-stderr run_it --secret "GITHUB_TOKEN=$SERVE_TOKEN"
	[ "$(echo "$output" | json '.jobs | map(.result) | join(" ")')" = "success success" ]
	[ "$(echo "$output" | json '.jobs | keys[0]')" = "build (binance-provider, ., ./providers/binance-rs/Dockerfile)" ]
	sha=$(git -C "$repo" rev-parse HEAD)
	for name in binance-provider mcp-gateway; do
		[[ " $(tags me/mcp-trader/$name) " == *" latest main sha-$sha "* ]]
	done
}

@test "--dry-run says which commands the actions stand for, and does nothing" {
	cp "$BATS_TEST_DIRNAME/../../examples/ktrdr/.github/workflows/build-images.yml" "$repo/.github/workflows/"
	commit
	sha=$(git -C "$repo" rev-parse --short=7 HEAD)
	export KNARR_ROOT=$BATS_TEST_TMPDIR/nothing
	run -0 --separate-stderr run_it --dry-run --secret GITHUB_TOKEN=x123
	steps=$(echo "$output" | json '.jobs["build-backend"].steps')
	[ "$(echo "$steps" | json '.[2] | [.uses, .command[]] | join(" ")')" = \
		"docker/login-action@v3 login --username knarr --password-stdin ghcr.io" ]
	[ "$(echo "$steps" | json '.[4].command | [.[0], .[-3], .[-2], .[-1]] | join(" ")')" = \
		"build ghcr.io/me/ktrdr-backend:sha-$sha --push ." ]
	[ ! -e "$KNARR_ROOT" ]
}

@test "each job has a throw-away machine: nothing it writes, starts or mounts is left" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps:
		      - run: |
		          touch /etc/knarr-e2e /usr/bin/knarr-e2e "$HOME/x" /var/tmp/knarr-e2e
		          mkdir /mnt/knarr-e2e && mount -t tmpfs none /mnt/knarr-e2e
		          setsid sleep 4242 >/dev/null 2>&1 &
		      - run: test -e /etc/knarr-e2e && test -e "$HOME/x" && pgrep -f 'sleep 4242'
		  b:
		    needs: a
		    runs-on: ubuntu-latest
		    steps:
		      - run: test ! -e /etc/knarr-e2e && test ! -e "$HOME/x" && ! pgrep -f 'sleep 424[2]'
		      - run: test ! -e "$GITHUB_WORKSPACE/.git" && test -z "$(ls -A "$GITHUB_WORKSPACE")"
		      - run: test -z "$(ls -A '${{ env.ROOT }}' | grep -v runs)"
		        env: {ROOT: here}
	Y
	sed -i "s#ROOT: here#ROOT: $KNARR_ROOT#" "$repo/.github/workflows/w.yml"
	commit
	run -0 --separate-stderr run_it
	[ ! -e /etc/knarr-e2e ] && [ ! -e /var/tmp/knarr-e2e ] && [ ! -e /mnt/knarr-e2e ]
	no pgrep -f 'sleep 424[2]'
	leaves_nothing "$KNARR_ROOT"
	[ -z "$(find "$KNARR_ROOT/runs" -mindepth 1 -type d)" ]
}

@test "a job runs in an image when its label says so" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: tiny
		    steps:
		      - uses: actions/checkout@v4
		      - run: ls -d /etc/debian_version || echo "no debian"; ls -A | head -1; readlink /bin/sh
	Y
	run -0 --separate-stderr knarr workflow run -C "$repo" --progress plain --runner tiny=tiny:1
	[[ $stderr == *"no debian"* && $stderr == *.git* && $stderr == *busybox* ]]
	run -1 --separate-stderr knarr workflow run -C "$repo" --progress plain
	[[ $stderr == *"w.yml:4:"*"no runner for 'runs-on: tiny'"* ]]
}

@test "^C stops jobs and their processes, always() steps still run, nothing is left" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps:
		      - run: sleep 4343
		      - run: echo never
		      - if: always()
		        run: echo cleaned-up
		  b:
		    needs: a
		    runs-on: ubuntu-latest
		    steps: [{run: echo never}]
	Y
	"$KNARR" --format json workflow run -C "$repo" --progress plain >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	for _ in $(seq 200); do pgrep -f 'sleep 434[3]' >/dev/null && break; sleep 0.05; done
	kill -INT $pid
	code=0
	wait $pid || code=$?
	[ "$code" = 130 ]
	no pgrep -f 'sleep 434[3]'
	grep -q cleaned-up "$BATS_TEST_TMPDIR/err"
	no grep -qE '^#[0-9]+ [0-9.]+ never$' "$BATS_TEST_TMPDIR/err"
	[ "$(json '[.result, .jobs.a.result, .jobs.b.result] | join(" ")' <"$BATS_TEST_TMPDIR/out")" = "cancelled cancelled cancelled" ]
	leaves_nothing "$KNARR_ROOT"
}

@test "kill -9 leaves no process and no mount; gc or the next run sweeps the folders" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps: [{run: "touch made; [ -n \"$QUICK\" ] || sleep 4444"}]
	Y
	killed() {
		"$KNARR" workflow run -q -C "$repo" 3>&- &
		pid=$!
		for _ in $(seq 200); do pgrep -f 'sleep 444[4]' >/dev/null && break; sleep 0.05; done
		kill -KILL $pid
		wait $pid || true
		for _ in $(seq 100); do pgrep -f 'sleep 444[4]' >/dev/null || break; sleep 0.05; done
		no pgrep -f 'sleep 444[4]'
		no grep -F "$KNARR_ROOT" /proc/self/mountinfo
	}
	killed
	[ -n "$(find "$KNARR_ROOT/runs" -mindepth 1 -type d)" ]
	[ "$(knarr --format json gc -q | json .runs)" = 1 ]
	[ -z "$(find "$KNARR_ROOT/runs" -mindepth 1 -type d)" ]
	killed
	echo QUICK=1 >"$BATS_TEST_TMPDIR/env"
	run -0 run_it --env-file "$BATS_TEST_TMPDIR/env"
	[ -z "$(find "$KNARR_ROOT/runs" -mindepth 1 -type d)" ]
	leaves_nothing "$KNARR_ROOT"
}

@test "secrets never reach the screen, the answer or the store, whatever their form" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps:
		      - env: {S: '${{ secrets.PASS }}'}
		        run: |
		          echo "plain $S"; echo -n "$S" | base64; echo "x$S" | base64
		          for i in $(seq 0 ${#S}); do printf %s "${S:$i:1}"; sleep 0.005; done; echo
		          echo "::warning::$S"; echo "### $S" >>"$GITHUB_STEP_SUMMARY"
		          echo "o=$S" >>"$GITHUB_OUTPUT"; ls "/$S" || true
		      - run: echo '${{ secrets.PASS }}' && exit 3
		        name: uses ${{ secrets.PASS }}
	Y
	export PASS='hunter2 "quoted" & more'
	run -1 --separate-stderr knarr --format json workflow run -C "$repo" --progress plain --secret PASS
	[[ "$output$stderr" != *hunter2* ]]
	[[ "$output$stderr" != *"$(printf %s "$PASS" | base64)"* ]]
	[[ "$output$stderr" != *"$(printf %s "x$PASS" | base64 | head -c 20)"* ]]
	[[ $stderr == *"plain ***"* ]]
	no grep -rqF hunter2 "$KNARR_ROOT"
}

@test "workflow_dispatch: typed inputs, defaults, and what is refused" {
	workflow <<-'Y'
		on:
		  workflow_dispatch:
		    inputs:
		      env: {type: choice, options: [dev, prod], default: dev}
		      count: {type: number, default: 2}
		      force: {type: boolean}
		      note: {required: true}
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    outputs: {all: '${{ steps.x.outputs.all }}'}
		    steps:
		      - id: x
		        run: echo 'all=${{ inputs.env }} ${{ inputs.count }} ${{ inputs.force }} ${{ github.event.inputs.note }}' >>$GITHUB_OUTPUT
	Y
	run -0 --separate-stderr run_it --event workflow_dispatch --input note=hi --input env=prod
	[ "$(echo "$output" | json .jobs.a.outputs.all)" = "prod 2 false hi" ]
	run -1 --separate-stderr run_it --event workflow_dispatch
	[[ $stderr == *"Required input 'note' not provided"* ]]
	run -1 --separate-stderr run_it --event workflow_dispatch --input note=x --input env=stage
	[[ $stderr == *"input 'env': expected one of its options"* ]]
	run -1 --separate-stderr run_it --event workflow_dispatch --input note=x --input nope=1
	[[ $stderr == *"Unexpected inputs provided"* ]]
}

@test "which files an event starts: branches, paths, and files that were named" {
	for name in main other path; do
		cat >"$repo/.github/workflows/$name.yml" <<-Y
			on: {push: {branches: [$name]}}
			jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}
		Y
	done
	sed -i 's/branches: .path./paths: ["docs\/**"]/' "$repo/.github/workflows/path.yml"
	commit
	run -0 --separate-stderr run_it
	[ "$(echo "$output" | json '.jobs | keys | join(" ")')" = a ]
	mkdir "$repo/docs" && touch "$repo/docs/x" && commit two
	run -0 --separate-stderr run_it
	[ "$(echo "$output" | json '[.workflows[].file] | join(" ")')" = ".github/workflows/main.yml .github/workflows/path.yml" ]
	run -0 --separate-stderr run_it -W .github/workflows/other.yml
	[[ $stderr == *"runs because it was named"* ]]
	run -1 --separate-stderr run_it -W .github/workflows/other.yml --event workflow_dispatch
	[[ $stderr == *"does not run on 'workflow_dispatch' but on: push"* ]]
	run -0 --separate-stderr run_it --event pull_request
	[[ $stderr == *"nothing to run"* ]]
}

@test "workflow check: every error with place, message and hint; show: the model" {
	printf 'on: push\njobs:\n  a:\n    runs-on: x\n    stepps: []\n  b:\n    needs: nobody\n    runs-on: x\n    steps:\n      - run: echo ${{ githbu.ref }}\n' >"$BATS_TEST_TMPDIR/bad.yml"
	run -1 --separate-stderr knarr workflow check "$BATS_TEST_TMPDIR/bad.yml"
	[[ $output == *"bad.yml:5:5: Unexpected value 'stepps'"* ]]
	[[ $output == *"bad.yml:10:"*"githbu"* ]]
	run -1 --separate-stderr knarr --format json workflow check "$BATS_TEST_TMPDIR/bad.yml"
	[ "$(echo "$output" | json '.[0] | [.severity, .line, .col] | join(" ")')" = "error 5 5" ]
	run -1 --separate-stderr knarr workflow run -C "$repo" -W "$BATS_TEST_TMPDIR/bad.yml"
	[[ $stderr == *"bad.yml:5:5: "* ]]
	good=$BATS_TEST_DIRNAME/../../examples/ktrdr/.github/workflows/build-images.yml
	run -0 knarr workflow check "$good"
	run -0 knarr workflow show "$good"
	[ "$(echo "$output" | json '.jobs[0].steps[3].id')" = meta ]
}

@test "what is not supported is refused with its place and a hint before anything runs" {
	cases=(
		'    services: {db: {image: x}}|5:15|services'
		'    container: debian|5:16|container'
		'    strategy: {matrix: {a: [1]}}|x|'
	)
	for c in "${cases[@]:0:2}"; do
		IFS='|' read -r line place word <<<"$c"
		printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n%s\n    steps:\n      - run: touch /ran\n' "$line" |
			workflow
		run -1 --separate-stderr run_it
		[[ $stderr == *"w.yml:$place: job 'a': '$word' is not supported"*hint:* ]] || { echo "$stderr"; false; }
	done
	for uses in actions/setup-node@v4 docker://alpine; do
		printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ran\n      - uses: %s\n' "$uses" |
			workflow
		run -1 --separate-stderr run_it
		[[ $stderr == *"w.yml:7:9: action '$uses' is not supported"*hint:* ]] || { echo "$stderr"; false; }
		[[ $stderr != *" ran"* ]]
	done
	printf 'on: push\njobs:\n  a:\n    uses: ./.github/workflows/other.yml\n' | workflow
	run -1 --separate-stderr run_it
	[[ $stderr == *"calling another workflow is not supported"* ]]
}

@test "a failing build fails its step at the place in the Dockerfile, and later steps are skipped" {
	workflow <<-'Y'
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    steps:
		      - uses: actions/checkout@v4
		      - uses: docker/build-push-action@v6
		        with: {context: ., tags: 'x:1'}
		      - run: echo never
	Y
	printf 'FROM tiny:1\nRUN exit 7\n' >"$repo/Dockerfile"
	commit
	run -1 --separate-stderr knarr --format json workflow run -C "$repo" --progress plain
	[[ $stderr == *"Dockerfile:2:1: exit code 7"* ]]
	[ "$(echo "$output" | json '[.jobs.a.steps[].outcome] | join(" ")')" = "success failure skipped" ]
}

@test "a build of a job reads nothing outside its workspace and none of our environment" {
	echo outside-secret >"$BATS_TEST_TMPDIR/outside"
	cat >"$repo/.github/workflows/w.yml" <<-Y
		on: push
		jobs:
		  a:
		    runs-on: ubuntu-latest
		    strategy:
		      fail-fast: false
		      matrix:
		        with:
		          - {context: '$BATS_TEST_TMPDIR'}
		          - {context: ., file: '$BATS_TEST_TMPDIR/outside'}
		          - {context: ./link}
		          - {context: ., secret-files: 'tok=$BATS_TEST_TMPDIR/outside'}
		          - {context: ., outputs: 'type=local,dest=/tmp/knarr-e2e-out'}
		          - {context: ., build-args: 'OURS', secret-envs: 'tok=OURS'}
		    steps:
		      - uses: actions/checkout@v4
		      - uses: docker/build-push-action@v6
		        with:
		          context: \${{ matrix.with.context }}
		          file: \${{ matrix.with.file }}
		          outputs: \${{ matrix.with.outputs }}
		          secret-files: \${{ matrix.with.secret-files }}
		          secret-envs: \${{ matrix.with.secret-envs }}
		          build-args: \${{ matrix.with.build-args }}
	Y
	printf 'FROM tiny:1\nARG OURS=none\nRUN --mount=type=secret,id=tok test "$OURS" = none && test ! -e /run/secrets/tok\n' >"$repo/Dockerfile"
	ln -s "$BATS_TEST_TMPDIR" "$repo/link"
	commit
	OURS=mine run --separate-stderr run_it
	[ "$status" = 1 ]
	[ "$(echo "$output" | json '[.jobs[].result] | join(" ")')" = "failure failure failure failure failure success" ]
	[ ! -e /tmp/knarr-e2e-out ]
	no grep -rqF outside-secret "$KNARR_ROOT"
}
