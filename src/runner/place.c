#include "place_priv.h"

#include "base/num.h"
#include "json/json.h"

#include <fcntl.h>

enum { NUMBERS_MAX = 16 << 20, PATH_ROOM = 4096 };

/* ---- numbers ---- */

struct number {
	struct str key;
	int64_t value;
};

struct numbers {
	struct arena a;
	int64_t last_id;
	VEC(struct number) list;
};

static void numbers_done(struct numbers *n)
{
	vec_done(&n->list);
	arena_done(&n->a);
}
CLEANUP_VAL(numbers_done, struct numbers);

static int parse_numbers(struct str text, struct numbers *n, struct err *err)
{
	const struct json_limits limits = {
		.max_bytes = NUMBERS_MAX, .max_depth = 4, .max_values = 1000000};
	struct json *v, *runs = NULL;
	if (json_parse(text, &limits, &n->a, &v, err) < 0 ||
		json_get_i64(v, "last_id", 0, INT64_MAX - 1, &n->last_id, err) < 0 ||
		json_get_object(v, "numbers", &runs, err) < 0)
		return -1;
	for (size_t i = 0; i < runs->n; i++)
		if (runs->members[i].value.kind == JSON_INT)
			vec_push(&n->list,
				((struct number){
					runs->members[i].key, runs->members[i].value.number}));
	return 0;
}

/* No file, and no folder, is no numbers yet. */
static int read_numbers(int runs_fd, struct numbers *n, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(NUMBERS_MAX);
	struct err why = {0};
	if (fs_read_file(runs_fd, "numbers.json", &b, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (parse_numbers(buf_str(&b), n, err) < 0) {
		(void)err_in_file(err, "numbers.json");
		err_hint(err, "remove the file in the store's folder 'runs': numbers begin again");
		return err_wrap(err, "runs");
	}
	return 0;
}

static int write_numbers(int runs_fd, const struct numbers *n, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(NUMBERS_MAX);
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "last_id");
	json_add_i64(&o, n->last_id);
	json_key(&o, "numbers");
	json_object(&o);
	VEC_EACH(&n->list, one) {
		json_key_str(&o, one->key);
		json_add_i64(&o, one->value);
	}
	json_end(&o);
	json_end(&o);
	if (buf_check(&b, "numbers of runs", err) < 0)
		return -1;
	/* Synced: half a file after a power cut would stop every run. */
	return fs_write_file(runs_fd, "numbers.json", buf_str(&b), 0644, FS_SYNC, err);
}

static void next_numbers(struct numbers *n, struct str key, struct run_place *p)
{
	p->id = (uint64_t)++n->last_id;
	p->number = 1;
	VEC_EACH(&n->list, one) {
		if (str_eq(one->key, key)) {
			p->number = (uint64_t)++one->value;
			return;
		}
	}
	vec_push(&n->list, ((struct number){key, 1}));
}

/* ---- sweeping ---- */

static bool is_id(const char *name)
{
	struct err ignored;
	uint64_t n;
	return num_parse_u64(str_of(name), 1, INT64_MAX, &n, &ignored) == 0;
}

/* Nobody holds its lock. A run's folder and lock are made under the lock of all runs. */
static bool is_dead(int runs_fd, const char *name)
{
	char path[64];
	struct err why;
	CLEANUP(fd_close) int fd = -1;
	snprintf(path, sizeof(path), "%.40s/lock", name);
	return fs_lock(runs_fd, path, FS_EXCLUSIVE, FS_TRY, &fd, &why) == 0;
}

/* Moves dead runs aside, so that removing them need not hold the lock; gives their number. */
static int set_aside(int runs_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	int n = 0;
	char aside[80];
	if (fs_list(runs_fd, &entries, err) < 0)
		return -1;
	VEC_EACH(&entries, e) {
		if (e->type != DT_DIR || !is_id(e->name) || !is_dead(runs_fd, e->name))
			continue;
		snprintf(aside, sizeof(aside), ".dead-%.40s", e->name);
		if (renameat(runs_fd, e->name, runs_fd, aside) < 0)
			return err_sys(err, "move '%s'", e->name);
		n++;
	}
	return n;
}

static int remove_aside(int runs_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	if (fs_list(runs_fd, &entries, err) < 0)
		return -1;
	int rc = 0;
	VEC_EACH(&entries, e)
		if (str_starts(str_of(e->name), S(".dead-")) &&
			fs_remove_tree(runs_fd, e->name, err) < 0)
			rc = -1;
	return rc;
}

static int open_runs(const char *root, int *ret_fd, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	buf_fmt(&path, "%s/runs", root);
	if (buf_check(&path, "path of the store", err) < 0 ||
		fs_mkdirs(AT_FDCWD, buf_cstr(&path), 0755, err) < 0)
		return -1;
	return fs_open(AT_FDCWD, buf_cstr(&path), O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

static bool has_runs(const char *root)
{
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	buf_fmt(&path, "%s/runs", root);
	return access(buf_cstr(&path), F_OK) == 0;
}

int run_place_sweep(const char *root, struct err *err)
{
	CLEANUP(fd_close) int runs_fd = -1;
	CLEANUP(fd_close) int lock_fd = -1;
	if (!has_runs(root))
		return 0;
	if (open_runs(root, &runs_fd, err) < 0 ||
		fs_lock(runs_fd, ".lock", FS_EXCLUSIVE, FS_WAIT, &lock_fd, err) < 0)
		return -1;
	int n = set_aside(runs_fd, err);
	fd_close_at_end(&lock_fd);
	return n < 0 || remove_aside(runs_fd, err) < 0 ? -1 : n;
}

/* ---- a run ---- */

static int make_run(const char *root, int runs_fd, struct run_place *p, struct err *err)
{
	char name[32];
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	snprintf(name, sizeof(name), "%llu", (unsigned long long)p->id);
	buf_fmt(&path, "%s/runs/%s", root, name);
	if (fs_mkdirs(runs_fd, name, 0755, err) < 0 ||
		fs_open(runs_fd, name, O_RDONLY | O_DIRECTORY, 0, &p->fd, err) < 0)
		return -1;
	p->path = buf_take(&path);
	return fs_lock(p->fd, "lock", FS_EXCLUSIVE, FS_TRY, &p->lock_fd, err);
}

static int make(const char *root, int runs_fd, struct str key, struct run_place *p, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	CLEANUP(numbers_done) struct numbers numbers = {0};
	if (fs_lock(runs_fd, ".lock", FS_EXCLUSIVE, FS_WAIT, &lock_fd, err) < 0 ||
		read_numbers(runs_fd, &numbers, err) < 0)
		return -1;
	next_numbers(&numbers, key, p);
	if (write_numbers(runs_fd, &numbers, err) < 0 || set_aside(runs_fd, err) < 0)
		return -1;
	return make_run(root, runs_fd, p, err);
}

int run_place_make(const char *root, struct str key, struct run_place *ret, struct err *err)
{
	CLEANUP(fd_close) int runs_fd = -1;
	CLEANUP(run_place_done) struct run_place p = RUN_PLACE_NONE;
	if (open_runs(root, &runs_fd, err) < 0 || make(root, runs_fd, key, &p, err) < 0)
		return -1;
	struct err why; /* what could not be removed is tried again by the next run */
	(void)remove_aside(runs_fd, &why);
	*ret = p;
	p = RUN_PLACE_NONE;
	return 0;
}

int run_place_peek(const char *root, struct str key, struct run_place *ret, struct err *err)
{
	CLEANUP(numbers_done) struct numbers numbers = {0};
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	CLEANUP(fd_close) int runs_fd = -1;
	struct run_place p = RUN_PLACE_NONE;
	buf_fmt(&path, "%s/runs", root);
	runs_fd = open(buf_cstr(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (runs_fd >= 0 && read_numbers(runs_fd, &numbers, err) < 0)
		return -1;
	next_numbers(&numbers, key, &p);
	buf_fmt(&path, "/%llu", (unsigned long long)p.id);
	if (buf_check(&path, "path of the store", err) < 0)
		return -1;
	p.path = buf_take(&path);
	*ret = p;
	return 0;
}

void run_place_done(struct run_place *p)
{
	struct err why; /* what stays is swept away by the next run */
	if (p->fd >= 0)
		(void)fs_remove_tree(AT_FDCWD, p->path, &why);
	fd_close_at_end(&p->fd);
	fd_close_at_end(&p->lock_fd);
	free(p->path);
	*p = RUN_PLACE_NONE;
}

/* ---- a job ---- */

static char *name_of(const char *path, const char *below)
{
	CLEANUP(buf_done) struct buf b = BUF(2 * PATH_ROOM);
	buf_fmt(&b, "%s/%s", path, below);
	return buf_take(&b);
}

/* The name of a repository as a folder: it may come from anywhere. */
static void add_folder(struct buf *b, struct str repository)
{
	struct str name = path_base(repository);
	bool is_dots = str_is(name, ".") || str_is(name, "..") || str_is(name, "/");
	for (size_t i = 0; i < name.n && i < 100 && !is_dots; i++) {
		char c = name.p[i];
		bool is_plain = ch_is_alnum(c) || c == '.' || c == '-' || c == '_';
		buf_add_ch(b, is_plain ? c : '-');
	}
	if (is_dots)
		buf_add(b, S("repository"));
}

void job_place_name(const struct run_place *run, unsigned job, struct str repository,
	struct job_place *ret)
{
	CLEANUP(buf_done) struct buf number = BUF(32);
	CLEANUP(buf_done) struct buf work = BUF(PATH_ROOM);
	CLEANUP(buf_done) struct buf folder = BUF(PATH_ROOM);
	*ret = JOB_PLACE_NONE;
	buf_fmt(&number, "%u", job);
	add_folder(&folder, repository);
	ret->path = name_of(run->path, buf_cstr(&number));
	buf_fmt(&work, "work/%s", buf_cstr(&folder));
	ret->work = name_of(ret->path, buf_cstr(&work));
	ret->workspace = name_of(ret->work, buf_cstr(&folder));
	ret->temp = name_of(ret->path, "temp");
	ret->tool = name_of(ret->path, "tool");
	ret->home = name_of(ret->path, "home");
	ret->docker = name_of(ret->path, "docker");
	ret->scratch = name_of(ret->path, "scratch");
}

static int make_folder(const char *path, mode_t mode, int *ret_fd, struct err *err)
{
	if (fs_mkdirs(AT_FDCWD, path, mode, err) < 0)
		return -1;
	return ret_fd ? fs_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err) : 0;
}

int job_place_make(const struct run_place *run, struct job_place *p, struct err *err)
{
	CLEANUP(mem_free) char *private = name_of(p->path, "private");
	if (make_folder(p->workspace, 0755, &p->workspace_fd, err) < 0 ||
		make_folder(p->temp, 0755, &p->temp_fd, err) < 0 ||
		make_folder(p->tool, 0755, NULL, err) < 0 ||
		make_folder(p->home, 0700, &p->home_fd, err) < 0 ||
		make_folder(p->docker, 0700, &p->docker_fd, err) < 0 ||
		make_folder(private, 0700, &p->private_fd, err) < 0)
		return -1;
	return 0;
}

int job_place_done(struct job_place *p, struct err *err)
{
	bool is_made = p->workspace_fd >= 0;
	int rc = is_made ? fs_remove_tree(AT_FDCWD, p->path, err) : 0;
	fd_close_at_end(&p->workspace_fd);
	fd_close_at_end(&p->temp_fd);
	fd_close_at_end(&p->home_fd);
	fd_close_at_end(&p->docker_fd);
	fd_close_at_end(&p->private_fd);
	char *names[] = {
		p->path, p->workspace, p->work, p->temp, p->tool, p->home, p->docker, p->scratch};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		free(names[i]);
	*p = JOB_PLACE_NONE;
	return rc;
}
