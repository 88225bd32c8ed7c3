/* Extended headers (POSIX.1-2017 pax, "pax Extended Header"). */
#include "tar/tar_priv.h"

#include "base/num.h"

static int bad_record(struct err *err)
{
	return err_set(err, ERR_INPUT, "damaged pax record");
}

int pax_next(struct str *rest, struct str *ret_key, struct str *ret_value, struct err *err)
{
	struct err ignored = {0};
	uint64_t n = 0;
	ssize_t space = str_chr(str_sub(*rest, 0, 12), ' ');
	if (space < 0 ||
		num_parse_u64(str_sub(*rest, 0, (size_t)space), 5, rest->n, &n, &ignored) < 0)
		return bad_record(err);
	struct str record = str_sub(*rest, (size_t)space + 1, n);
	if (!record.n || record.p[record.n - 1] != '\n')
		return bad_record(err);
	record.n--;
	ssize_t equals = str_chr(record, '=');
	if (equals < 1)
		return bad_record(err);
	*ret_key = str_sub(record, 0, (size_t)equals);
	*ret_value = str_skip(record, (size_t)equals + 1);
	*rest = str_skip(*rest, n);
	return 0;
}

static size_t n_digits(size_t v)
{
	size_t n = 1;
	for (; v >= 10; v /= 10)
		n++;
	return n;
}

void pax_add(struct buf *b, struct str key, struct str value)
{
	size_t rest = 1 + key.n + 1 + value.n + 1;
	size_t n = rest + n_digits(rest);
	n = rest + n_digits(n); /* the length counts its own digits */
	buf_fmt(b, "%zu ", n);
	buf_add(b, key);
	buf_add_ch(b, '=');
	buf_add(b, value);
	buf_add_ch(b, '\n');
}

void pax_clear(struct pax *p)
{
	struct buf text = p->text;
	struct sparse_map sparse = p->sparse;
	arena_done(&p->arena);
	buf_clear(&text);
	sparse_clear(&sparse);
	*p = (struct pax){.text = text, .sparse = sparse};
}

void pax_done(struct pax *p)
{
	arena_done(&p->arena);
	buf_done(&p->text);
	vec_done(&p->sparse);
}

static int take_text(struct str value, struct str *ret, bool *ret_has, struct err *err)
{
	if (value.n > TAR_NAME_MAX)
		return err_set(err, ERR_LIMIT, "name of %zu bytes is too long", value.n);
	if (str_chr(value, '\0') >= 0)
		return err_set(err, ERR_INPUT, "name holds a NUL byte");
	*ret = value;
	*ret_has = value.n > 0; /* an empty value takes back what was said */
	return 0;
}

static int take_number(struct str value, uint64_t *ret, bool *ret_has, struct err *err)
{
	*ret_has = value.n > 0;
	return value.n ? num_parse_u64(value, 0, INT64_MAX, ret, err) : 0;
}

static int take_time(struct str value, int64_t *ret, bool *ret_has, struct err *err)
{
	*ret_has = value.n > 0;
	return value.n ? time_parse(value, ret, err) : 0;
}

/* The last record of a name counts; one without a value takes it back. */
static int take_xattr(struct pax *p, struct str name, struct str value, struct err *err)
{
	size_t i = 0;
	while (i < p->n_xattrs && !str_eq(p->xattrs[i].name, name))
		i++;
	if (i == p->n_xattrs && !value.n)
		return 0;
	if (!name.n || str_chr(name, '\0') >= 0)
		return err_set(err, ERR_INPUT, "broken name of an extended attribute");
	if (i == TAR_XATTRS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d extended attributes", TAR_XATTRS_MAX);
	if (!p->xattrs)
		p->xattrs = ARENA_ARRAY(&p->arena, struct tar_xattr, TAR_XATTRS_MAX);
	if (value.n) {
		p->n_xattrs += i == p->n_xattrs;
		p->xattrs[i] = (struct tar_xattr){name, value};
	} else {
		p->xattrs[i] = p->xattrs[--p->n_xattrs];
	}
	return 0;
}

static int take_sparse_number(struct pax *p, struct str value, bool is_size, struct err *err)
{
	uint64_t v;
	if (p->sparse.is_half != is_size)
		return err_set(err, ERR_INPUT, "sparse map is out of order");
	p->has_sparse_map = true;
	return num_parse_u64(value, 0, INT64_MAX, &v, err) < 0 ? -1
							       : sparse_add(&p->sparse, v, err);
}

static int take_sparse(struct pax *p, struct str key, struct str value, struct err *err)
{
	bool ignored;
	if (str_is(key, "name"))
		return take_text(value, &p->sparse_name, &ignored, err);
	if (str_is(key, "realsize") || str_is(key, "size"))
		return take_number(value, &p->real_size, &p->has_real_size, err);
	if (str_is(key, "major")) {
		if (!str_is(value, "0") && !str_is(value, "1"))
			return err_set(err, ERR_UNSUPPORTED, "sparse file in format %.*s",
				STR_ARG(value));
		p->is_sparse_1_0 = str_is(value, "1");
		return 0;
	}
	if (str_is(key, "map")) {
		sparse_clear(&p->sparse);
		p->has_sparse_map = true;
		return sparse_parse(&p->sparse, value, err);
	}
	if (str_is(key, "offset"))
		return take_sparse_number(p, value, false, err);
	if (str_is(key, "numbytes"))
		return take_sparse_number(p, value, true, err);
	return 0; /* numblocks, minor: nothing we would not notice otherwise */
}

static int take_record(struct pax *p, struct str key, struct str value, struct err *err)
{
	if (str_is(key, "path"))
		return take_text(value, &p->path, &p->has_path, err);
	if (str_is(key, "linkpath"))
		return take_text(value, &p->link, &p->has_link, err);
	if (str_is(key, "size"))
		return take_number(value, &p->size, &p->has_size, err);
	if (str_is(key, "uid"))
		return take_number(value, &p->uid, &p->has_uid, err);
	if (str_is(key, "gid"))
		return take_number(value, &p->gid, &p->has_gid, err);
	if (str_is(key, "mtime"))
		return take_time(value, &p->mtime_ns, &p->has_mtime, err);
	if (str_starts(key, S("SCHILY.xattr.")))
		return take_xattr(p, str_skip(key, 13), value, err);
	if (str_starts(key, S("GNU.sparse.")))
		return take_sparse(p, str_skip(key, 11), value, err);
	return 0; /* atime, ctime, uname, comment, …: not kept in a tree */
}

int pax_parse(struct pax *p, struct err *err)
{
	struct str rest = buf_str(&p->text), key, value;
	while (rest.n) {
		if (pax_next(&rest, &key, &value, err) < 0)
			return -1;
		if (take_record(p, key, value, err) < 0)
			return err_wrap(err, "pax record '%.*s'", STR_ARG(tar_shown(key)));
	}
	return 0;
}
