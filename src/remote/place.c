#include "remote/place_priv.h"

#include <fcntl.h>
#include <sys/stat.h>

int place_parse(struct str text, struct arena *a, struct place *ret, struct err *err)
{
	static const struct {
		const char *prefix;
		enum place_kind kind;
	} kinds[] = {{"oci:", PLACE_OCI_DIR}, {"oci-archive:", PLACE_OCI_ARCHIVE},
		{"docker-archive:", PLACE_DOCKER_ARCHIVE}};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!str_starts(text, str_of(kinds[i].prefix)))
			continue;
		struct str rest = str_skip(text, strlen(kinds[i].prefix)), path = STR_NONE;
		(void)str_cut(&rest, ':', &path);
		if (!path.n)
			return err_set(err, ERR_INPUT, "'%.*s': expected a path after '%s'",
				STR_ARG(text), kinds[i].prefix);
		*ret = (struct place){kinds[i].kind, arena_cstr(a, path), arena_str(a, rest)};
		return 1;
	}
	return 0;
}

static int open_file(const struct place_read *p, int *ret_fd, bool *ret_is_ours, struct err *err)
{
	*ret_is_ours = strcmp(p->from->path, "-") != 0;
	*ret_fd = p->fd;
	return *ret_is_ours ? fs_open(AT_FDCWD, p->from->path, O_RDONLY, 0, ret_fd, err) : 0;
}

/* A folder's total is not known before all is read, nor is a pipe's. */
static void begin_progress(struct place_reading *x)
{
	const struct place_read *p = x->p;
	struct progress *progress = &x->progress;
	char title[300];
	struct stat st;
	*progress = (struct progress){.sink = p->events};
	if (stat(p->from->path, &st) == 0 && S_ISREG(st.st_mode))
		progress->total = (uint64_t)st.st_size;
	struct str name = path_base(str_of(p->from->path));
	snprintf(progress->id, sizeof(progress->id), "read/%.*s", STR_ARG(str_sub(name, 0, 32)));
	snprintf(title, sizeof(title), "read '%.*s'", STR_ARG(str_sub(name, 0, 255)));
	event_begin(p->events, str_of(progress->id), p->event_parent, str_of(title));
}

static int read_archive(struct place_reading *x, struct err *err)
{
	bool is_ours;
	int fd;
	if (open_file(x->p, &fd, &is_ours, err) < 0)
		return -1;
	int rc = x->p->from->kind == PLACE_OCI_ARCHIVE ? oci_archive_read(x, fd, err)
						       : docker_archive_read(x, fd, err);
	if (is_ours)
		close(fd);
	return rc;
}

int place_read(const struct place_read *p, struct arena *a, struct place_images *ret,
	struct err *err)
{
	struct place_reading x = {.p = p, .a = a, .dir_fd = -1, .images = ret};
	x.want = p->platform ? *p->platform : image_platform_host();
	begin_progress(&x);
	int rc = p->from->kind == PLACE_OCI_DIR ? layout_read(&x, err) : read_archive(&x, err);
	fd_close(x.dir_fd);
	return progress_end(&x.progress, rc < 0 ? err_wrap(err, "'%s'", p->from->path) : 0, false,
		err);
}

/* A whole name ("ghcr.io/me/app:v1") has a place in the store of its own. */
static int name_in_store(struct place_reading *x, struct str name, struct buf *ret_repository,
	struct str *ret_tag)
{
	struct image_ref ref;
	struct err ignored;
	if (!name.n || image_ref_parse(name, x->a, &ref, &ignored) < 0)
		return 0;
	image_ref_default_tag(&ref);
	buf_add_cstr(ret_repository, "local:");
	image_ref_add_name(ret_repository, &ref);
	*ret_tag = ref.tag;
	return 1;
}

int place_keep(struct place_reading *x, const struct fetched_manifests *documents, struct str name,
	struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(1024);
	struct str tag = x->p->tag;
	size_t leaf = x->p->is_all_platforms ? 0 : documents->n - 1;
	struct platform_check check = {x->p->store, x->a, x->p->events, x->p->event_parent,
		&x->want, x->p->platform != NULL};
	if (!x->p->is_all_platforms &&
		document_check_platform(&check, &documents->p[leaf], err) < 0)
		return -1;
	if (x->p->repository.n)
		buf_add(&repository, x->p->repository);
	else if (!name_in_store(x, name, &repository, &tag))
		tag = STR_NONE;
	if (buf_check(&repository, "image name", err) < 0 ||
		documents_write(x->p->store, documents, buf_str(&repository), tag, x->a, err) < 0)
		return -1;
	vec_push(x->images,
		((struct place_image){
			documents->p[0].descriptor, documents->p[leaf].descriptor, name}));
	return 0;
}

int place_write(const struct place_write *p, struct err *err)
{
	int rc = p->to->kind == PLACE_OCI_DIR ? layout_write(p, err) : archive_write(p, err);
	return rc < 0 ? err_wrap(err, "'%s'", p->to->path) : 0;
}
