# knarr's column of the shared benchmark harness: the functions it calls. Each gets $KNARR (path of
# the program) and keeps private state under $SW. Non-zero = FAILED in the table.
SW=${W:-/var/tmp/knarr-bench}/knarr
sw() { KNARR_ROOT=$SW/root "$KNARR" "$@"; }

sw_wipe() { rm -rf "$SW"; mkdir -p "$SW"; }
sw_base() { # base images under the names the Dockerfiles use
	mkdir -p "$SW" && sw image import -q "$W/base.tar" "$REG/bench/base:1" &&
		sw image import -q "$W/gccbase.tar" "$REG/bench/gccbase:1"
}
# sw_build CONTEXT TAG [-f FILE | --no-cache | --cache-from REF | --cache-to REF]
sw_build() {
	local context=$1 tag=$2
	shift 2
	mkdir -p "$SW"
	sw build -q --network host -t "$tag" "$@" "$context"
}
sw_layer() { # sw_layer DIR OUT gzip|zstd : tree -> compressed, digested layer blob (in an OCI folder)
	mkdir -p "$SW/layer"
	printf 'FROM scratch\nCOPY . /\n' >"$SW/layer/Dockerfile"
	rm -rf "$SW/layer-root"
	KNARR_ROOT=$SW/layer-root "$KNARR" build -q -f "$SW/layer/Dockerfile" \
		-o "type=oci,tar=false,dest=$2,compression=$3" "$1"
}
sw_push() { sw push -q "$1" "${2:-$1}"; }
sw_pull() { mkdir -p "$SW" && sw pull -q "$1"; }
sw_rmi() { sw image rm "$1" && sw gc; }
sw_serve() { exec "$KNARR" --root "$2" serve --no-auth --listen "127.0.0.1:$1"; }
# The harness has its image `tiny` made by the peers only: the first, untimed run makes ours.
sw_run() { # sw_run TAG COMMAND…
	local tag=$1
	shift
	sw run --rm --network none --pull never "$tag" "$@" && return
	! sw image inspect "$tag" >/dev/null 2>&1 && [ -d "$W/tiny" ] && sw_build "$W/tiny" "$tag" &&
		sw run --rm --network none --pull never "$tag" "$@"
}
sw_up() { return 99; }	 # deploy: not there yet
sw_down() { return 99; }
