#include "build/add.h"

#include "build/view_stack.h"
#include "fs/fs.h"
#include "fs/stream.h"
#include "git/git.h"
#include "http/client.h"
#include "http/url.h"
#include "layer/layer.h"

#include <fcntl.h>

enum { REDIRECTS_MAX = 10, URL_MAX = 8192 };
#define DOWNLOAD_MAX (UINT64_C(64) << 30)

bool add_is_git(struct str source)
{
	struct str path = source;
	ssize_t hash = str_chr(source, '#');
	if (hash >= 0)
		path = str_sub(source, 0, (size_t)hash);
	return str_starts(source, S("git@")) || str_starts(source, S("git://")) ||
		str_starts(source, S("ssh://")) ||
		((str_starts(source, S("https://")) || str_starts(source, S("http://"))) &&
			str_ends(path, S(".git")));
}

bool add_is_url(struct str source)
{
	return str_starts(source, S("http://")) || str_starts(source, S("https://"));
}

struct inst_words add_local_sources(const struct inst_copy *c, struct arena *a)
{
	struct inst_words local = {ARENA_ARRAY(a, struct dockerfile_word, c->sources.n + 1), 0};
	for (size_t i = 0; i < c->sources.n; i++)
		if (!add_is_url(c->sources.p[i].text) && !add_is_git(c->sources.p[i].text))
			local.p[local.n++] = c->sources.p[i];
	return local;
}

void add_sources_done(struct add_sources *s)
{
	struct err ignored = {0}; /* what stays is swept later */
	for (size_t i = 0; i < s->n; i++) {
		int tmp_fd;
		fd_close(s->p[i].fd);
		if (s->p[i].dir && store_dir(s->store, "tmp", &tmp_fd, &ignored) == 0)
			(void)fs_remove_tree(tmp_fd, s->p[i].dir, &ignored);
	}
}

/* ---- downloads ---- */

struct download {
	struct digester *digester;
	int fd;
	uint64_t bytes;
};

static int on_body(void *ctx, struct str piece, struct err *err)
{
	struct download *d = ctx;
	if (d->bytes + piece.n > DOWNLOAD_MAX)
		return err_set(err, ERR_LIMIT, "the download is larger than %llu bytes",
			(unsigned long long)DOWNLOAD_MAX);
	d->bytes += piece.n;
	digester_add_str(d->digester, piece);
	return fs_write_fd(d->fd, piece.p, piece.n, err);
}

/* One request; *url becomes the next one when it is a redirect. 0 = done, 1 = ask again. */
static int request(struct build *b, struct http_client *client, struct buf *url, struct download *d,
	struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	CLEANUP(buf_done) struct buf next = BUF(URL_MAX);
	struct http_call call = {
		.method = "GET",
		.url = buf_cstr(url),
		.on_body = on_body,
		.ctx = d,
		.cancel = b->spec->cancel,
	};
	if (http_call(client, &call, &answer, err) < 0)
		return -1;
	if (answer.status == 200)
		return 0;
	struct str location = http_response_header(&answer, "location");
	if (answer.status / 100 != 3 || !location.n)
		return err_set(err, answer.status == 404 ? ERR_NOT_FOUND : ERR_NET, "answered %d",
			answer.status);
	if (url_resolve(buf_str(url), location, &next, err) < 0)
		return -1;
	buf_clear(url);
	buf_add(url, buf_str(&next));
	d->bytes = 0;
	(void)digester_finish(d->digester);
	if (ftruncate(d->fd, 0) < 0 || lseek(d->fd, 0, SEEK_SET) < 0)
		return err_sys(err, "start the download again");
	return 1;
}

static int follow(struct build *b, struct str url, struct download *d, struct err *err)
{
	CLEANUP(http_client_free) struct http_client *client = NULL;
	CLEANUP(buf_done) struct buf at = BUF(URL_MAX);
	struct http_client_spec spec = {0};
	int rc = 1;
	if (http_client_new(&spec, &client, err) < 0)
		return -1;
	buf_add(&at, url);
	for (unsigned i = 0; rc == 1 && i < REDIRECTS_MAX; i++)
		rc = request(b, client, &at, d, err);
	return rc == 1 ? err_set(err, ERR_NET, "more than %d redirects", REDIRECTS_MAX) : rc;
}

static int download(struct build *b, struct str url, int *ret_fd, struct digest *ret,
	struct err *err)
{
	CLEANUP(digester_free) struct digester *digester = digester_new(DIGEST_SHA256);
	CLEANUP(fd_close) int fd = -1;
	int tmp_fd;
	if (store_dir(b->spec->store, "tmp", &tmp_fd, err) < 0)
		return -1;
	fd = openat(tmp_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "make a temporary file");
	struct download d = {digester, fd, 0};
	if (follow(b, url, &d, err) < 0)
		return -1;
	*ret = digester_finish(digester);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int add_download(struct build *b, struct str url, int *ret_fd, struct err *err)
{
	struct digest ignored;
	if (download(b, url, ret_fd, &ignored, err) < 0)
		return -1;
	return lseek(*ret_fd, 0, SEEK_SET) < 0 ? err_sys(err, "read the download") : 0;
}

static int download_source(struct work *w, struct str source, struct add_source *ret,
	struct err *err)
{
	struct url parts;
	if (url_parse(source, &parts, err) < 0)
		return -1;
	ret->name = arena_str(&w->arena, path_base(parts.path));
	return download(w->build, source, &ret->fd, &ret->digest, err);
}

static int check_sum(const struct inst_copy *c, const struct digest *got, struct err *err)
{
	struct digest want;
	char a[DIGEST_TEXT], b[DIGEST_TEXT];
	if (!c->checksum.text.p)
		return 0;
	if (digest_parse(c->checksum.text, &want, err) < 0)
		return err_wrap(err, "--checksum");
	if (digest_eq(&want, got))
		return 0;
	return err_set(err, ERR_INPUT, "expected %s, got %s", digest_text(&want, a),
		digest_text(got, b));
}

/* ---- repositories ---- */

/* "https://host/me/app.git#ref:folder" */
static void split_git(struct str source, struct arena *a, const char **ret_url,
	const char **ret_ref, const char **ret_folder)
{
	struct str rest = source, url = source, ref = STR_NONE;
	(void)str_cut(&rest, '#', &url); /* a source is not NULL */
	*ret_url = arena_cstr(a, url);
	*ret_ref = *ret_folder = NULL;
	if (!str_cut(&rest, ':', &ref))
		return;
	if (ref.n)
		*ret_ref = arena_cstr(a, ref);
	if (rest.n)
		*ret_folder = arena_cstr(a, rest);
}

static int fetch_repository(struct work *w, const struct inst_copy *c, struct str source,
	struct add_source *ret, struct key *k, struct err *err)
{
	struct store *store = w->build->spec->store;
	struct fs_temp temp = FS_TEMP_NONE;
	struct git_commit commit;
	const char *url, *ref, *folder;
	int tmp_fd;
	if (store_dir(store, "tmp", &tmp_fd, err) < 0 || fs_temp_dir(tmp_fd, &temp, err) < 0)
		return -1;
	split_git(source, &w->arena, &url, &ref, &folder);
	ret->dir = arena_cstr(&w->arena, str_of(temp.name));
	fd_close(temp.fd);
	struct git_fetch fetch = {
		.url = url,
		.ref = ref,
		.into = arena_fmt(&w->arena, "%s/tmp/%s", store_root(store), ret->dir).p,
		.depth = 1,
		.has_submodules = true,
		.is_recursive = true,
		.keeps_git_dir = c->keeps_git_dir,
		.cancel = w->build->spec->cancel,
	};
	if (git_fetch(&fetch, &w->arena, &commit, err) < 0)
		return -1;
	ret->name = folder ? arena_str(&w->arena, str_of(folder)) : S(".");
	key_add(k, "commit", commit.sha);
	return 0;
}

int add_fetch(struct work *w, const struct inst_copy *c, struct add_sources *ret, struct key *k,
	struct err *err)
{
	ret->p = ARENA_ARRAY(&w->arena, struct add_source, c->sources.n + 1);
	ret->store = w->build->spec->store;
	for (size_t i = 0; i < c->sources.n; i++) {
		struct str source = c->sources.p[i].text;
		struct add_source *one = &ret->p[ret->n];
		int rc;
		if (!add_is_url(source) && !add_is_git(source))
			continue;
		one->fd = -1;
		ret->n++;
		if (add_is_git(source)) {
			rc = fetch_repository(w, c, source, one, k, err);
		} else {
			rc = download_source(w, source, one, err);
			if (rc == 0)
				rc = check_sum(c, &one->digest, err);
			if (rc == 0)
				key_add_digest(k, "download", &one->digest);
		}
		if (rc < 0)
			return err_wrap(err, "'%.*s'", STR_ARG(source));
	}
	return 0;
}

/* ---- putting it there ---- */

static int place_download(struct work *w, const struct add_source *s, struct put *p,
	struct str dest, bool is_folder, struct err *err)
{
	enum { DOWNLOAD_MODE = 0600 };
	struct stat st = {.st_mode = S_IFREG | DOWNLOAD_MODE, .st_nlink = 1};
	if (is_folder && (!s->name.n || str_is(s->name, "/")))
		return err_set(err, ERR_INPUT, "the URL names no file, and '%.*s' is a folder",
			STR_ARG(dest));
	return put_fd(p, dest, is_folder, s->name, s->fd, &st, err);
}

static int place_repository(struct work *w, const struct add_source *s, struct put *p,
	struct str dest, struct err *err)
{
	CLEANUP(context_close) struct context *folder = NULL;
	CLEANUP(selection_done) struct selection files = {0};
	struct store *store = w->build->spec->store;
	struct context_spec spec = {
		.dir = arena_fmt(&w->arena, "%s/tmp/%s", store_root(store), s->dir).p,
		.cache_dir_fd = -1,
	};
	if (context_open(&spec, &folder, err) < 0)
		return -1;
	struct select_spec select = {
		.view = context_view(folder), .sources = &s->name, .n_sources = 1};
	if (select_files(&select, &files, err) < 0)
		return -1;
	return put_selection(p, context_view(folder), &files, dest, true, err);
}

int add_place(struct work *w, const struct add_sources *s, struct put *p, struct str dest,
	bool is_folder, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		int rc = s->p[i].dir ? place_repository(w, &s->p[i], p, dest, err)
				     : place_download(w, &s->p[i], p, dest, is_folder, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* 1 = it was an archive and is unpacked, 0 = it is none. */
static int unpack(struct work *w, struct view *from, const struct view_entry *e, struct put *p,
	struct str dest, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	char *into;
	if (!S_ISREG(e->st.st_mode))
		return 0;
	if (from->open(from, e, &fd, err) < 0)
		return -1;
	struct fs_source source = fs_source(fd);
	int is_archive = layer_is_archive(&source.source, err);
	if (is_archive <= 0)
		return is_archive < 0 ? err_wrap(err, "'%s'", e->path) : 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "read '%s' again", e->path);
	if (put_resolve_folder(p, dest, &into, err) < 0)
		return -1;
	struct layer_extract x = {
		.archive = &source.source,
		.tree_fd = p->tree_fd,
		.into = into,
		.uid = -1, /* as in the archive, also with --chown: that is for the folder */
		.gid = -1,
		.cancel = w->build->spec->cancel,
	};
	return layer_extract(&x, err) < 0 ? err_wrap(err, "'%s'", e->path) : 1;
}

int add_unpack_archives(struct work *w, const struct inst_copy *c, struct view *from,
	struct selection *files, struct put *p, struct str dest, struct err *err)
{
	size_t kept = 0;
	if (c->has_unpack && !c->unpacks)
		return 0;
	for (size_t i = 0; i < files->roots.n; i++) {
		const struct select_root *root = &files->roots.p[i];
		int done = unpack(w, from, &files->all.p[root->first].entry, p, dest, err);
		if (done < 0)
			return -1;
		if (!done)
			files->roots.p[kept++] = *root;
	}
	files->roots.n = kept;
	return 0;
}
