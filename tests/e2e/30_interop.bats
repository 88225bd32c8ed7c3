# Other people's tools at both ends: docker, buildah, skopeo and umoci take what knarr makes, and knarr
# keeps what they make, byte for byte. No network: the base is scratch and busybox.

bats_require_minimum_version 1.5.0
load common
load docker

setup() {
	export KNARR_ROOT=$D/root
}
setup_file() {
	export D=$BATS_FILE_TMPDIR
	setup
	export DOCKER_CONFIG=$D/docker-config REGISTRY_AUTH_FILE=$D/auth.json
	serve_start "$D/hub"
	echo "$SERVE_PID" >"$D/serve.pid"
	export HOST=127.0.0.1:$SERVE_PORT
	echo "$SERVE_TOKEN" | knarr login -u me --password-stdin "$HOST"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$D/policy.json"
	! has skopeo || skopeo login -u me -p "$SERVE_TOKEN" --tls-verify=false "$HOST"
	dockerd_start
	make_app
	knarr push -q "$HOST/me/app:1"
}

teardown_file() {
	local pid
	dockerd_stop
	[ ! -e "$D/serve.pid" ] || { pid=$(<"$D/serve.pid") && kill "$pid" && wait_gone "$pid"; }
	unmount_below "$D"
	leaves_nothing "$D/root"
	leaves_nothing "$D/hub"
}

# An image with two layers, a user, a folder and an environment; its digest is in $D/app.
make_app() {
	local ctx=$D/ctx
	mkdir "$ctx"
	cp "$(command -v busybox)" "$ctx/busybox"
	head -c 300000 /dev/urandom >"$ctx/random"
	cat >"$ctx/Dockerfile" <<-'X'
		FROM scratch
		COPY busybox /bin/busybox
		COPY --chown=1000:50 random /srv/
		ENV WHO=world
		WORKDIR /srv
		USER 1000:50
		ENTRYPOINT ["/bin/busybox"]
		CMD ["sh", "-c", "echo hello $WHO; busybox id -u; busybox pwd; busybox wc -c <random"]
	X
	knarr build -q -t "$HOST/me/app:1" "$ctx" >"$D/app"
}
said=$'hello world\n1000\n/srv\n300000'

# ---- tools ----

buildah() {
	command buildah --root "$D/buildah" --runroot "$D/buildah-run" --storage-driver vfs "$@"
}
pull_flags=(--tls-verify=false --signature-policy "$BATS_FILE_TMPDIR/policy.json")
skopeo_copy() { skopeo copy -q --policy "$D/policy.json" --src-tls-verify=false --dest-tls-verify=false "$@"; }

# ---- digests ----

sha256() { echo "sha256:$(sha256sum | cut -d' ' -f1)"; }
# The digest of the bytes that the registry gives for a name, as skopeo sees them.
remote_digest() { skopeo inspect --raw --tls-verify=false "docker://$1" | sha256; }
# The digest knarr has here after a pull.
local_digest() {
	knarr pull -q "$1" >/dev/null
	knarr image inspect --format json "$1" | jq -r '.[0].digest'
}
local_id() { knarr image inspect --format json "$1" | jq -r '.[0].id'; }
# They all agree with the digest that the pushing tool told.
is_kept_as() { # is_kept_as NAME DIGEST
	[ "$(remote_digest "$1")" = "$2" ]
	[ "$(local_digest "$1")" = "$2" ]
}

# ---- they take ours ----

@test "skopeo copies what knarr pushed, byte for byte" {
	need skopeo
	[ "$(remote_digest "$HOST/me/app:1")" = "$(<"$D/app")" ]
	skopeo_copy "docker://$HOST/me/app:1" "oci:$D/skopeo:1"
	[ "$(jq -r '.manifests[0].digest' "$D/skopeo/index.json")" = "$(<"$D/app")" ]
	knarr image check "$D/skopeo"
	for blob in "$D"/skopeo/blobs/sha256/*; do
		[ "$(sha256 <"$blob")" = "sha256:${blob##*/}" ]
	done
	[ "$(skopeo list-tags --tls-verify=false "docker://$HOST/me/app" | jq -c .Tags)" = '["1"]' ]
}

@test "docker pulls and runs what knarr pushed, by tag and by digest" {
	need_docker
	docker pull -q "$HOST/me/app:1"
	run -0 docker run --rm --network none "$HOST/me/app:1"
	[ "$output" = "$said" ]
	[ "$(docker image inspect -f '{{index .RepoDigests 0}}' "$HOST/me/app:1")" = "$HOST/me/app@$(<"$D/app")" ]
	[ "$(docker image inspect -f '{{.Id}}' "$HOST/me/app:1")" = "$(local_id "$HOST/me/app:1")" ]
	docker rmi -f "$HOST/me/app:1" >/dev/null
	docker pull -q "$HOST/me/app@$(<"$D/app")"
	run -0 docker run --rm --network none "$HOST/me/app@$(<"$D/app")" echo by digest
	[ "$output" = "by digest" ]
}

@test "buildah pulls and mounts what knarr pushed" {
	need buildah
	buildah pull -q "${pull_flags[@]}" "docker://$HOST/me/app:1"
	[ "$(buildah inspect --type image "$HOST/me/app:1" | jq -r .FromImageDigest)" = "$(<"$D/app")" ]
	[ "$(buildah inspect --type image "$HOST/me/app:1" | jq -r '.OCIv1.config.User')" = 1000:50 ]
	local id root
	id=$(buildah from -q --pull-never "$HOST/me/app:1")
	root=$(buildah mount "$id")
	cmp "$D/ctx/random" "$root/srv/random"
	[ "$(stat -c '%u:%g' "$root/srv/random")" = 1000:50 ]
	buildah rm "$id" >/dev/null
}

@test "skopeo and buildah take zstd layers" {
	need skopeo buildah
	knarr build -q -t "$HOST/me/zstd:1" \
		-o "type=image,push=true,compression=zstd,force-compression=true,name=$HOST/me/zstd:1" "$D/ctx"
	skopeo_copy "docker://$HOST/me/zstd:1" "oci:$D/zstd:1"
	[ "$(jq -r '.manifests[0].digest' "$D/zstd/index.json")" = "$(remote_digest "$HOST/me/zstd:1")" ]
	grep -qa 'layer.v1.tar+zstd' "$D"/zstd/blobs/sha256/*
	buildah pull -q "${pull_flags[@]}" "docker://$HOST/me/zstd:1"
}

# ---- we keep theirs ----

@test "docker pushes: knarr and skopeo see its digest, knarr runs it" {
	need_docker
	need skopeo
	printf 'FROM %s/me/app:1\nRUN ["/bin/busybox","sh","-c","echo by docker >/srv/made"]\n' "$HOST" >"$D/Dockerfile.docker"
	sed -i '1a USER 0' "$D/Dockerfile.docker"
	echo 'CMD ["cat", "/srv/made"]' >>"$D/Dockerfile.docker"
	DOCKER_BUILDKIT=0 docker build -q --network none -t "$HOST/me/docker:1" -f "$D/Dockerfile.docker" "$D/ctx"
	docker push -q "$HOST/me/docker:1"
	local told
	told=$(docker image inspect -f '{{index .RepoDigests 0}}' "$HOST/me/docker:1")
	is_kept_as "$HOST/me/docker:1" "${told#*@}"
	[ "$(docker image inspect -f '{{.Id}}' "$HOST/me/docker:1")" = "$(local_id "$HOST/me/docker:1")" ]
	run -0 knarr run --rm "$HOST/me/docker:1"
	[ "$output" = "by docker" ]
}

@test "buildah pushes, as OCI and as docker's format: the digests stay" {
	need buildah skopeo
	local id format
	id=$(buildah from -q scratch)
	buildah copy -q "$id" "$D/ctx/busybox" /bin/busybox
	buildah config --entrypoint '["/bin/busybox","echo","by buildah"]' --label made=buildah "$id"
	for format in oci docker; do
		buildah commit -q --format $format "$id" "buildah-$format"
		buildah push -q --tls-verify=false --format $format --digestfile "$D/digest" "${pull_flags[@]:1}" \
			"buildah-$format" "docker://$HOST/me/buildah:$format"
		is_kept_as "$HOST/me/buildah:$format" "$(<"$D/digest")"
		run -0 knarr run --rm "$HOST/me/buildah:$format"
		[ "$output" = "by buildah" ]
	done
	buildah rm "$id" >/dev/null
}

@test "skopeo pushes umoci's image, as OCI and as docker's schema 2: the digests stay" {
	need skopeo umoci
	umoci init --layout "$D/umoci"
	umoci new --image "$D/umoci:1"
	umoci insert --image "$D/umoci:1" "$D/ctx" /ctx
	skopeo_copy --preserve-digests "oci:$D/umoci:1" "docker://$HOST/me/umoci:1"
	is_kept_as "$HOST/me/umoci:1" "$(jq -r '.manifests[0].digest' "$D/umoci/index.json")"
	skopeo_copy --format v2s2 --digestfile "$D/digest" "oci:$D/umoci:1" "docker://$HOST/me/umoci:v2s2"
	is_kept_as "$HOST/me/umoci:v2s2" "$(<"$D/digest")"
}

@test "buildah pushes an index of two platforms that knarr built: its digest stays, each platform is found" {
	need buildah skopeo
	local arch list
	list=$(buildah manifest create both)
	for arch in amd64 arm64; do
		knarr build -q -t "$HOST/me/$arch:1" --platform linux/$arch "$D/ctx" >"$D/$arch"
		knarr push -q "$HOST/me/$arch:1"
		buildah manifest add --tls-verify=false --arch $arch "$list" "docker://$HOST/me/$arch:1"
	done
	buildah manifest push -q --all --tls-verify=false --digestfile "$D/digest" "$list" "docker://$HOST/me/both:1"
	[ "$(remote_digest "$HOST/me/both:1")" = "$(<"$D/digest")" ]
	run -0 knarr pull --platform linux/arm64 "$HOST/me/both:1"
	[[ $output == *"Digest: $(<"$D/digest")"* ]]
	knarr copy --all-platforms "$HOST/me/both:1" "oci:$D/both:1"
	[ "$(jq -r '.manifests[0].digest' "$D/both/index.json")" = "$(<"$D/digest")" ]
	[ "$(knarr copy --platform linux/arm64 "oci:$D/both:1" local:arm:1)" = "$(<"$D/arm64")" ]
	skopeo_copy --all "oci:$D/both:1" "oci:$D/both-again:1"
	[ "$(jq -r '.manifests[0].digest' "$D/both-again/index.json")" = "$(<"$D/digest")" ]
	buildah pull -q "${pull_flags[@]}" --arch arm64 "docker://$HOST/me/both:1"
	[ "$(buildah inspect --type image "$HOST/me/both:1" | jq -r .OCIv1.architecture)" = arm64 ]
}

# ---- files ----

@test "skopeo, buildah and umoci take 'knarr build -o type=oci'" {
	need skopeo
	local digest out=$D/out
	digest=$(knarr build -q -t app:1 -o "type=oci,dest=$out.tar" "$D/ctx")
	knarr build -q -t app:1 -o "type=oci,tar=false,dest=$out" "$D/ctx"
	skopeo_copy "oci-archive:$out.tar" "oci:$D/from-archive:1"
	skopeo_copy "oci:$out:1" "oci:$D/from-folder:1"
	[ "$(jq -r '.manifests[0].digest' "$D/from-archive/index.json")" = "$digest" ]
	[ "$(jq -r '.manifests[0].digest' "$D/from-folder/index.json")" = "$digest" ]
	if has umoci; then
		umoci unpack --image "$out:1" "$D/bundle"
		cmp "$D/ctx/random" "$D/bundle/rootfs/srv/random"
		[ "$(jq -c .process.args[0:2] "$D/bundle/config.json")" = '["/bin/busybox","sh"]' ]
	fi
	if has buildah; then
		buildah pull -q "${pull_flags[@]:1}" "oci-archive:$out.tar"
		ln -sfn "$out" /tmp/knarr-interop-$$ # it makes a name of the path: no capitals allowed
		run buildah pull -q "${pull_flags[@]:1}" "oci:/tmp/knarr-interop-$$:1"
		rm /tmp/knarr-interop-$$
		[ "$status" = 0 ]
	fi
}

@test "docker loads 'knarr build -o type=docker', and knarr takes what docker saves" {
	need_docker
	local tar=$D/docker.tar
	knarr build -q -t loaded:1 -o "type=docker,dest=$tar" "$D/ctx"
	docker load -q -i "$tar"
	run -0 docker run --rm --network none loaded:1
	[ "$output" = "$said" ]
	docker tag loaded:1 saved:2
	docker save saved:2 | knarr image import docker-archive:-
	[ "$(docker image inspect -f '{{.Id}}' saved:2)" = "$(local_id saved:2)" ]
	run -0 knarr run --rm saved:2
	[ "$output" = "$said" ]
	! has skopeo || skopeo_copy "docker-archive:$tar" "oci:$D/from-docker:1"
}

@test "knarr copies between files and registries without changing a digest" {
	need skopeo
	knarr copy "$HOST/me/app:1" "oci:$D/copied:1"
	[ "$(jq -r '.manifests[0].digest' "$D/copied/index.json")" = "$(<"$D/app")" ]
	knarr copy "oci:$D/copied:1" "$HOST/me/copied:2"
	is_kept_as "$HOST/me/copied:2" "$(<"$D/app")"
	knarr copy "$HOST/me/app:1" "$HOST/me/copied:3"
	is_kept_as "$HOST/me/copied:3" "$(<"$D/app")"
}

# ---- tokens ----

@test "a read token pulls and does not push, a wrong one does neither: docker, buildah, skopeo" {
	need skopeo
	local read
	read=$(knarr --root "$D/hub" token create --scopes read:packages --user reader --name ci | grep -o 'knp_[A-Za-z0-9_]*' | head -n 1)
	skopeo inspect --tls-verify=false --creds "reader:$read" "docker://$HOST/me/app:1" >/dev/null
	run ! skopeo copy -q --policy "$D/policy.json" --dest-tls-verify=false --dest-creds "reader:$read" \
		"oci:$D/skopeo:1" "docker://$HOST/me/app:no"
	run ! skopeo inspect --tls-verify=false --creds "reader:knp_wrong" "docker://$HOST/me/app:1"
	if has buildah; then
		buildah pull -q --creds "reader:$read" "${pull_flags[@]}" "docker://$HOST/me/app:1"
		run ! buildah push -q --creds "reader:$read" "${pull_flags[@]}" "$HOST/me/app:1" "docker://$HOST/me/app:no"
	fi
	need_docker
	export DOCKER_CONFIG=$BATS_TEST_TMPDIR
	run ! docker login -u reader -p knp_wrong "$HOST"
	docker login -u reader --password-stdin "$HOST" <<<"$read"
	docker pull -q "$HOST/me/app:1"
	docker tag "$HOST/me/app:1" "$HOST/me/app:no"
	run ! docker push -q "$HOST/me/app:no"
	[[ $output == *denied* || $output == *unauthorized* || $output == *"write:packages"* ]]
	run ! knarr pull -q "$HOST/me/app:no"
}
