/* hashFiles(): SHA-256 of the SHA-256 of each file that the patterns select, in the order in which a
 * walk through the folder meets them: names in byte order, what is in a folder at its place. */
#include "runner.h"

#include "digest/digest.h"
#include "fs/fs.h"
#include "glob/selector.h"

#include <fcntl.h>

enum { DEPTH_MAX = 200, READ_BYTES = 64 * 1024, PATH_ROOM = 4096 };

struct walk {
	int root_fd;
	struct selector *selector;
	struct digester *all;
	struct buf path; /* of where we are, relative to the root */
	size_t n_files;
	char *room;
};

static int hash_file(struct walk *w, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(digester_free) struct digester *one = digester_new(DIGEST_SHA256);
	struct stat st;
	if (fs_stat_follow_in(w->root_fd, buf_cstr(&w->path), &st, err) < 0) {
		*err = (struct err){0}; /* a link to nowhere, or out of the folder */
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (fs_open_in(w->root_fd, buf_cstr(&w->path), O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
		return -1;
	for (ssize_t n; (n = read(fd, w->room, READ_BYTES)) != 0;) {
		if (n < 0 && errno != EINTR)
			return err_sys(err, "read '%s'", buf_cstr(&w->path));
		if (n > 0)
			digester_add(one, w->room, (size_t)n);
	}
	struct digest d = digester_finish(one);
	digester_add(w->all, d.bytes, digest_n_bytes(d.algorithm));
	w->n_files++;
	return 0;
}

static int walk_folder(struct walk *w, unsigned depth, struct err *err);

static int walk_entry(struct walk *w, const struct fs_entry *e, unsigned depth, struct err *err)
{
	size_t n = w->path.n;
	int rc = 0;
	if (n)
		buf_add_ch(&w->path, '/');
	buf_add_cstr(&w->path, e->name);
	if (buf_check(&w->path, "path", err) < 0)
		return -1;
	if (e->type == DT_DIR) {
		if (selector_may_match_below(w->selector, buf_str(&w->path)))
			rc = walk_folder(w, depth + 1, err);
	} else if (selector_matches(w->selector, buf_str(&w->path))) {
		rc = hash_file(w, err);
	}
	buf_cut(&w->path, n);
	return rc;
}

static int walk_folder(struct walk *w, unsigned depth, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	if (depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "folders are nested deeper than %d", DEPTH_MAX);
	if (fs_open_in(w->root_fd, w->path.n ? buf_cstr(&w->path) : ".", O_RDONLY | O_DIRECTORY, 0,
		    &fd, err) < 0 ||
		fs_list(fd, &entries, err) < 0)
		return -1;
	VEC_EACH(&entries, e)
		if (walk_entry(w, e, depth, err) < 0)
			return -1;
	return 0;
}

int runner_hash_files(int root_fd, struct str root, struct str patterns, struct arena *a,
	struct str *ret, struct err *err)
{
	CLEANUP(selector_free) struct selector *selector = selector_new(root, S(""));
	CLEANUP(digester_free) struct digester *all = digester_new(DIGEST_SHA256);
	CLEANUP(mem_free) char *room = mem_resize(NULL, READ_BYTES, 1);
	struct walk w = {root_fd, selector, all, BUF(PATH_ROOM), 0, room};
	char text[DIGEST_HEX];
	if (selector_add(selector, patterns, err) < 0)
		return -1;
	int rc = walk_folder(&w, 0, err);
	buf_done(&w.path);
	if (rc < 0)
		return -1;
	struct digest d = digester_finish(all);
	*ret = w.n_files ? arena_str(a, str_of(digest_hex(&d, text, 0))) : S("");
	return 0;
}
