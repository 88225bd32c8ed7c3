# The files that are built and moved, the same bytes on every run. Sourced; needs $W and $REG.
#
#	$W/base.tar   the base image: minimal Debian, or busybox with --small
#	$W/app        a build context: Dockerfile, 2,000 sources (20 with --small), one file that changes
#	$W/deps       a dependency layer as a tree: about 9,000 files, 180 MB, made of the base's /usr
#	$W/tiny.tar   busybox alone, to start containers

tiny_root() { # tiny_root DIR
	local dir=$1 applet
	mkdir -p "$dir"/{bin,etc,tmp,usr/lib,proc,sys,dev,root}
	chmod 1777 "$dir/tmp"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in sh cat cp echo env find ls md5sum mkdir rm true; do
		ln -s busybox "$dir/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
	echo 'root:x:0:' >"$dir/etc/group"
}

tar_of() { # tar_of DIR FILE
	tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$2" .
}

make_base() {
	tiny_root "$W/root"
	tar_of "$W/root" "$W/tiny.tar"
	if [ -n "$BENCH_BASE" ]; then
		ln -s "$BENCH_BASE" "$W/base.tar"
		rm -rf "$W/root"
		mkdir "$W/root"
		tar -C "$W/root" -xf "$BENCH_BASE" ./usr
	else
		local i
		for i in $(seq 300); do seq "$i" $((i * 7)) >"$W/root/usr/lib/f$i"; done
		tar_of "$W/root" "$W/base.tar"
	fi
}

# Sources that look like some: short lines, few words. A generator of our own keeps the bytes the same.
make_sources() { # make_sources DIR N
	mkdir -p "$1"/m{0..9}
	awk -v dir="$1" -v n="$2" 'BEGIN {
		split("order price signal agent queue worker config schema token event", word)
		x = 20261121
		for (i = 0; i < n; i++) {
			file = sprintf("%s/m%d/f%04d.c", dir, i % 10, i)
			for (line = 0; line < 20 + i % 60; line++) {
				x = (x * 16807) % 2147483647
				printf "static int %s_%s(int a) { return a + %d; }\n", word[x % 10 + 1],
					word[int(x / 10) % 10 + 1], x % 1000 >file
			}
			close(file)
		}
	}'
}

# The same commands make the layer in a build (RUN) and as a tree.
grow='mkdir -p $1 && cp -a $2/usr $1/a && cp -a $2/usr $1/b && find $1/b -type f -exec sh -c '\''for f; do echo >>"$f"; done'\'' _ {} +'

make_app() {
	mkdir "$W/app"
	make_sources "$W/app/src" "$([ -n "$BENCH_BASE" ] && echo 2000 || echo 20)"
	seq 20 >"$W/app/requirements.txt"
	edit first
	local run=${grow//\$1//opt/deps}
	cat >"$W/app/Dockerfile" <<-D
		FROM $REG/bench/base:1 AS files
		LABEL org.opencontainers.image.title="bench"
		ENV LC_ALL=C
		WORKDIR /app
		COPY requirements.txt ./
		RUN ${run//\$2/}
		COPY src ./src
		COPY main.c ./
		FROM files
		RUN cat src/*/* main.c | md5sum >sum
		EXPOSE 8000
		CMD ["cat", "sum"]
	D
}

edit() { # edit WORD : the line that changes
	printf 'const char *version = "%s";\n' "$1" >"$W/app/main.c"
}

make_workload() {
	make_base
	make_app
	sh -c "$grow" _ "$W/deps" "$W/root"
	about workload "$(printf 'dependency layer: %d files, %d MB; context: %d files' \
		"$(find "$W/deps" ! -type d | wc -l)" "$(($(du -sb "$W/deps" | cut -f1) / 1000000))" \
		"$(find "$W/app" -type f | wc -l)")"
	rm -rf "$W/root"
}
