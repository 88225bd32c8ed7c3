#include "cli/config.h"

#include "fs/fs.h"
#include "yaml/yaml.h"

#include <fcntl.h>

enum { CONFIG_MAX = 1024 * 1024 };

void config_free(struct config *c)
{
	if (!c)
		return;
	vec_done(&c->registries);
	arena_done(&c->arena);
	free(c);
}

static int text_of(const struct yaml *v, const char *key, const char **ret, struct err *err)
{
	if (v->kind != YAML_SCALAR || v->type == YAML_NULL || !v->text.n)
		return yaml_err(err, v, "'%s': expected text, got %s", key, yaml_describe(v));
	*ret = v->text.p;
	return 0;
}

static int texts_of(const struct yaml *v, const char *key, struct arena *a, const char *const **ret,
	struct err *err)
{
	if (v->kind != YAML_SEQUENCE)
		return yaml_err(err, v, "'%s': expected a list, got %s", key, yaml_describe(v));
	const char **list = ARENA_ARRAY(a, const char *, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		if (text_of(v->items[i], key, &list[i], err) < 0)
			return -1;
	*ret = list;
	return 0;
}

static int flag_of(const struct yaml *v, const char *key, bool *ret, struct err *err)
{
	if (v->kind != YAML_SCALAR || v->type != YAML_BOOL)
		return yaml_err(err, v, "'%s': expected true or false, got %s", key,
			yaml_describe(v));
	*ret = v->truth;
	return 0;
}

static int read_registry(const struct yaml *node, struct config *c, struct err *err)
{
	struct remote_registry r = {0};
	if (node->kind != YAML_MAPPING)
		return yaml_err(err, node, "expected a registry, got %s", yaml_describe(node));
	for (size_t i = 0; i < node->n; i++) {
		struct str key = node->pairs[i].key->text;
		const struct yaml *v = node->pairs[i].value;
		int rc;
		if (str_is(key, "prefix"))
			rc = text_of(v, "prefix", &r.prefix, err);
		else if (str_is(key, "location"))
			rc = text_of(v, "location", &r.location, err);
		else if (str_is(key, "ca-file"))
			rc = text_of(v, "ca-file", &r.ca_file, err);
		else if (str_is(key, "insecure"))
			rc = flag_of(v, "insecure", &r.is_insecure, err);
		else if (str_is(key, "mirrors"))
			rc = texts_of(v, "mirrors", &c->arena, &r.mirrors, err);
		else
			rc = (yaml_err(err, node->pairs[i].key, "unknown key '%.*s'", STR_ARG(key)),
				err_hint(err,
					"a registry has prefix, location, insecure, ca-file and "
					"mirrors"));
		if (rc < 0)
			return -1;
	}
	if (!r.prefix)
		return yaml_err(err, node, "a registry needs 'prefix'");
	vec_push(&c->registries, r);
	return 0;
}

static int read_document(const struct yaml *top, struct config *c, struct err *err)
{
	if (top->kind == YAML_SCALAR && top->type == YAML_NULL)
		return 0;
	if (top->kind != YAML_MAPPING)
		return yaml_err(err, top, "expected settings, got %s", yaml_describe(top));
	for (size_t i = 0; i < top->n; i++) {
		const struct yaml *v = top->pairs[i].value;
		if (!str_is(top->pairs[i].key->text, "registries")) {
			yaml_err(err, top->pairs[i].key, "unknown key '%.*s'",
				STR_ARG(top->pairs[i].key->text));
			return err_hint(err, "known: registries");
		}
		if (v->kind != YAML_SEQUENCE)
			return yaml_err(err, v, "'registries': expected a list, got %s",
				yaml_describe(v));
		for (size_t k = 0; k < v->n; k++)
			if (read_registry(v->items[k], c, err) < 0)
				return -1;
	}
	return 0;
}

int config_parse(struct str text, const char *file, struct config *ret, struct err *err)
{
	struct yaml_limits limits = yaml_limits_default;
	struct yaml *top = NULL;
	limits.accepts_empty = true;
	if (yaml_parse(text, &limits, &ret->arena, &top, err) < 0 ||
		read_document(top, ret, err) < 0)
		return err_in_file(err, file);
	return 0;
}

/* 1 = read, 0 = there is no such file. */
static int try_file(const char *path, struct config *c, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(CONFIG_MAX);
	if (fs_read_file(AT_FDCWD, path, &text, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	if (config_parse(buf_str(&text), path, c, err) < 0)
		return -1;
	c->path = arena_cstr(&c->arena, str_of(path));
	return 1;
}

int config_load(const char *named, const char *root, struct config **ret, struct err *err)
{
	CLEANUP(config_free) struct config *c = NEW(struct config);
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	struct str places[3] = {0};
	size_t n = 0;
	if (!named)
		named = getenv("KNARR_CONFIG");
	if (named) {
		int rc = try_file(named, c, err);
		if (rc == 0)
			return err_set(err, ERR_NOT_FOUND, "settings file '%s' is not there",
				named);
		*ret = rc < 0 ? NULL : TAKE(c);
		return rc < 0 ? -1 : 0;
	}
	places[n++] = arena_fmt(&c->arena, "%s/config.yaml", root);
	if (geteuid() == 0)
		places[n++] = S("/etc/knarr/config.yaml");
	else if (xdg && *xdg)
		places[n++] = arena_fmt(&c->arena, "%s/knarr/config.yaml", xdg);
	else if (home)
		places[n++] = arena_fmt(&c->arena, "%s/.config/knarr/config.yaml", home);
	for (size_t i = 0; i < n; i++) {
		int rc = try_file(places[i].p, c, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			break;
	}
	*ret = TAKE(c);
	return 0;
}
