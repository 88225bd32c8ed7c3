/* Which extended attributes of a tree are the image's, and which the machine's. */
#include "layer/layer_priv.h"

#include <sys/xattr.h>

enum { LIST_ROOM = 64 * 1024, VALUE_ROOM = 64 * 1024 }; /* the kernel's own limits */

/* "trusted.overlay.opaque" and "user.overlay.opaque" (mounted with userxattr) give "opaque". */
static bool is_overlays(struct str name, struct str *ret_what)
{
	static const struct str prefixes[] = {{"trusted.overlay.", 16}, {"user.overlay.", 13}};
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (str_starts(name, prefixes[i])) {
			*ret_what = str_skip(name, prefixes[i].n);
			return true;
		}
	}
	return false;
}

static int read_value(int fd, const char *name, char *room, struct str *ret, struct err *err)
{
	ssize_t n = fgetxattr(fd, name, room, VALUE_ROOM);
	if (n < 0)
		return err_sys(err, "read extended attribute '%s'", name);
	*ret = str_n(room, (size_t)n);
	return 0;
}

/* What overlayfs notes about a file of an upper folder. We mount without redirect_dir and metacopy,
 * so a file that is not all there was made by somebody else's mount. */
static int look_at_overlays(int fd, const char *name, struct str what, struct xattrs *ret,
	struct err *err)
{
	char room[VALUE_ROOM];
	struct str value = STR_NONE;
	if (str_is(what, "redirect") || str_is(what, "metacopy") || str_is(what, "whiteout"))
		return err_set(err, ERR_UNSUPPORTED,
			"overlayfs '%.*s': mount it without that feature", STR_ARG(what));
	if (!str_is(what, "opaque"))
		return 0; /* origin, impure, nlink, uuid, …: about the mount, not the content */
	if (read_value(fd, name, room, &value, err) < 0)
		return -1;
	ret->is_opaque = str_is(value, "y");
	return 0;
}

static int add_xattr(int fd, const char *name, struct arena *a, struct xattrs *ret, struct err *err)
{
	char room[VALUE_ROOM];
	struct str value = STR_NONE;
	if (ret->n == TAR_XATTRS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d extended attributes", TAR_XATTRS_MAX);
	if (read_value(fd, name, room, &value, err) < 0)
		return -1;
	if (!ret->p)
		ret->p = ARENA_ARRAY(a, struct tar_xattr, TAR_XATTRS_MAX);
	ret->p[ret->n++] = (struct tar_xattr){arena_str(a, str_of(name)), arena_str(a, value)};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct tar_xattr *x = a, *y = b;
	return str_cmp(x->name, y->name);
}

/* SELinux labels, IMA hashes and trusted.* belong to the machine. */
bool xattr_is_images(struct str name)
{
	if (str_starts(name, S("user.overlay.")))
		return false;
	return str_starts(name, S("user.")) || str_is(name, "security.capability") ||
		str_is(name, "system.posix_acl_access") || str_is(name, "system.posix_acl_default");
}

int xattrs_read(int fd, bool is_upper, struct arena *a, struct xattrs *ret, struct err *err)
{
	char list[LIST_ROOM];
	struct xattrs x = {0};
	struct str what;
	ssize_t n = flistxattr(fd, list, sizeof(list));
	if (n < 0 && errno != ENOTSUP)
		return err_sys(err, "list extended attributes");
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		int r = 0;
		if (is_overlays(str_of(name), &what))
			r = is_upper ? look_at_overlays(fd, name, what, &x, err) : 0;
		else if (xattr_is_images(str_of(name)))
			r = add_xattr(fd, name, a, &x, err);
		if (r < 0)
			return -1;
	}
	vec_sort_raw(x.p, x.n, sizeof(*x.p), by_name);
	*ret = x;
	return 0;
}
