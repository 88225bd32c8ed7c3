#!/usr/bin/env bats
# The registry as other people's clients see it: skopeo, curl, docker-registry as a peer.
#
# The server is tests/e2e/serve.c: the registry as in `knarr serve`, with repositories that anybody may
# read. It is built beside $KNARR.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	export SERVE=${KNARR%/src/cli/knarr}/tests/test-serve
	[ -x "$SERVE" ]
	local tool
	for tool in curl jq skopeo umoci; do
		command -v $tool >/dev/null || skip "$tool is not installed"
	done
	export D=$BATS_FILE_TMPDIR
	"$SERVE" 127.0.0.1:0 "$D/root" --public=open/\* admin write:packages@me/\* \
		read:packages@me/\* >"$D/out" 2>"$D/err" 3>&- &
	echo $! >"$D/pid"
	until grep -q ^port "$D/out"; do sleep 0.05 && kill -0 "$(cat "$D/pid")"; done
	export PORT=$(awk '/^port/{print $2}' "$D/out")
	export ADMIN=$(sed -n 1p "$D/out") WRITE=$(sed -n 2p "$D/out") READ=$(sed -n 3p "$D/out")
	export HOST=127.0.0.1:$PORT URL=http://127.0.0.1:$PORT
	make_image
}

teardown_file() {
	[ ! -e "$D/pid" ] || kill "$(cat "$D/pid")"
}

# An OCI layout with one image of one layer of 3 MB.
make_image() {
	mkdir "$D/files"
	head -c 3000000 /dev/urandom >"$D/files/random"
	umoci init --layout "$D/image"
	umoci new --image "$D/image:v1"
	umoci insert --image "$D/image:v1" "$D/files" /files
}

# The server's answer: status of a request, headers in $D/headers, body in $D/body.
ask() {
	curl -s -o "$D/body" -D "$D/headers" -w '%{http_code}' "$@"
}

header() {
	tr -d '\r' <"$D/headers" | sed -n "s/^$1: //Ip"
}

digest() {
	echo "sha256:$(sha256sum | cut -d' ' -f1)"
}

@test "skopeo pushes with a write token and pulls the same bytes with a read token" {
	skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$WRITE" "oci:$D/image:v1" "docker://$HOST/me/app:v1"
	skopeo copy -q --src-tls-verify=false --src-creds "ada:$READ" "docker://$HOST/me/app:v1" "oci:$D/back:v1"
	[ "$(jq -r '.manifests[0].digest' "$D/image/index.json")" = "$(jq -r '.manifests[0].digest' "$D/back/index.json")" ]
	run -0 skopeo list-tags --tls-verify=false --creds "ada:$READ" "docker://$HOST/me/app"
	[[ $output == *'"v1"'* ]]
}

@test "skopeo converts to docker schema 2 and pushes that" {
	skopeo copy -q --format v2s2 --dest-tls-verify=false --dest-creds "ada:$WRITE" "oci:$D/image:v1" "docker://$HOST/me/docker:v1"
	run -0 skopeo inspect --raw --tls-verify=false --creds "ada:$READ" "docker://$HOST/me/docker:v1"
	[ "$(jq -r .mediaType <<<"$output")" = application/vnd.docker.distribution.manifest.v2+json ]
}

@test "skopeo copies between repositories without uploading again" {
	skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$WRITE" "oci:$D/image:v1" "docker://$HOST/me/app:v1"
	skopeo copy -q --src-tls-verify=false --dest-tls-verify=false --src-creds "ada:$WRITE" --dest-creds "ada:$WRITE" \
		"docker://$HOST/me/app:v1" "docker://$HOST/me/copy:v1"
	run -0 skopeo inspect --tls-verify=false --creds "ada:$READ" "docker://$HOST/me/copy:v1"
}

@test "a read token does not push, and the reason is told" {
	run ! skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$READ" "oci:$D/image:v1" "docker://$HOST/me/app:no"
	[[ $output == *"write:packages"* || $output == *denied* || $output == *unauthorized* ]]
	run ! skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$WRITE" "oci:$D/image:v1" "docker://$HOST/you/app:no"
}

@test "a deleted tag is gone, and only who may delete deletes" {
	skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$WRITE" "oci:$D/image:v1" "docker://$HOST/me/gone:v1"
	run ! skopeo delete --tls-verify=false --creds "ada:$WRITE" "docker://$HOST/me/gone:v1"
	skopeo delete --tls-verify=false --creds "ada:$ADMIN" "docker://$HOST/me/gone:v1"
	run ! skopeo inspect --tls-verify=false --creds "ada:$READ" "docker://$HOST/me/gone:v1"
}

@test "public repositories are pulled without a token" {
	skopeo copy -q --dest-tls-verify=false --dest-creds "ada:$ADMIN" "oci:$D/image:v1" "docker://$HOST/open/app:v1"
	run -0 skopeo inspect --no-creds --tls-verify=false "docker://$HOST/open/app:v1"
	run ! skopeo inspect --no-creds --tls-verify=false "docker://$HOST/me/app:v1"
}

@test "an upload broken off by kill -9 of the server goes on after a restart" {
	local at size=3000000 half=1000000
	"$SERVE" 127.0.0.1:0 "$D/root2" >"$D/out2" 3>&- &
	local pid=$!
	until grep -q ^port "$D/out2"; do sleep 0.05 && kill -0 $pid; done
	local url=http://127.0.0.1:$(awk '/^port/{print $2}' "$D/out2")
	[ "$(ask -X POST "$url/v2/a/blobs/uploads/")" = 202 ]
	at=$(header location)
	head -c $half "$D/files/random" >"$D/first"
	tail -c +$((half + 1)) "$D/files/random" >"$D/rest"
	[ "$(ask -X PATCH -T "$D/first" -H "Content-Range: 0-$((half - 1))" "$url$at")" = 202 ]
	kill -9 $pid
	wait $pid || true
	"$SERVE" 127.0.0.1:0 "$D/root2" >"$D/out3" 3>&- &
	pid=$!
	until grep -q ^port "$D/out3"; do sleep 0.05 && kill -0 $pid; done
	url=http://127.0.0.1:$(awk '/^port/{print $2}' "$D/out3")
	[ "$(ask "$url$at")" = 204 ]
	[ "$(header range)" = 0-$((half - 1)) ]
	[ "$(ask -X PATCH -T "$D/rest" -H "Content-Range: $half-$((size - 1))" "$url$at")" = 202 ]
	[ "$(ask -X PUT "$url$at?digest=$(digest <"$D/files/random")")" = 201 ]
	[ "$(ask "$url/v2/a/blobs/$(digest <"$D/files/random")")" = 200 ]
	cmp "$D/body" "$D/files/random"
	kill $pid
}

@test "a client that tries TLS on the plain port is told at once" {
	run ! timeout 5 curl -sS --max-time 4 "https://$HOST/v2/"
	[[ $output != *timed* ]]
}

@test "expect: 100-continue is answered before the body when the answer is no" {
	head -c 50000000 /dev/zero >"$D/big"
	run -0 curl -s -o /dev/null -w '%{http_code} %{size_upload}' -H 'Expect: 100-continue' -T "$D/big" \
		"$URL/v2/me/app/blobs/uploads/x?digest=$(digest </dev/null)"
	[ "$output" = "401 0" ]
}

@test "docker-registry gives the same manifest and the same headers about it" {
	command -v docker-registry >/dev/null || skip "docker-registry is not installed"
	cat >"$D/peer.yml" <<-YML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $D/peer}}
		http: {addr: "127.0.0.1:$((PORT + 1))"}
	YML
	docker-registry serve "$D/peer.yml" >"$D/peer.log" 2>&1 3>&- &
	local pid=$! peer=127.0.0.1:$((PORT + 1))
	until curl -sf "http://$peer/v2/" >/dev/null; do sleep 0.05 && kill -0 $pid; done
	skopeo copy -q --dest-tls-verify=false "oci:$D/image:v1" "docker://$peer/me/app:v1"
	skopeo copy -q --src-tls-verify=false --dest-tls-verify=false --dest-creds "ada:$WRITE" \
		"docker://$peer/me/app:v1" "docker://$HOST/me/peer:v1"
	local accept='Accept: application/vnd.oci.image.manifest.v1+json' name
	ask -H "$accept" "http://$peer/v2/me/app/manifests/v1" >/dev/null
	cp "$D/body" "$D/peer.body"
	for name in Content-Type Docker-Content-Digest Etag Docker-Distribution-Api-Version Content-Length; do
		header $name
	done >"$D/peer.headers"
	kill $pid
	[ "$(ask -u "ada:$READ" -H "$accept" "$URL/v2/me/peer/manifests/v1")" = 200 ]
	cmp "$D/body" "$D/peer.body"
	for name in Content-Type Docker-Content-Digest Etag Docker-Distribution-Api-Version Content-Length; do
		header $name
	done | diff "$D/peer.headers" -
}
