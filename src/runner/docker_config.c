#include "docker_config_priv.h"

#include "run_priv.h"

#include <fcntl.h>

enum { CONFIG_MAX = 1 << 20 };

/* Two commands of one job at once each have their own. */
static int make_folder(struct job *j, struct docker_config *ret, struct err *err)
{
	char name[32];
	snprintf(name, sizeof(name), "docker-%u", ++j->n_exports);
	if (fs_mkdirs(j->place.private_fd, name, 0700, err) < 0 ||
		fs_open(j->place.private_fd, name, O_RDONLY | O_DIRECTORY, 0, &ret->fd, err) < 0)
		return -1;
	CLEANUP(buf_done) struct buf b = BUF(8192);
	buf_fmt(&b, "%s/private/%s/config.json", j->place.path, name);
	ret->path = buf_take(&b);
	return 0;
}

static void add_but_helpers(struct json_out *o, const struct json *v)
{
	json_object(o);
	for (size_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		if (str_is(m->key, "credsStore") || str_is(m->key, "credHelpers"))
			continue;
		json_key_str(o, m->key);
		json_add_value(o, &m->value);
	}
	json_end(o);
}

static int copy_in(struct job *j, struct docker_config *c, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(CONFIG_MAX);
	CLEANUP(buf_done) struct buf out = BUF(2 * CONFIG_MAX);
	struct err why = {0};
	struct json *v;
	struct json_out o;
	if (fs_read_file_in(j->place.docker_fd, "config.json", &text, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (json_parse(buf_str(&text), NULL, &a, &v, err) < 0)
		return -1;
	if (v->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object, got %s",
			json_kind_name(v->kind));
	json_out_init(&o, &out, 0);
	add_but_helpers(&o, v);
	return fs_write_file(c->fd, "config.json", buf_str(&out), 0600, FS_NO_SYNC, err);
}

int docker_config_borrow(struct job *j, struct docker_config *ret, struct err *err)
{
	CLEANUP(docker_config_done) struct docker_config c = DOCKER_CONFIG_NONE;
	if (make_folder(j, &c, err) < 0)
		return -1;
	if (copy_in(j, &c, err) < 0)
		return err_wrap(err, "~/.docker/config.json of the job");
	*ret = c;
	c = DOCKER_CONFIG_NONE;
	return 0;
}

int docker_config_return(struct job *j, struct docker_config *c, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(2 * CONFIG_MAX);
	struct err why = {0};
	if (fs_read_file(c->fd, "config.json", &text, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	return fs_write_file(j->place.docker_fd, "config.json", buf_str(&text), 0600, FS_NO_SYNC,
		err);
}

void docker_config_done(struct docker_config *c)
{
	struct err ignored; /* its folder goes with the job's */
	if (c->fd >= 0)
		(void)fs_remove_tree(c->fd, "config.json", &ignored);
	fd_close_at_end(&c->fd);
	free(c->path);
	*c = DOCKER_CONFIG_NONE;
}
