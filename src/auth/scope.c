#include "auth/auth_priv.h"

static const struct {
	const char *name;
	unsigned scope;
} scopes[] = {{"read:packages", AUTH_READ_PACKAGES}, {"write:packages", AUTH_WRITE_PACKAGES},
	{"delete:packages", AUTH_DELETE_PACKAGES}, {"admin", AUTH_ADMIN}};

/* Takes the next item of a list between commas and white space; false when there is none. */
static bool take_item(struct str *list, struct str *ret)
{
	size_t n = 0;
	while (list->n && (ch_is_space(list->p[0]) || list->p[0] == ','))
		*list = str_skip(*list, 1);
	while (n < list->n && !ch_is_space(list->p[n]) && list->p[n] != ',')
		n++;
	*ret = str_sub(*list, 0, n);
	*list = str_skip(*list, n);
	return n > 0;
}

static unsigned scope_by_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		if (str_is(name, scopes[i].name))
			return scopes[i].scope;
	return 0;
}

int auth_scopes_parse(struct str text, unsigned *ret, struct err *err)
{
	unsigned all = 0;
	struct str name;
	while (take_item(&text, &name)) {
		unsigned scope = scope_by_name(name);
		if (!scope) {
			err_set(err, ERR_INPUT, "unknown scope '%.*s'", STR_ARG(name));
			return err_hint(err,
				"scopes are read:packages, write:packages, "
				"delete:packages and admin");
		}
		all |= scope;
	}
	if (!all)
		return err_set(err, ERR_INPUT, "expected a scope such as read:packages");
	*ret = all;
	return 0;
}

void auth_scopes_add(struct buf *b, unsigned all)
{
	const char *before = "";
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		if (all & scopes[i].scope) {
			buf_fmt(b, "%s%s", before, scopes[i].name);
			before = ",";
		}
}

bool auth_scopes_include(unsigned have, unsigned wanted)
{
	if (have & AUTH_ADMIN)
		return true;
	if (have & AUTH_WRITE_PACKAGES)
		have |= AUTH_READ_PACKAGES;
	return wanted && (have & wanted) == wanted;
}

/* Nothing that another reader of paths could take for another repository. */
bool auth_path_is_plain(struct str path)
{
	if (!path.n || path.n > 255 || path.p[0] == '/' || path.p[path.n - 1] == '/' ||
		str_has(path, S("..")) || str_has(path, S("//")))
		return false;
	for (size_t i = 0; i < path.n; i++)
		if (!ch_is_digit(path.p[i]) && (path.p[i] < 'a' || path.p[i] > 'z') &&
			(!path.p[i] || !strchr("._-/", path.p[i])))
			return false;
	return true;
}

/* A path, or the start of one and a star: "me/ *" without the space, "team-*", "*". */
static bool item_is_valid(struct str item)
{
	if (!str_ends(item, S("*")))
		return auth_path_is_plain(item);
	struct str start = str_sub(item, 0, item.n - 1);
	if (str_ends(start, S("/")))
		start = str_sub(start, 0, start.n - 1);
	return item.n == 1 || auth_path_is_plain(start);
}

int auth_list_check(struct str list, struct err *err)
{
	struct str item;
	if (list.n > AUTH_REPOSITORIES_MAX)
		return err_set(err, ERR_LIMIT, "list of repositories is longer than %d bytes",
			AUTH_REPOSITORIES_MAX);
	while (take_item(&list, &item))
		if (!item_is_valid(item)) {
			err_set(err, ERR_INPUT, "expected a repository, got '%.*s'", STR_ARG(item));
			return err_hint(err,
				"write a path such as me/app, or a prefix such as me/*");
		}
	return 0;
}

bool auth_list_has(struct str list, struct str repository)
{
	struct str item;
	if (!str_trim(list).n)
		return true;
	while (take_item(&list, &item)) {
		bool is_prefix = str_ends(item, S("*"));
		if (is_prefix ? str_starts(repository, str_sub(item, 0, item.n - 1)) &&
					repository.n > 0
			      : str_eq(item, repository))
			return true;
	}
	return false;
}

static bool access_allows(const struct auth_grant *g, unsigned scope, struct str repository)
{
	for (size_t i = 0; i < g->n_access; i++)
		if (str_eq(g->access[i].repository, repository) &&
			auth_scopes_include(g->access[i].scopes, scope))
			return true;
	return false;
}

bool auth_may(const struct auth_grant *g, unsigned scope, struct str repository)
{
	return auth_scopes_include(g->scopes, scope) &&
		auth_list_has(g->repositories, repository) &&
		(!g->is_limited || access_allows(g, scope, repository));
}
