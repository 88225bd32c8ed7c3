# knarr build --cache-from / --cache-to: what one store built, another need not.

load common

setup_file() {
	export KNARR_ROOT=$BATS_FILE_TMPDIR/root
	tiny_image
	serve_start "$BATS_FILE_TMPDIR/hub" --no-auth
	export REGISTRY=127.0.0.1:$SERVE_PORT
}
teardown_file() {
	serve_stop
}
setup() {
	ctx=$BATS_TEST_TMPDIR/ctx
	cache=$BATS_TEST_TMPDIR/cache
	mkdir -p "$ctx"
	fresh_root 0
}

# fresh_root N : a store that knows nothing but the base image
fresh_root() {
	export KNARR_ROOT=$BATS_TEST_TMPDIR/root-$1
	knarr image import -q "$BATS_FILE_TMPDIR/tiny.tar" tiny:1 >/dev/null
}
build() { knarr build -q -t t:1 "$@" "$ctx"; }
# build_json OPTIONS… : sets result to the answer, and notes to what was said
build_json() {
	result=$(knarr --format json --progress plain build -t t:1 "$@" "$ctx" 2>"$BATS_TEST_TMPDIR/notes")
	notes=$(<"$BATS_TEST_TMPDIR/notes")
}
field() { echo "$result" | json ".$1"; }
all_cached() {
	[ "$(field steps)" = "$(field cached)" ] || { echo "$result"; echo "$notes"; return 1; }
}
# fetched : how many layers came from the cache
fetched() { grep -c 'fetch cached layer' <<<"$notes" || true; }
# document FOLDER : the cache's document; blob FOLDER DIGEST
blob() { echo "$1/blobs/${2/://}"; }
manifest() { blob "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")"; }
document() { blob "$1" "$(jq -r .config.digest "$(manifest "$1")")"; }

# A stage whose result nobody could make a second time.
two_stages() {
	echo source >"$ctx/a"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1 AS build
		WORKDIR /src
		COPY a ./
		RUN cat a a >b && head -c 20 /dev/urandom >random
		FROM tiny:1
		WORKDIR /
		WORKDIR /app
		COPY --from=build /src/b /src/random ./
		RUN ls >list
		CMD ["cat", "list"]
	D
}

@test "mode=max to a folder: a fresh store builds nothing and gives the same image" {
	two_stages
	first=$(build --cache-to "type=local,dest=$cache,mode=max")
	fresh_root 1
	build_json --cache-from "type=local,src=$cache"
	all_cached
	[ "$(field digest)" = "$first" ]
	[ "$(fetched)" = 3 ] # of the result: the folder /app, COPY, RUN
	[ "$(knarr run --rm t:1)" = $'b\nlist\nrandom' ]
	# what came is the store's own now
	knarr gc
	[ "$(build --cache-from "type=local,src=$cache")" = "$first" ]
	leaves_nothing "$KNARR_ROOT"
}

@test "mode=max to a registry: the same, and what it has is not sent again" {
	two_stages
	first=$(build --cache-to "type=registry,ref=$REGISTRY/t/max:cache,mode=max")
	fresh_root 1
	build_json --cache-from "type=registry,ref=$REGISTRY/t/max:cache" \
		--cache-to "type=registry,ref=$REGISTRY/t/max:cache,mode=max"
	all_cached
	[ "$(field digest)" = "$first" ]
	[ "$(fetched)" = 3 ] # the build stage's layers stayed where they are
	fresh_root 2
	build_json --cache-from "$REGISTRY/t/max:cache"
	all_cached
	[ "$(field digest)" = "$first" ]
}

@test "a cache is carried on to another place, layers that were not needed included" {
	two_stages
	first=$(build --cache-to "type=local,dest=$cache,mode=max")
	fresh_root 1
	build -q --cache-from "type=local,src=$cache" \
		--cache-to "type=registry,ref=$REGISTRY/t/on:cache,mode=max" \
		--cache-to "type=local,dest=$cache-2,mode=max"
	diff <(ls "$cache/blobs/sha256") <(ls "$cache-2/blobs/sha256")
	echo more >>"$ctx/Dockerfile.x"
	sed -i 's/^RUN cat a a >b/RUN echo changed >c \&\& cat a a >b/' "$ctx/Dockerfile"
	fresh_root 2
	build_json --cache-from "type=registry,ref=$REGISTRY/t/on:cache"
	[ "$(field cached)" = 4 ] # all but the RUN that changed, the COPY of its result, and what follows
	grep -q 'fetch cached layer' <<<"$notes"
}

@test "mode=min holds the result's layers; a changed build stage is built again" {
	two_stages
	first=$(build --cache-to "type=local,dest=$cache,mode=min")
	[ "$(jq '.layers | length' "$(manifest "$cache")")" = 3 ]
	fresh_root 1
	build_json --cache-from "type=local,src=$cache"
	all_cached
	[ "$(field digest)" = "$first" ]
	fresh_root 2
	echo changed >"$ctx/a"
	build_json --cache-from "type=local,src=$cache"
	[ "$(field cached)" = 2 ] # WORKDIR twice
	[ "$(knarr run --rm t:1 cat b)" = $'changed\nchanged' ]
	no grep -qi warning <<<"$notes"
}

@test "export after import is the same cache" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	fresh_root 1
	build --cache-from "type=local,src=$cache" --cache-to "type=local,dest=$cache-2,mode=max"
	cmp "$(document "$cache")" "$(document "$cache-2")"
	cmp "$cache/index.json" "$cache-2/index.json"
}

@test "several Dockerfiles: export and import lose nothing" {
	mkdir -p "$ctx/d/e"
	echo 1 >"$ctx/d/one"
	echo 2 >"$ctx/d/e/two"
	ln -s one "$ctx/d/link"
	cat >"$ctx/1" <<-'D'
		FROM tiny:1
		ENV A=1
		COPY --chown=app --chmod=640 d /d
		USER app
		WORKDIR /home/app/x
		RUN id >who || true
	D
	cat >"$ctx/2" <<-'D'
		FROM tiny:1 AS base
		RUN echo base >/base
		FROM base AS one
		RUN echo one $RANDOM >/one
		FROM base AS two
		COPY --from=one /one /
		RUN echo two >/two
		FROM scratch
		COPY --from=one /one /base /
		COPY --link --from=two /two /
		COPY --from=tiny:1 /etc/passwd /etc/
	D
	cat >"$ctx/3" <<-'D'
		FROM tiny:1 AS tools
		RUN echo tool >/tool
		FROM tiny:1
		RUN --mount=type=bind,from=tools,source=/tool,target=/mnt/tool \
			--mount=type=cache,target=/c cat /mnt/tool >/t && date >/c/when
		RUN rm /t && mkdir /t && echo x >/t/x
		ADD d/e/ /e/
		COPY <<-E /text
			hello
		E
	D
	cat >"$ctx/4" <<-'D'
		FROM scratch
		WORKDIR /
	D
	for n in 1 2 3 4; do
		fresh_root "$n-a"
		first=$(build -f "$ctx/$n" --cache-to "type=local,dest=$cache,mode=max,tag=f$n")
		fresh_root "$n-b"
		build_json -f "$ctx/$n" --cache-from "type=local,src=$cache,tag=f$n"
		all_cached
		[ "$(field digest)" = "$first" ]
	done
	[ "$(jq '.manifests | length' "$cache/index.json")" = 4 ]
}

@test "a cache in another compression gives the image that a build gives" {
	two_stages
	first=$(build --cache-to "type=local,dest=$cache,mode=max,compression=zstd")
	jq -r '.layers[].mediaType' "$(manifest "$cache")" | grep -q zstd
	fresh_root 1
	build_json --cache-from "type=local,src=$cache"
	all_cached
	[ "$(field digest)" = "$first" ]
}

@test "type=inline: the image carries its cache" {
	two_stages
	image=$REGISTRY/t/inline:1
	first=$(knarr build -q -t "$image" --push --cache-to type=inline "$ctx")
	fresh_root 1
	result=$(knarr --format json build -q -t "$image" --cache-to type=inline \
		--cache-from "type=registry,ref=$image" "$ctx")
	all_cached
	[ "$(field digest)" = "$first" ]
	# as docker build says it
	fresh_root 2
	result=$(knarr --format json build -q -t "$image" --build-arg BUILDKIT_INLINE_CACHE=1 \
		--cache-from "$image" "$ctx")
	[ "$(field digest)" = "$first" ]
	# without the wish the image is another one, and nothing is in it
	knarr build -q -t "$image" "$ctx"
	knarr image export "$image" "oci:$BATS_TEST_TMPDIR/plain"
	[ "$(jq '.annotations' "$(manifest "$BATS_TEST_TMPDIR/plain")")" = null ]
}

@test "type=gha is the store itself" {
	two_stages
	build_json --cache-from type=gha,scope=x --cache-to type=gha,scope=x,mode=max,ignore-error=true
	first=$(field digest)
	build_json --cache-from type=gha --cache-to type=gha,mode=max
	all_cached
	[ "$(field digest)" = "$first" ]
	no grep -qi cache-from <<<"$notes"
}

@test "a cache that is not there is a warning" {
	two_stages
	build_json --cache-from "type=registry,ref=$REGISTRY/t/none:cache"
	grep -i "warning.*import cache from $REGISTRY/t/none:cache" <<<"$notes"
	fresh_root 1
	build_json --cache-from "type=local,src=$BATS_TEST_TMPDIR/none"
	grep -i "warning.*import cache from $BATS_TEST_TMPDIR/none" <<<"$notes"
	fresh_root 2
	build_json --cache-from "type=registry,ref=127.0.0.1:1/t/none:cache"
	grep -i "warning.*import cache from 127.0.0.1:1/t/none" <<<"$notes"
}

@test "an image without a cache is a warning" {
	two_stages
	knarr build -q -t "$REGISTRY/t/plain:1" --push "$ctx"
	fresh_root 1
	build_json --cache-from "$REGISTRY/t/plain:1"
	grep -i 'warning.*holds no build cache' <<<"$notes"
	[ "$(field cached)" = 0 ]
}

@test "nobody asks for a cache when the store knows everything" {
	two_stages
	build
	build_json --cache-from "type=registry,ref=127.0.0.1:1/t/none:cache"
	all_cached
	[ -z "$(grep 'import cache' <<<"$notes")" ]
}

@test "an export that fails is a warning, with ignore-error=false an error" {
	two_stages
	: >"$cache"
	build_json --cache-to "type=local,dest=$cache"
	grep -i "warning.*export cache to $cache" <<<"$notes"
	run knarr build -q --cache-to "type=local,dest=$cache,ignore-error=false" "$ctx"
	[ "$status" -ne 0 ]
	[[ $output == *"export cache to $cache"* ]]
}

@test "a cache folder does not grow with every build" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max,tag=a"
	build --cache-to "type=local,dest=$cache,mode=max,tag=b"
	touch "$cache/blobs/sha256/notes"
	before=$(ls "$cache/blobs/sha256" | wc -l)
	build --no-cache --cache-to "type=local,dest=$cache,mode=max,tag=a"
	[ "$(ls "$cache/blobs/sha256" | wc -l)" -gt "$before" ] # the old ones are young, and b has them
	touch -d '2 hours ago' "$cache"/blobs/sha256/*
	build --no-cache --cache-to "type=local,dest=$cache,mode=max,tag=b"
	touch -d '2 hours ago' "$cache"/blobs/sha256/*
	last=$(build --cache-to "type=local,dest=$cache,mode=max,tag=a")
	[ "$(ls "$cache/blobs/sha256" | wc -l)" = "$before" ]
	fresh_root 1
	build_json --cache-from "type=local,src=$cache,tag=b"
	all_cached
	[ "$(field digest)" = "$last" ]
	# beside something else nothing is removed
	knarr image export t:1 "oci:$cache"
	touch -d '2 hours ago' "$cache"/blobs/sha256/*
	before=$(ls "$cache/blobs/sha256" | wc -l)
	build --no-cache --cache-to "type=local,dest=$cache,mode=max,tag=a"
	build --no-cache --cache-to "type=local,dest=$cache,mode=max,tag=b"
	[ "$(ls "$cache/blobs/sha256" | wc -l)" -gt "$before" ]
}

# damage FILE : other bytes of the same length
damage() {
	local n
	n=$(stat -c %s "$1")
	chmod u+w "$1"
	head -c "$n" /dev/zero >"$1"
}

@test "damaged documents are warnings" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	cp -r "$cache" "$cache-good"
	for what in manifest document index; do
		rm -rf "$cache"
		cp -r "$cache-good" "$cache"
		case $what in
		index) damage "$cache/index.json" ;;
		*) damage "$($what "$cache")" ;;
		esac
		fresh_root "$what"
		build_json --cache-from "type=local,src=$cache"
		grep -i 'warning.*import cache' <<<"$notes"
		[ "$(field cached)" = 0 ]
		[ "$(knarr run --rm t:1 cat b)" = $'source\nsource' ]
	done
}

@test "damaged, short and missing layers are warnings, and their steps run" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	cp -r "$cache" "$cache-good"
	for how in damage 'truncate -s 20' rm; do
		rm -rf "$cache"
		cp -r "$cache-good" "$cache"
		for layer in $(jq -r '.layers[].digest' "$(manifest "$cache")"); do
			$how "$(blob "$cache" "$layer")"
		done
		fresh_root "${how%% *}"
		build_json --cache-from "type=local,src=$cache"
		grep -i 'warning.*cached layer' <<<"$notes"
		[ "$(knarr run --rm t:1 cat b)" = $'source\nsource' ]
		[ "$(knarr run --rm t:1)" = $'b\nlist\nrandom' ]
		leaves_nothing "$KNARR_ROOT"
	done
}

# repack CACHE JQ [JQ] : changes the document (and the manifest), and names them where they are named
repack() {
	local doc man new
	doc=$(document "$1")
	man=$(manifest "$1")
	jq -c "$2" "$doc" >"$1/new"
	new=$(sha256sum <"$1/new" | cut -d' ' -f1)
	jq -c ".config.digest = \"sha256:$new\" | .config.size = $(stat -c %s "$1/new") | ${3:-.}" \
		"$man" >"$1/man"
	mv "$1/new" "$1/blobs/sha256/$new"
	new=$(sha256sum <"$1/man" | cut -d' ' -f1)
	jq -c ".manifests[0].digest = \"sha256:$new\" | .manifests[0].size = $(stat -c %s "$1/man")" \
		"$1/index.json" >"$1/index.new"
	mv "$1/man" "$1/blobs/sha256/$new"
	mv "$1/index.new" "$1/index.json"
}

@test "a record that lies about its content is found out" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	repack "$cache" '.records |= map(if .diffID then .diffID = "sha256:" + ("0" * 64) else . end)'
	fresh_root 1
	build_json --cache-from "type=local,src=$cache"
	grep -i 'warning.*cached layer.*expected content' <<<"$notes"
	[ "$(knarr run --rm t:1 cat b)" = $'source\nsource' ]
}

@test "a layer that is no archive is found out when it is unpacked" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	head -c 2000 /dev/urandom | base64 >"$BATS_TEST_TMPDIR/garbage"
	gzip -nc "$BATS_TEST_TMPDIR/garbage" >"$BATS_TEST_TMPDIR/gz"
	digest=$(sha256sum <"$BATS_TEST_TMPDIR/gz" | cut -d' ' -f1)
	diff_id=$(sha256sum <"$BATS_TEST_TMPDIR/garbage" | cut -d' ' -f1)
	mv "$BATS_TEST_TMPDIR/gz" "$cache/blobs/sha256/$digest"
	size=$(stat -c %s "$cache/blobs/sha256/$digest")
	layer=".digest = \"sha256:$digest\" | .size = $size"
	repack "$cache" ".records |= map(if .layer then .diffID = \"sha256:$diff_id\" |
		.layer |= ($layer) else . end)" ".layers = [.layers[0] | $layer]"
	sed -i 's/^RUN cat a a/RUN cat a a a/' "$ctx/Dockerfile"
	fresh_root 1
	build_json --cache-from "type=local,src=$cache"
	grep -i 'warning.*cached layer' <<<"$notes"
	[ "$(knarr run --rm t:1 cat b)" = $'source\nsource\nsource' ]
	# nothing of it stayed
	build_json
	all_cached
}

@test "documents that are not ours are refused" {
	two_stages
	build --cache-to "type=local,dest=$cache,mode=max"
	cp -r "$cache" "$cache-good"
	for change in '.version = 2' '.extra = 1' '.records[0].key = "sha256:abc"' \
		'.records[0].key = "1234"' '.records = {}' 'del(.memos)' \
		'.records |= map(.layer.size = -1)' '.records |= map(.layer.mediaType = "text/html")'; do
		rm -rf "$cache"
		cp -r "$cache-good" "$cache"
		repack "$cache" "$change"
		rm -rf "$BATS_TEST_TMPDIR/root-x"
		fresh_root x
		build_json --cache-from "type=local,src=$cache"
		grep -i 'warning.*import cache' <<<"$notes" || { echo "$change"; return 1; }
		[ "$(field cached)" = 0 ]
	done
}

@test "--add-host is part of what a RUN is" {
	printf 'FROM tiny:1\nRUN cat /etc/hosts >/h\n' >"$ctx/Dockerfile"
	build --add-host a.test:10.1.1.1
	build_json --add-host a.test:10.1.1.2
	[ "$(field cached)" = 0 ]
	knarr run --rm t:1 cat /h | grep -q 10.1.1.2
}

@test "no secret gets into a cache" {
	echo geheim-4711 >"$BATS_TEST_TMPDIR/secret"
	cat >"$ctx/Dockerfile" <<-'D'
		FROM tiny:1
		RUN --mount=type=secret,id=s grep -q geheim /run/secrets/s && echo ok >/ok
	D
	first=$(build --secret "id=s,src=$BATS_TEST_TMPDIR/secret" \
		--cache-to "type=local,dest=$cache,mode=max")
	no grep -r geheim "$cache"
	# and it is no part of the key
	fresh_root 1
	echo geheim-0815 >"$BATS_TEST_TMPDIR/secret"
	build_json --secret "id=s,src=$BATS_TEST_TMPDIR/secret" --cache-from "type=local,src=$cache"
	all_cached
	[ "$(field digest)" = "$first" ]
}

@test "--no-cache does not ask, and its results can be exported" {
	two_stages
	first=$(build --cache-to "type=local,dest=$cache,mode=max")
	fresh_root 1
	build_json --no-cache --cache-from "type=local,src=$cache" --cache-to "type=local,dest=$cache-2,mode=max"
	[ "$(field cached)" = 0 ]
	no grep -q 'import cache' <<<"$notes"
	second=$(field digest)
	[ "$second" != "$first" ]
	fresh_root 2
	build_json --cache-from "type=local,src=$cache-2"
	all_cached
	[ "$(field digest)" = "$second" ]
}

@test "keys and types are checked" {
	two_stages
	refused() { # refused WORDS OPTIONS…
		local words=$1
		shift
		run knarr build -q "$@" "$ctx"
		[ "$status" -ne 0 ] && [[ $output == *"$words"* ]] || { echo "$* gave: $output"; return 1; }
	}
	refused "cache type 's3'" --cache-from type=s3,bucket=b
	refused "local, registry, inline or gha" --cache-to type=azblob
	refused "unknown key 'bucket'" --cache-to type=registry,ref=a/b,bucket=x
	refused "unknown key 'dest'" --cache-from "type=local,dest=$cache"
	refused "unknown key 'src'" --cache-to "type=local,src=$cache"
	refused "unknown key 'mode'" --cache-from type=registry,ref=a/b,mode=max
	refused "ref is missing" --cache-from type=registry
	refused "ref is missing" --cache-from type=registry,ref=
	refused "ref:" --cache-from type=registry,ref=Not/A/Name
	refused "ref:" --cache-from Not/A/Name
	refused "cannot have a digest" --cache-to "type=registry,ref=a/b@sha256:$(printf 'a%.0s' {1..64})"
	refused "digest:" --cache-from "type=local,src=$cache,digest=sha256:12"
	refused "src is missing" --cache-from type=local
	refused "dest is missing" --cache-to type=local
	refused "expected min or max" --cache-to type=registry,ref=a/b,mode=all
	refused "image-manifest=false" --cache-to type=registry,ref=a/b,image-manifest=false
	refused "type=registry,ref=IMAGE" --cache-from type=inline
	refused "compression-level is supported with" --cache-to type=registry,ref=a/b,compression-level=9
}
