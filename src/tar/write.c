/* Entries as bytes. Which bytes is a promise: docs/formats/layer.md, pinned by golden digests. */
#include "tar/tar_priv.h"

#include "base/clock.h"

enum { NAME_ROOM = 100, PREFIX_ROOM = 155 };

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Where a long name is cut into prefix and name: behind the last '/' that leaves at most 155 bytes
 * in front and 1 to 100 behind. 0 = nowhere. */
static size_t split_name(struct str name)
{
	if (name.n <= NAME_ROOM || name.n > PREFIX_ROOM + 1 + NAME_ROOM)
		return 0;
	for (size_t i = PREFIX_ROOM; i > 0; i--)
		if (i < name.n - 1 && name.p[i] == '/')
			return name.n - i - 1 <= NAME_ROOM ? i : 0;
	return 0;
}

static int64_t floor_seconds(int64_t ns)
{
	return ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0);
}

static void put_text(char *block, struct field f, struct str s)
{
	if (s.n)
		memcpy(block + f.at, s.p, s.n < f.n ? s.n : f.n);
}

/* For readers that do not know pax: as much as fits, other bytes than ASCII as '_'. */
static void put_hint(char *block, struct field f, struct str s)
{
	for (size_t i = 0; i < s.n && i < f.n; i++)
		block[f.at + i] = (uint8_t)s.p[i] < 0x80 ? s.p[i] : '_';
}

static void put_name(char *block, struct str name, struct buf *pax)
{
	size_t cut = split_name(name);
	if (!is_ascii(name) || (name.n > NAME_ROOM && !cut)) {
		pax_add(pax, S("path"), name);
		put_hint(block, FIELD_NAME, name);
		return;
	}
	if (cut)
		put_text(block, FIELD_PREFIX, str_sub(name, 0, cut));
	put_text(block, FIELD_NAME, cut ? str_skip(name, cut + 1) : name);
}

static void put_link(char *block, struct str link, struct buf *pax)
{
	if (is_ascii(link) && link.n <= NAME_ROOM) {
		put_text(block, FIELD_LINK, link);
		return;
	}
	pax_add(pax, S("linkpath"), link);
	put_hint(block, FIELD_LINK, link);
}

/* A number that ustar cannot say is 0 there and stands in the pax header. */
static void put_number(char *block, struct field f, const char *key, uint64_t v, struct buf *pax)
{
	char text[24];
	if (number_write(block, f, v))
		return;
	number_write(block, f, 0);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	pax_add(pax, str_of(key), str_of(text));
}

static void put_mtime(char *block, int64_t ns, struct buf *pax)
{
	int64_t seconds = floor_seconds(ns);
	if (seconds >= 0) {
		put_number(block, FIELD_MTIME, "mtime", (uint64_t)seconds, pax);
		return;
	}
	char text[24];
	number_write(block, FIELD_MTIME, 0);
	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	pax_add(pax, S("mtime"), str_of(text));
}

static void finish_block(char *block, char type)
{
	block[AT_TYPE] = type;
	put_text(block, FIELD_MAGIC,
		S("ustar\0"
		  "00"));
	snprintf(block + FIELD_SUM.at, FIELD_SUM.n, "%06o", checksum(block));
	block[FIELD_SUM.at + 7] = ' ';
}

/* Fills block, and pax with what does not fit there. Records come sorted by their keys. */
static void put_entry(char *block, const struct tar_entry *e, struct buf *pax)
{
	CLEANUP(buf_done) struct buf key = BUF(512);
	bool is_device = e->type == TAR_CHAR || e->type == TAR_BLOCKDEV;
	for (size_t i = 0; i < e->n_xattrs; i++) {
		buf_clear(&key);
		buf_fmt(&key, "SCHILY.xattr.%.*s", STR_ARG(e->xattrs[i].name));
		pax_add(pax, buf_str(&key), e->xattrs[i].value);
	}
	number_write(block, FIELD_MODE, e->mode & 07777);
	put_number(block, FIELD_GID, "gid", e->gid, pax);
	put_link(block, e->link, pax);
	put_mtime(block, e->mtime_ns, pax);
	put_name(block, e->name, pax);
	put_number(block, FIELD_SIZE, "size", e->type == TAR_FILE ? e->size : 0, pax);
	put_number(block, FIELD_UID, "uid", e->uid, pax);
	number_write(block, FIELD_DEV_MAJOR, is_device ? e->dev_major : 0);
	number_write(block, FIELD_DEV_MINOR, is_device ? e->dev_minor : 0);
	finish_block(block, (char)e->type);
}

static int check_text(struct str s, const char *what, struct err *err)
{
	if (s.n > TAR_NAME_MAX)
		return err_set(err, ERR_LIMIT, "%s of %zu bytes is too long", what, s.n);
	if (str_chr(s, '\0') >= 0)
		return err_set(err, ERR_INPUT, "%s holds a NUL byte", what);
	return 0;
}

static int check_xattrs(const struct tar_entry *e, struct err *err)
{
	if (e->n_xattrs > TAR_XATTRS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d extended attributes", TAR_XATTRS_MAX);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		struct str name = e->xattrs[i].name;
		assert(i == 0 || str_cmp(e->xattrs[i - 1].name, name) < 0);
		if (!name.n || name.n > 255 || str_chr(name, '=') >= 0 || str_chr(name, '\0') >= 0)
			return err_set(err, ERR_INPUT,
				"extended attribute '%.*s' cannot be written in a tar header",
				STR_ARG(name));
	}
	return 0;
}

static int check_entry(const struct tar_entry *e, struct err *err)
{
	enum { DEVICE_MAX = 07777777 };
	if (!e->name.n)
		return err_set(err, ERR_INPUT, "entry without a name");
	if (check_text(e->name, "name", err) < 0 || check_text(e->link, "link", err) < 0)
		return -1;
	if (e->dev_major > DEVICE_MAX || e->dev_minor > DEVICE_MAX)
		return err_set(err, ERR_LIMIT, "device number %u:%u is too large", e->dev_major,
			e->dev_minor);
	if (e->size > INT64_MAX || e->uid > INT64_MAX || e->gid > INT64_MAX)
		return err_set(err, ERR_LIMIT, "number is too large for a tar header");
	return check_xattrs(e, err);
}

static void add_zeros(struct buf *b, size_t n)
{
	char *room = buf_room(b, n);
	if (!room)
		return;
	memset(room, 0, n);
	buf_added(b, n);
}

static void add_pax(struct buf *b, const struct buf *pax)
{
	char block[TAR_BLOCK] = {0};
	put_text(block, FIELD_NAME, S("././@PaxHeader"));
	number_write(block, FIELD_MODE, 0);
	number_write(block, FIELD_UID, 0);
	number_write(block, FIELD_GID, 0);
	number_write(block, FIELD_SIZE, pax->n);
	number_write(block, FIELD_MTIME, 0);
	number_write(block, FIELD_DEV_MAJOR, 0);
	number_write(block, FIELD_DEV_MINOR, 0);
	finish_block(block, 'x');
	buf_add_bytes(b, block, sizeof(block));
	buf_add(b, buf_str(pax));
	add_zeros(b, tar_padding(pax->n));
}

int tar_add_header(struct buf *b, const struct tar_entry *e, struct err *err)
{
	CLEANUP(buf_done) struct buf pax = BUF(TAR_PAX_MAX);
	char block[TAR_BLOCK] = {0};
	if (check_entry(e, err) < 0)
		return -1;
	put_entry(block, e, &pax);
	if (buf_check(&pax, "pax header", err) < 0)
		return -1;
	if (pax.n)
		add_pax(b, &pax);
	buf_add_bytes(b, block, sizeof(block));
	return buf_check(b, "tar", err);
}

void tar_add_end(struct buf *b)
{
	add_zeros(b, 2 * TAR_BLOCK);
}
