/* A store in a folder of its own that goes with the test. */
#ifndef BLOB_TEMP_STORE_H
#define BLOB_TEMP_STORE_H

#include "../test.h"

#include "blob/gc.h"
#include "blob/tree.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <stdio.h>

struct temp_store {
	char path[64];
	struct store *s;
	struct err err;
};

static void open_again(struct temp_store *t)
{
	struct store_spec spec = {.root = t->path};
	store_free(t->s);
	t->s = NULL;
	if (store_open(&spec, &t->s, &t->err) < 0)
		fail_msg("%s", t->err.what);
}

static int set_up(void **state)
{
	struct temp_store *t = NEW(struct temp_store);
	snprintf(t->path, sizeof(t->path), "%s/knarr-store-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(t->path))
		return -1;
	open_again(t);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct temp_store *t = *state;
	store_free(t->s);
	if (fs_remove_tree(AT_FDCWD, t->path, &t->err) < 0)
		printf("%s\n", t->err.what);
	free(t);
	return 0;
}

/* A blob with this text. */
static inline struct digest put(struct temp_store *t, const char *text)
{
	struct digest d = {0};
	if (blob_put(t->s, str_of(text), &d, &t->err) < 0)
		fail_msg("put: %s", t->err.what);
	return d;
}

static inline void path_of(const struct digest *d, char room[200])
{
	char hex[DIGEST_HEX];
	digest_hex(d, hex, 0);
	snprintf(room, 200, "blobs/%s/%.2s/%s", digest_algorithm_name(d->algorithm), hex, hex);
}

static inline size_t count_in(struct temp_store *t, const char *folder)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int fd;
	if (store_dir(t->s, folder, &fd, &t->err) < 0 || fs_list(fd, &all, &t->err) < 0)
		fail_msg("%s", t->err.what);
	return all.n;
}

static inline struct gc_result collect(struct temp_store *t)
{
	struct gc_result r = {0};
	struct gc_spec spec = {0};
	if (gc_run(t->s, &spec, &r, &t->err) < 0)
		fail_msg("gc: %s", t->err.what);
	return r;
}

#endif
