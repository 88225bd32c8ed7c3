#include "build/select.h"

#include "fs/fs.h"
#include "glob/glob.h"
#include "glob/ignore.h"

struct selecting {
	const struct select_spec *spec;
	struct selection *out;
	struct ignore *excludes; /* NULL = none */
};

void selection_done(struct selection *s)
{
	vec_done(&s->roots);
	vec_done(&s->all);
	arena_done(&s->arena);
}

static int not_found(struct str source, struct err *err)
{
	err_set(err, ERR_NOT_FOUND, "'%.*s' is not there", STR_ARG(source));
	return -1;
}

/* ---- walking ---- */

static int read_link(struct selecting *s, struct selected *one, struct err *err)
{
	CLEANUP(buf_done) struct buf target = BUF(4096);
	if (s->spec->view->read_link(s->spec->view, &one->entry, &target, err) < 0)
		return -1;
	one->link = arena_str(&s->out->arena, buf_str(&target));
	return 0;
}

static int add(struct selecting *s, struct str name, const struct view_entry *e, struct err *err)
{
	struct selected one = {.name = name, .entry = *e};
	mode_t type = e->st.st_mode & S_IFMT;
	if (s->out->all.n >= SELECT_MAX)
		return err_set(err, ERR_LIMIT, "more than %d files", SELECT_MAX);
	if (cancel_check(s->spec->cancel, err) < 0)
		return -1;
	if (s->spec->view->is_context && (type == S_IFCHR || type == S_IFBLK))
		return err_set(err, ERR_INPUT, "'%s' is a device: a context cannot have one",
			e->path);
	if (type == S_IFLNK && read_link(s, &one, err) < 0)
		return -1;
	if (type == S_IFREG && s->spec->digests &&
		s->spec->view->digest(s->spec->view, e, &one.digest, err) < 0)
		return -1;
	vec_push(&s->out->all, one);
	return 0;
}

static bool is_excluded(struct selecting *s, struct str name)
{
	return s->excludes && ignore_matches(s->excludes, name);
}

/* A folder's content, depth first. */
static int add_folder(struct selecting *s, struct str name, const struct view_entry *dir,
	unsigned depth, struct err *err)
{
	struct view *v = s->spec->view;
	char **names;
	size_t n;
	if (depth > SELECT_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "'%s' is nested deeper than %d folders", dir->path,
			SELECT_DEPTH_MAX);
	if (v->list(v, dir, &s->out->arena, &names, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct view_entry e;
		struct str below = name.n
			? arena_fmt(&s->out->arena, "%.*s/%s", STR_ARG(name), names[i])
			: str_of(names[i]);
		if (view_child(v, dir, names[i], &s->out->arena, &e, err) < 0)
			return -1;
		bool is_dir = S_ISDIR(e.st.st_mode);
		if (S_ISSOCK(e.st.st_mode) || (is_excluded(s, below) && !is_dir))
			continue;
		size_t before = s->out->all.n;
		if (add(s, below, &e, err) < 0)
			return -1;
		if (is_dir && add_folder(s, below, &e, depth + 1, err) < 0)
			return -1;
		if (is_dir && is_excluded(s, below) && s->out->all.n == before + 1)
			s->out->all.n = before; /* nothing in it was wanted after all */
	}
	return 0;
}

/* ---- sources ---- */

/* "src/./app/x": what --parents keeps is behind the "/./"; without it, everything. */
static struct str parents_of(struct str source, struct str path)
{
	struct str folder = path_dir(path);
	ssize_t pivot = str_find(source, S("/./"));
	if (pivot >= 0) {
		struct str before = str_sub(source, 0, (size_t)pivot);
		while (before.n && before.p[0] == '/')
			before = str_skip(before, 1);
		if (str_eq(folder, before))
			return STR_NONE;
		if (str_starts(folder, before) && folder.p[before.n] == '/')
			return str_skip(folder, before.n + 1);
	}
	return str_is(folder, ".") ? STR_NONE : folder;
}

static int add_root(struct selecting *s, struct str source, struct str path, struct err *err)
{
	struct view *v = s->spec->view;
	struct selection *out = s->out;
	struct view_entry e;
	struct err missing = {0};
	if (v->find(v, path, true, &out->arena, &e, &missing) < 0) {
		if (missing.kind == ERR_NOT_FOUND)
			return not_found(source, err);
		*err = missing;
		return -1;
	}
	struct select_root root = {
		.base = arena_str(&out->arena, path_base(path)),
		.is_dir = S_ISDIR(e.st.st_mode),
		.first = out->all.n,
	};
	if (s->spec->keeps_parents)
		root.parents = arena_str(&out->arena, parents_of(source, path));
	if (s->spec->keeps_parents && root.is_dir && path.n)
		root.parents = root.parents.n ? arena_fmt(&out->arena, "%.*s/%.*s",
							STR_ARG(root.parents), STR_ARG(root.base))
					      : root.base;
	if (!root.is_dir && is_excluded(s, root.base))
		return 0;
	if (add(s, S(""), &e, err) < 0 || (root.is_dir && add_folder(s, S(""), &e, 0, err) < 0))
		return -1;
	root.n = out->all.n - root.first;
	vec_push(&out->roots, root);
	return 0;
}

/* Names that match one component of a pattern, and the rest of the pattern below them. */
static int add_matches(struct selecting *s, struct str source, struct str folder,
	struct str pattern, unsigned depth, struct err *err)
{
	struct view *v = s->spec->view;
	struct view_entry dir;
	struct err missing = {0};
	char **names;
	size_t n;
	struct str rest = pattern, part;
	if (depth > SELECT_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "pattern '%.*s' has too many parts",
			STR_ARG(source));
	if (!str_cut(&rest, '/', &part))
		return 0;
	if (v->find(v, folder, true, &s->out->arena, &dir, &missing) < 0 ||
		!S_ISDIR(dir.st.st_mode))
		return 0; /* a pattern that leads nowhere matches nothing */
	if (v->list(v, &dir, &s->out->arena, &names, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct str path;
		int matches = glob_match(part, str_of(names[i]), err);
		if (matches < 0)
			return err_wrap(err, "'%.*s'", STR_ARG(source));
		if (!matches)
			continue;
		path = folder.n ? arena_fmt(&s->out->arena, "%.*s/%s", STR_ARG(folder), names[i])
				: str_of(names[i]);
		if ((rest.p ? add_matches(s, source, path, rest, depth + 1, err)
			    : add_root(s, source, path, err)) < 0)
			return -1;
	}
	return 0;
}

static int add_source(struct selecting *s, struct str source, struct err *err)
{
	CLEANUP(buf_done) struct buf clean = BUF(4096);
	path_clean(&clean, S("/"), source); /* also keeps ".." inside the root */
	if (buf_check(&clean, "source", err) < 0)
		return -1;
	struct str path = arena_str(&s->out->arena, str_skip(buf_str(&clean), 1));
	if (glob_has_wildcard(path))
		return add_matches(s, source, S(""), path, 0, err);
	return add_root(s, source, path.n ? path : S("."), err);
}

int select_files(const struct select_spec *spec, struct selection *ret, struct err *err)
{
	CLEANUP(ignore_free) struct ignore *excludes = spec->n_excludes ? ignore_new() : NULL;
	for (size_t i = 0; i < spec->n_excludes; i++)
		if (ignore_add(excludes, spec->excludes[i], err) < 0)
			return err_wrap(err, "--exclude");
	struct selecting s = {spec, ret, excludes};
	for (size_t i = 0; i < spec->n_sources; i++)
		if (add_source(&s, spec->sources[i], err) < 0)
			return -1;
	return 0;
}
