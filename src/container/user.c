/* As docker (github.com/moby/sys/user, GetExecUser), but a line whose numbers are no numbers is
 * skipped, where docker reads them as 0: "app:x::" must not make root. */
#include "container/container.h"

#include "base/num.h"
#include "fs/fs.h"

enum { ID_MAX = INT32_MAX, PASSWD_FIELDS = 7, GROUP_FIELDS = 4 };

/* ---- lines ---- */

/* Splits "a:b:c" into n fields; what is missing is "", what is too much is left out. */
static void split(struct str line, struct str *ret, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!str_cut(&line, ':', &ret[i]))
			ret[i] = STR_NONE;
}

static bool read_id(struct str text, uint32_t *ret)
{
	struct err ignored; /* the line is skipped, whatever is wrong with it */
	uint64_t id;
	if (num_parse_u64(text, 0, ID_MAX, &id, &ignored) < 0)
		return false;
	*ret = (uint32_t)id;
	return true;
}

struct passwd_line {
	struct str name, home;
	uint32_t uid, gid;
};

static bool next_passwd(struct str *rest, struct passwd_line *ret)
{
	struct str line, f[PASSWD_FIELDS];
	while (str_line(rest, &line)) {
		split(str_trim(line), f, PASSWD_FIELDS);
		if (!read_id(f[2], &ret->uid) || !read_id(f[3], &ret->gid))
			continue;
		ret->name = f[0];
		ret->home = f[5];
		return true;
	}
	return false;
}

struct group_line {
	struct str name, members;
	uint32_t gid;
};

static bool next_group(struct str *rest, struct group_line *ret)
{
	struct str line, f[GROUP_FIELDS];
	while (str_line(rest, &line)) {
		split(str_trim(line), f, GROUP_FIELDS);
		if (!read_id(f[2], &ret->gid))
			continue;
		ret->name = f[0];
		ret->members = f[3];
		return true;
	}
	return false;
}

static bool has_member(struct str members, struct str name)
{
	struct str one;
	while (str_cut(&members, ',', &one))
		if (str_eq(str_trim(one), name))
			return true;
	return false;
}

/* ---- what was asked for ---- */

/* A name or a number. All digits are always a number, also when somebody is called "1000". */
struct who {
	struct str name;
	bool is_number;
	uint32_t id;
};

static int read_who(struct str text, struct who *ret, struct err *err)
{
	struct str digits = str_starts(text, S("-")) ? str_skip(text, 1) : text;
	*ret = (struct who){.name = text};
	for (size_t i = 0; i < digits.n; i++)
		if (!ch_is_digit(digits.p[i]))
			return 0;
	if (!digits.n)
		return 0;
	ret->is_number = true;
	if (!read_id(text, &ret->id))
		return err_set(err, ERR_INPUT, "uids and gids must be in range 0-%d, got '%.*s'",
			ID_MAX, STR_ARG(text));
	return 0;
}

static bool is_user(const struct who *w, const struct passwd_line *p)
{
	return w->is_number ? w->id == p->uid : str_eq(w->name, p->name);
}

static bool is_group(const struct who *w, const struct group_line *g)
{
	return w->is_number ? w->id == g->gid : str_eq(w->name, g->name);
}

/* *ret_name is the name of the entry that was found, or "". */
static int find_passwd(struct str passwd, const struct who *w, struct container_user *ret,
	struct str *ret_name, struct err *err)
{
	struct passwd_line p;
	*ret_name = STR_NONE;
	while (next_passwd(&passwd, &p)) {
		if (!is_user(w, &p))
			continue;
		ret->uid = p.uid;
		ret->gid = p.gid;
		if (p.home.n && p.home.n < sizeof(ret->home))
			snprintf(ret->home, sizeof(ret->home), "%.*s", STR_ARG(p.home));
		*ret_name = p.name;
		return 0;
	}
	if (!w->is_number)
		return err_set(err, ERR_NOT_FOUND,
			"unable to find user %.*s: no matching entries in passwd file",
			STR_ARG(w->name));
	ret->uid = w->id;
	return 0;
}

static int find_group(struct str group, const struct who *w, struct container_user *ret,
	struct err *err)
{
	struct group_line g;
	while (next_group(&group, &g))
		if (is_group(w, &g)) {
			ret->gid = g.gid;
			return 0;
		}
	if (!w->is_number)
		return err_set(err, ERR_NOT_FOUND,
			"unable to find group %.*s: no matching entries in group file",
			STR_ARG(w->name));
	ret->gid = w->id;
	return 0;
}

static int find_further_groups(struct str group, struct str name, struct container_user *ret,
	struct err *err)
{
	struct group_line g;
	while (name.n && next_group(&group, &g)) {
		if (!has_member(g.members, name))
			continue;
		if (ret->n_groups == CONTAINER_GROUPS_MAX)
			return err_set(err, ERR_LIMIT, "user '%.*s' is in more than %d groups",
				STR_ARG(name), CONTAINER_GROUPS_MAX);
		ret->groups[ret->n_groups++] = g.gid;
	}
	return 0;
}

int container_find_user_text(struct str passwd, struct str group, const char *user,
	struct container_user *ret, struct err *err)
{
	struct container_user u = {.home = "/"};
	struct str rest = str_of(user ? user : ""), name_text, group_text, name;
	struct who who, group_who;
	str_cut(&rest, ':', &name_text);
	group_text = rest.p ? rest : STR_NONE;
	if (read_who(name_text.n ? name_text : S("0"), &who, err) < 0 ||
		read_who(group_text, &group_who, err) < 0 ||
		find_passwd(passwd, &who, &u, &name, err) < 0)
		return -1;
	int rc = group_text.n ? find_group(group, &group_who, &u, err)
			      : find_further_groups(group, name, &u, err);
	if (rc == 0)
		*ret = u;
	return rc;
}

/* ---- files ---- */

static int read_optional(int root_fd, const char *path, struct buf *ret, struct err *err)
{
	struct err mine = {0};
	if (fs_read_file_in(root_fd, path, ret, &mine) == 0)
		return 0;
	if (mine.kind == ERR_NOT_FOUND)
		return 0;
	*err = mine;
	return -1;
}

int container_find_user(int root_fd, const char *user, struct container_user *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf passwd = BUF(CONTAINER_PASSWD_MAX);
	CLEANUP(buf_done) struct buf group = BUF(CONTAINER_PASSWD_MAX);
	if (read_optional(root_fd, "/etc/passwd", &passwd, err) < 0 ||
		read_optional(root_fd, "/etc/group", &group, err) < 0)
		return -1;
	return container_find_user_text(buf_str(&passwd), buf_str(&group), user, ret, err);
}
