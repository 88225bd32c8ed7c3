# What is wrong is refused with the right status and a body that says why, and the store is as it was.

bats_require_minimum_version 1.5.0
load common

setup_file() {
	export D=$BATS_FILE_TMPDIR
	export KNARR_ROOT=$D/root DOCKER_CONFIG=$D/docker
	serve_start "$D/hub"
	echo "$SERVE_PID" >"$D/pid"
	export HOST=127.0.0.1:$SERVE_PORT URL=http://127.0.0.1:$SERVE_PORT/v2
	echo "$SERVE_TOKEN" | knarr login -u me --password-stdin "$HOST"
	mkdir "$D/ctx"
	echo hello >"$D/ctx/file"
	printf 'FROM scratch\nCOPY file /\n' >"$D/ctx/Dockerfile"
	knarr build -q -t "$HOST/me/app:1" --push "$D/ctx"
}
teardown_file() {
	local pid
	pid=$(<"$D/pid")
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	leaves_nothing "$D/hub"
	leaves_nothing "$D/root"
}
setup() { before=$(state "$D/hub")$(state "$D/root"); }
teardown() { [ "$before" = "$(state "$D/hub")$(state "$D/root")" ]; }

# Everything a store holds that has a name: blobs, trees, repositories, tags.
state() {
	(cd "$1" && find blobs trees -mindepth 1 2>/dev/null | sort)
	[ "$1" != "$D/hub" ] || curl -sf -u "me:$SERVE_TOKEN" "$URL/_catalog" "$URL/me/app/tags/list"
}

# says STATUS CODE curl-arguments… : what the server answers
says() {
	local status=$1 code=$2 body=$BATS_TEST_TMPDIR/body
	shift 2
	[ "$(curl -s -o "$body" -w '%{http_code}' -u "me:$SERVE_TOKEN" "$@")" = "$status" ] || { cat "$body"; return 1; }
	[ "$(json '.errors[0].code' <"$body")" = "$code" ] || { cat "$body"; return 1; }
	[ -n "$(json '.errors[0].message' <"$body")" ]
}
upload() { curl -sf -u "me:$SERVE_TOKEN" -X POST -D - -o /dev/null "$URL/me/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p'; }
absolute() { case $1 in http*) echo "$1" ;; *) echo "http://$HOST$1" ;; esac; }
none=sha256:$(printf '0%.0s' $(seq 64))

@test "a blob whose digest is another one" {
	says 400 DIGEST_INVALID -X POST --data-binary other "$URL/me/app/blobs/uploads/?digest=$none"
	at=$(absolute "$(upload)")
	case $at in *\?*) at="$at&" ;; *) at="$at?" ;; esac
	says 400 DIGEST_INVALID -X PUT --data-binary other "${at}digest=$none"
	says 404 BLOB_UNKNOWN "$URL/me/app/blobs/$none"
}

@test "an upload that ends before its length" {
	at=$(absolute "$(upload)")
	run python3 - "$SERVE_PORT" "${at#*"$HOST"}" "$SERVE_TOKEN" <<-'P'
		import base64, socket, sys
		s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		login = base64.b64encode(("me:" + sys.argv[3]).encode()).decode()
		s.sendall((f"PUT {sys.argv[2]}{'&' if '?' in sys.argv[2] else '?'}digest=sha256:{'0' * 64} HTTP/1.1\r\n"
		           f"Host: x\r\nAuthorization: Basic {login}\r\nContent-Length: 100\r\n\r\nonly this").encode())
		s.shutdown(socket.SHUT_WR)
		print(s.recv(4096).decode())
	P
	[[ $output != *" 201 "* ]]
	curl -s -o /dev/null -u "me:$SERVE_TOKEN" -X DELETE "$at"
	says 404 BLOB_UNKNOWN "$URL/me/app/blobs/$none"
}

@test "a manifest of more than 4 MiB, of no JSON, of wrong JSON, of blobs nobody has" {
	type='Content-Type: application/vnd.oci.image.manifest.v1+json'
	head -c $((4 * 1024 * 1024 + 1)) /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/large"
	says 413 SIZE_INVALID -X PUT -H "$type" --data-binary "@$BATS_TEST_TMPDIR/large" "$URL/me/app/manifests/bad"
	for text in '' '{' '[]' '{"schemaVersion":2}' '{"schemaVersion":2,"schemaVersion":2}' \
		'{"schemaVersion":2,"config":{"mediaType":"x/y","digest":"sha256:abc","size":1},"layers":[]}'; do
		says 400 MANIFEST_INVALID -X PUT -H "$type" --data-binary "$text" "$URL/me/app/manifests/bad"
	done
	config='{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"'$none'","size":2}'
	says 404 MANIFEST_BLOB_UNKNOWN -X PUT -H "$type" \
		--data-binary '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":'"$config"',"layers":[]}' \
		"$URL/me/app/manifests/bad"
	says 404 MANIFEST_UNKNOWN "$URL/me/app/manifests/bad"
}

@test "a wrong token, none, one that may not, a repository nobody knows" {
	says 401 UNAUTHORIZED -u me:knp_wrong "$URL/me/app/manifests/1"
	body=$(curl -s -D "$BATS_TEST_TMPDIR/head" "$URL/me/app/manifests/1")
	[ "$(echo "$body" | json '.errors[0].code')" = UNAUTHORIZED ]
	grep -qi '^www-authenticate: *bearer realm=' "$BATS_TEST_TMPDIR/head"
	reader=$(knarr --root "$D/hub" token create --scopes read:packages --name reader)
	says 403 DENIED -u "me:$reader" -X POST "$URL/me/app/blobs/uploads/"
	says 404 NAME_UNKNOWN "$URL/me/nobody/tags/list"
	says 404 NAME_UNKNOWN "$URL/me/nobody/manifests/1"
	run -1 knarr pull -q "$HOST/me/nobody:1"
	[[ $output == *nobody* ]]
	run -1 knarr --root "$D/other" pull -q "$HOST/me/app:none"
	[ -z "$(cd "$D/other" && find blobs trees -type f 2>/dev/null)" ]
}

@test "layers that are no gzip, no tar, or cut off: neither pulled nor unpacked" {
	local n=0 layer text
	printf 'FROM scratch\nADD l.tar.gz /x/\n' >"$BATS_TEST_TMPDIR/Dockerfile"
	tar -C "$D/ctx" -czf "$BATS_TEST_TMPDIR/whole.tgz" file
	head -c 60 "$BATS_TEST_TMPDIR/whole.tgz" >"$BATS_TEST_TMPDIR/cut"
	{ cat "$BATS_TEST_TMPDIR/whole.tgz"; echo garbage; } >"$BATS_TEST_TMPDIR/more"
	head -c 3000 /dev/urandom >"$BATS_TEST_TMPDIR/noise"
	for layer in cut more noise; do
		n=$((n + 1))
		mkdir -p "$BATS_TEST_TMPDIR/oci/blobs/sha256"
		put() { local d; d=$(sha256sum <"$1" | cut -d' ' -f1); cp "$1" "$BATS_TEST_TMPDIR/oci/blobs/sha256/$d"; echo "$d"; }
		l=$(put "$BATS_TEST_TMPDIR/$layer")
		echo '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["'$none'"]}}' >"$BATS_TEST_TMPDIR/c"
		c=$(put "$BATS_TEST_TMPDIR/c")
		cat >"$BATS_TEST_TMPDIR/m" <<-J
			{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
			"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$c","size":$(wc -c <"$BATS_TEST_TMPDIR/c")},
			"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$l","size":$(wc -c <"$BATS_TEST_TMPDIR/$layer")}]}
		J
		m=$(put "$BATS_TEST_TMPDIR/m")
		echo '{"imageLayoutVersion":"1.0.0"}' >"$BATS_TEST_TMPDIR/oci/oci-layout"
		echo '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:'$m'","size":'$(wc -c <"$BATS_TEST_TMPDIR/m")'}]}' >"$BATS_TEST_TMPDIR/oci/index.json"
		knarr --root "$D/bad" image import "oci:$BATS_TEST_TMPDIR/oci" bad:$n
		run -1 knarr --root "$D/bad" run --rm bad:$n /file
		[ -z "$(ls -A "$D/bad/trees" 2>/dev/null)" ]
		leaves_nothing "$D/bad"
	done
}

@test "YAML, JSON and Dockerfiles that are broken: file, line and column" {
	local d=$BATS_TEST_TMPDIR
	printf 'on: push\njobs:\n  a:\n    runs-on: [x\n    steps: y\n' >"$d/w.yml"
	run -1 knarr workflow check "$d/w.yml"
	[[ $output == "$d/w.yml:"[0-9]*:[0-9]*:* ]]
	printf 'registries:\n  - prefix: [\n' >"$d/c.yaml"
	run ! knarr --config "$d/c.yaml" pull x
	[[ $output == *"c.yaml:"[0-9]*:[0-9]*:* ]]
	printf '{"a": }' >"$d/x.json"
	run ! knarr image check "$d/x.json"
	[ "$status" = 1 ]
	printf '{"a": }' >"$d/event.json"
	run ! knarr expr --context "$d/event.json" 'github.ref'
	[[ $output == *"event.json:1:"* ]]
	printf 'FROM scratch\nCOPY a\n' >"$d/Dockerfile"
	run -1 knarr build "$d"
	[[ $output == *"Dockerfile:2:"[0-9]*:* ]]
}
