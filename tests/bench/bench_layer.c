/* bench_layer -- how long a tree takes to become a layer, and back.
 *
 *	bench_layer TREE SCRATCH [gzip|zstd|none] [LEVEL] [RUNS] [THREADS]
 *
 * Packs TREE into SCRATCH/blob and unpacks that into SCRATCH/tree, RUNS times each, and prints the
 * best and the median. Put SCRATCH on the file system that is to be measured. FOREIGN=FILE in the
 * environment unpacks that blob instead of what was packed.
 */
#include "base/clock.h"
#include "fs/fs.h"
#include "layer/layer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>

enum { MAX_RUNS = 99 };

struct file_stream {
	struct sink sink;
	struct source source;
	int fd;
};

static int write_file(struct sink *s, const void *p, size_t n, struct err *err)
{
	return fs_write_fd(((struct file_stream *)s)->fd, p, n, err);
}

static ssize_t read_file(struct source *s, void *room, size_t n, struct err *err)
{
	struct file_stream *f =
		(struct file_stream *)((char *)s - offsetof(struct file_stream, source));
	ssize_t got = read(f->fd, room, n);
	return got < 0 ? err_sys(err, "read") : got;
}

struct times {
	double seconds[MAX_RUNS], cpu[MAX_RUNS];
};

static double cpu_now(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void show(const char *what, struct times *t, int runs, const struct layer_info *info)
{
	qsort(t->seconds, (size_t)runs, sizeof(double), by_value);
	qsort(t->cpu, (size_t)runs, sizeof(double), by_value);
	printf("%-7s best %.3f s  median %.3f s  cpu %.3f s  tar %" PRIu64 "  blob %" PRIu64
	       "  entries %" PRIu64 "\n",
		what, t->seconds[0], t->seconds[runs / 2], t->cpu[runs / 2], info->tar_bytes,
		info->blob_bytes, info->n_entries);
}

static int pack(const char *tree, int scratch_fd, struct layer_pack *p, struct layer_info *info,
	struct err *err)
{
	struct file_stream out = {.sink = {write_file}, .fd = -1};
	if (fs_open(AT_FDCWD, tree, O_RDONLY | O_DIRECTORY, 0, &p->tree_fd, err) < 0)
		return -1;
	if (fs_open(scratch_fd, "blob", O_WRONLY | O_CREAT | O_TRUNC, 0644, &out.fd, err) < 0)
		return -1;
	p->out = &out.sink;
	int r = layer_pack(p, info, err);
	close(out.fd);
	close(p->tree_fd);
	return r;
}

static int unpack(int scratch_fd, struct pool *pool, struct layer_info *info, struct err *err)
{
	const char *foreign = getenv("FOREIGN");
	struct file_stream in = {.source = {read_file}, .fd = -1};
	struct layer_unpack u = {.blob = &in.source, .pool = pool};
	if (fs_mkdirs(scratch_fd, "tree", 0755, err) < 0 ||
		fs_open(scratch_fd, "tree", O_RDONLY | O_DIRECTORY, 0, &u.tree_fd, err) < 0 ||
		fs_open(foreign ? AT_FDCWD : scratch_fd, foreign ? foreign : "blob", O_RDONLY, 0,
			&in.fd, err) < 0)
		return -1;
	int r = layer_unpack(&u, info, err);
	close(in.fd);
	close(u.tree_fd);
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	const struct clock *clock = clock_system();
	struct layer_pack p = {.is_overlay_upper = true,
		.compression = COMPRESS_GZIP,
		.times = {INT64_MAX, 0},
		.level = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0};
	int runs = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 5;
	unsigned threads = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 0;
	CLEANUP(pool_free) struct pool *pool = pool_new(threads);
	struct layer_info info = {0};
	struct times packing = {0}, unpacking = {0};
	char text[DIGEST_TEXT];
	CLEANUP(fd_close) int scratch_fd = -1;
	if (argc > 3)
		p.compression = strcmp(argv[3], "zstd") == 0 ? COMPRESS_ZSTD
			: strcmp(argv[3], "none") == 0       ? COMPRESS_NONE
							     : COMPRESS_GZIP;
	p.pool = pool;
	if (runs < 1 || runs > MAX_RUNS)
		return err_set(err, ERR_USAGE, "runs: 1 to %d", MAX_RUNS);
	if (fs_mkdirs(AT_FDCWD, argv[2], 0755, err) < 0 ||
		fs_open(AT_FDCWD, argv[2], O_RDONLY | O_DIRECTORY, 0, &scratch_fd, err) < 0)
		return -1;
	for (int i = 0; i < runs; i++) {
		int64_t t0 = clock_monotonic(clock);
		double cpu0 = cpu_now();
		if (pack(argv[1], scratch_fd, &p, &info, err) < 0)
			return -1;
		packing.seconds[i] = (double)(clock_monotonic(clock) - t0) / 1e9;
		packing.cpu[i] = cpu_now() - cpu0;
	}
	printf("%s\n", digest_text(&info.diff_id, text));
	show("pack", &packing, runs, &info);
	for (int i = 0; i < runs; i++) {
		if (fs_remove_tree(scratch_fd, "tree", err) < 0)
			return -1;
		int64_t t0 = clock_monotonic(clock);
		double cpu0 = cpu_now();
		if (unpack(scratch_fd, pool, &info, err) < 0)
			return -1;
		unpacking.seconds[i] = (double)(clock_monotonic(clock) - t0) / 1e9;
		unpacking.cpu[i] = cpu_now() - cpu0;
	}
	show("unpack", &unpacking, runs, &info);
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	if (argc < 3) {
		fprintf(stderr,
			"usage: bench_layer TREE SCRATCH [gzip|zstd|none] [LEVEL] [RUNS] "
			"[THREADS]\n");
		return 2;
	}
	if (run(argc, argv, &err) < 0) {
		char line[1024];
		err_line(&err, line, sizeof(line));
		fprintf(stderr, "bench_layer: %s\n", line);
		return 1;
	}
	return 0;
}
