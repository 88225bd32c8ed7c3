#include "cli/image_files.h"

#include "build/build.h"
#include "fs/fs.h"
#include "local/local.h"
#include "remote/place.h"

#include <fcntl.h>

/* ---- import ---- */

static int open_input(const char *path, int *ret_fd, struct err *err)
{
	if (strcmp(path, "-") == 0) {
		*ret_fd = dup(STDIN_FILENO);
		return *ret_fd < 0 ? err_sys(err, "standard input") : 0;
	}
	return fs_open(AT_FDCWD, path, O_RDONLY, 0, ret_fd, err);
}

static int say_digest(const struct cmd_globals *g, const struct digest *d, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	char text[DIGEST_TEXT];
	digest_text(d, text);
	buf_fmt(&b, cmd_is_json(g) ? "{\"digest\":\"%s\"}\n" : "%s\n", text);
	return cmd_answer(&b, err);
}

/* A plain archive of files. */
static int import_files(struct session *s, const char *path, const char *name,
	const struct image_platform *platform, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	const char *const tags[] = {name, NULL};
	struct build_result result;
	struct build_spec spec = {
		.pool = session_pool(s),
		.events = session_events(s),
		.cancel = &s->cancel,
		.tags = tags,
		.platform = platform,
	};
	if (session_store(s, &spec.store, err) < 0 || open_input(path, &fd, err) < 0)
		return -1;
	if (build_import(&spec, fd, &s->arena, &result, err) < 0)
		return err_wrap(err, "'%s'", path);
	session_end_progress(s);
	return say_digest(s->g, &result.manifest.digest, err);
}

int image_read_place(struct session *s, const struct place *from, const char *name,
	const struct image_platform *platform, struct image_descriptor *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct place_images images = {0};
	struct image_ref ref;
	struct place_read read = {
		.from = from,
		.fd = STDIN_FILENO,
		.platform = platform,
		.is_all_platforms = !platform,
		.pool = session_pool(s),
		.events = session_events(s),
		.cancel = &s->cancel,
	};
	if (session_store(s, &read.store, err) < 0)
		return -1;
	if (name) {
		if (image_ref_parse(str_of(name), &s->arena, &ref, err) < 0)
			return -1;
		image_ref_default_tag(&ref);
		local_add_repository(&repository, &ref);
		read.repository = buf_str(&repository);
		read.tag = ref.tag;
	}
	int rc = place_read(&read, &s->arena, &images, err);
	if (rc == 0 && !images.n)
		rc = err_set(err, ERR_NOT_FOUND, "'%s' holds no image", from->path);
	if (rc == 0)
		*ret = platform ? images.p[0].manifest : images.p[0].descriptor;
	vec_done(&images);
	return rc;
}

static int import(struct session *s, const char *path, const char *name, const char *platform,
	struct err *err)
{
	struct place from;
	struct image_descriptor found;
	struct image_platform parsed;
	const struct image_platform *want = platform ? &parsed : NULL;
	int is_place = place_parse(str_of(path), &s->arena, &from, err);
	if (is_place < 0 ||
		(want && image_platform_parse(str_of(platform), &s->arena, &parsed, err) < 0))
		return -1;
	if (!is_place && !name)
		return err_set(err, ERR_USAGE, "an archive of files needs a name for its image");
	if (!is_place)
		return import_files(s, path, name, want, err);
	if (image_read_place(s, &from, name, want, &found, err) < 0)
		return -1;
	session_end_progress(s);
	return say_digest(s->g, &found.digest, err);
}

int image_import(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *platform = NULL;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"platform", 0, OPT_TEXT, &platform, "OS/ARCH",
			"what the files are for, or which image to take"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 1, 2, &args,
		&err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = import(&s, args.p[0], args.n > 1 ? args.p[1] : NULL, platform, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

/* ---- export ---- */

int image_write_place(struct session *s, const struct image_descriptor *what,
	const struct image_ref *name, const struct place *to, struct err *err)
{
	struct image_ref given;
	bool is_docker = to->kind == PLACE_DOCKER_ARCHIVE;
	if (to->reference.n) { /* the name it was given there wins */
		if (is_docker && image_ref_parse(to->reference, &s->arena, &given, err) < 0)
			return -1;
		if (is_docker)
			image_ref_default_tag(&given);
		name = is_docker ? &given : NULL;
	}
	struct place_write write = {
		.what = *what,
		.names = name,
		.n_names = name && name->domain.n ? 1 : 0,
		.to = to,
		.fd = STDOUT_FILENO,
		.cancel = &s->cancel,
	};
	if (session_store(s, &write.store, err) < 0)
		return -1;
	return place_write(&write, err);
}

static int export(struct session *s, const char *name, const char *path, struct err *err)
{
	struct image_descriptor found;
	struct image_ref ref;
	struct place to;
	struct store *store;
	int is_place = place_parse(str_of(path), &s->arena, &to, err);
	if (is_place < 0 || session_store(s, &store, err) < 0 ||
		local_find_text(store, name, &s->arena, &found, &ref, err) < 0)
		return -1;
	if (!is_place) /* as docker save */
		to = (struct place){.kind = PLACE_DOCKER_ARCHIVE, .path = path};
	if (strcmp(to.path, "-") == 0 && isatty(STDOUT_FILENO)) {
		err_set(err, ERR_USAGE, "an archive is not written to a terminal");
		return err_hint(err, "name a file, or send stdout elsewhere");
	}
	image_ref_default_tag(&ref);
	return image_write_place(s, &found, &ref, &to, err);
}

int image_export(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 2, 2, &args, &err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = export(&s, args.p[0], args.p[1], &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
