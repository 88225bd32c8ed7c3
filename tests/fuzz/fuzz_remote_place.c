/* Archives of images into a store. An even first byte: the rest is an archive as it is, OCI or docker
 * by the next bit. An odd one: the rest is a list of entries, each a name (one byte, out of few) and
 * content up to the next 0xff; a blob is called by its true digest, and "$1" in a document is the
 * descriptor of the first blob. Whatever comes: nothing half written is left. */
#include "base/own.h"
#include "blob/blob.h"
#include "fs/fs.h"
#include "remote/place.h"
#include "tar/tar.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOBS = 9 };

static const char *const names[] = {"oci-layout", "index.json", "manifest.json", "c.json", "l.tar",
	"./l2.tar", "a/link", "../index.json"};
static const char *const types[] = {
	MEDIA_OCI_MANIFEST, MEDIA_OCI_INDEX, MEDIA_OCI_CONFIG, MEDIA_OCI_LAYER_GZIP};

struct blobs {
	struct digest digests[BLOBS];
	size_t sizes[BLOBS], n;
};

/* "$1m": the first blob as a manifest. */
static void add_content(struct buf *b, const struct blobs *blobs, struct str raw)
{
	char text[DIGEST_TEXT];
	for (size_t i = 0; i < raw.n; i++) {
		size_t blob = i + 2 < raw.n ? (unsigned char)raw.p[i + 1] - (size_t)'1' : SIZE_MAX;
		if (raw.p[i] != '$' || blob >= blobs->n) {
			buf_add_ch(b, raw.p[i]);
			continue;
		}
		buf_fmt(b, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
			types[(unsigned char)raw.p[i + 2] % ARRAY_LEN(types)],
			digest_text(&blobs->digests[blob], text), blobs->sizes[blob]);
		i += 2;
	}
}

static void add_entry(struct buf *tar, struct blobs *blobs, uint8_t which, struct str content)
{
	static const char zeros[TAR_BLOCK];
	char path[DIGEST_TEXT + 16], hex[DIGEST_HEX];
	struct err err = {0};
	struct tar_entry e = {.type = TAR_FILE, .name = str_of(names[which % ARRAY_LEN(names)])};
	if (which % ARRAY_LEN(names) == 6) {
		e.type = TAR_SYMLINK;
		e.link = S("../l.tar");
		content = STR_NONE;
	} else if (which >= 128 && blobs->n < BLOBS) {
		struct digest d = digest_of(content);
		snprintf(path, sizeof(path), "blobs/sha256/%s", digest_hex(&d, hex, 0));
		e.name = str_of(path);
		blobs->digests[blobs->n] = d;
		blobs->sizes[blobs->n++] = content.n;
	}
	e.size = content.n;
	if (tar_add_header(tar, &e, &err) < 0)
		return;
	buf_add(tar, content);
	buf_add_bytes(tar, zeros, tar_padding(content.n));
}

static void add_entries(struct buf *tar, struct str list)
{
	struct blobs blobs = {0};
	while (list.n) {
		CLEANUP(buf_done) struct buf content = BUF(1 << 20);
		uint8_t which = (uint8_t)list.p[0];
		struct str raw = str_skip(list, 1);
		ssize_t end = str_chr(raw, '\xff');
		if (end >= 0)
			raw = str_sub(raw, 0, (size_t)end);
		list = str_skip(list, 1 + raw.n + (end >= 0));
		add_content(&content, &blobs, raw);
		add_entry(tar, &blobs, which, buf_str(&content));
	}
	tar_add_end(tar);
}

/* One for all inputs, for opening it costs more than most of them. */
static char store_path[] = "/dev/shm/fuzz-place-XXXXXX";
static struct store *the_store;

static void close_store(void)
{
	struct err err = {0};
	store_free(the_store);
	assert(fs_remove_tree(AT_FDCWD, store_path, &err) == 0);
}

static struct store *open_store(void)
{
	struct err err = {0};
	struct store_spec spec = {.root = store_path};
	if (the_store)
		return the_store;
	assert(mkdtemp(store_path));
	assert(store_open(&spec, &the_store, &err) == 0);
	atexit(close_store);
	return the_store;
}

static void read_archive(struct store *s, int fd, enum place_kind kind, bool is_all)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct place place = {.kind = kind, .path = "-"};
	struct place_images images = {0};
	struct err err = {0};
	struct place_read r = {.store = s, .from = &place, .fd = fd, .is_all_platforms = is_all};
	assert(lseek(fd, 0, SEEK_SET) == 0);
	if (place_read(&r, &a, &images, &err) == 0)
		VEC_EACH(&images, image)
			assert(blob_exists(s, &image->descriptor.digest));
	vec_done(&images);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_done) struct buf tar = BUF(1 << 24);
	CLEANUP(fd_close) int fd = -1;
	struct fs_entries left = {0};
	struct err err = {0};
	int tmp_fd;
	if (size < 1)
		return 0;
	struct store *s = open_store();
	if (data[0] % 2)
		add_entries(&tar, str_n(data + 1, size - 1));
	else
		buf_add_bytes(&tar, data + 1, size - 1);
	fd = memfd_create("archive", MFD_CLOEXEC);
	assert(fd >= 0 && fs_write_fd(fd, tar.p, tar.n, &err) == 0);
	read_archive(s, fd, data[0] & 2 ? PLACE_DOCKER_ARCHIVE : PLACE_OCI_ARCHIVE, data[0] & 4);
	assert(store_dir(s, "tmp", &tmp_fd, &err) == 0 && fs_list(tmp_fd, &left, &err) == 0);
	assert(left.n == 0);
	fs_entries_done(&left);
	return 0;
}
