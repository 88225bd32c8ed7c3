/* Bytes as entries.
 *
 *	tar_next:  skip what is left of the content and its padding
 *	           [long name 'L'] [long link 'K'] [pax 'x'] [global 'g']  any number, any order
 *	           the entry's own header, with the sparse map behind it
 *	tar_peek:  the content, `left` bytes of it
 */
#include "tar/tar_priv.h"

#include "base/num.h"

#include <assert.h>

enum { AT_STAR_MAGIC = 508, STAR_PREFIX = 131 };
enum { AT_SPARSE = 386, SPARSE_PAIRS = 4, AT_IS_EXTENDED = 482, AT_REAL_SIZE = 483 };
enum { EXTENSION_PAIRS = 21, AT_MORE_EXTENSIONS = 504 };

struct tar_reader {
	struct window content;
	struct input in;
	uint64_t left;  /* stored content not yet read */
	size_t padding; /* behind it */
	bool is_at_end;
	struct pax pax;
	struct buf name, link; /* of the entry */
	struct buf long_name, long_link;
	bool has_long_name, has_long_link;
	char block[TAR_BLOCK];
};

static ssize_t content_peek(struct window *w, const void **ret, struct err *err)
{
	return tar_peek((struct tar_reader *)w, ret, err);
}

static void content_take(struct window *w, size_t n)
{
	tar_take((struct tar_reader *)w, n);
}

struct window *tar_content(struct tar_reader *t)
{
	return &t->content;
}

static struct tar_reader *new_reader(struct input in)
{
	struct tar_reader *t = NEW(struct tar_reader);
	t->content = (struct window){content_peek, content_take};
	t->in = in;
	t->name = t->link = BUF(TAR_NAME_MAX);
	t->long_name = t->long_link = BUF(TAR_NAME_MAX + 1); /* GNU tar stores the NUL too */
	t->pax.text = BUF(TAR_PAX_MAX);
	return t;
}

struct tar_reader *tar_reader_new(struct source *from)
{
	return new_reader(input_of_source(from));
}

struct tar_reader *tar_reader_new_window(struct window *from)
{
	return new_reader(input_of_window(from));
}

void tar_reader_free(struct tar_reader *t)
{
	if (!t)
		return;
	input_done(&t->in);
	buf_done(&t->name);
	buf_done(&t->link);
	buf_done(&t->long_name);
	buf_done(&t->long_link);
	pax_done(&t->pax);
	free(t);
}

/* 1 = t->block is filled, 0 = the input ended before it. */
static int take_block(struct tar_reader *t, struct err *err)
{
	ssize_t got = input_take(&t->in, t->block, TAR_BLOCK, err);
	if (got < 0)
		return -1;
	return got == 0 ? 0 : got < TAR_BLOCK ? input_is_short(err) : 1;
}

static bool is_zero_block(const char *block)
{
	static const char zeros[TAR_BLOCK];
	return memcmp(block, zeros, TAR_BLOCK) == 0;
}

bool tar_is_header(struct str bytes)
{
	return bytes.n >= TAR_BLOCK && !is_zero_block(bytes.p) && checksum_is_right(bytes.p);
}

/* 1, or 0 when the input ends in the padding: umoci leaves it and the end away, and nobody minds. */
static int skip_content(struct tar_reader *t, struct err *err)
{
	while (t->left) {
		const void *p;
		ssize_t n = tar_peek(t, &p, err);
		if (n < 0)
			return -1;
		tar_take(t, (size_t)n);
	}
	size_t padding = t->padding;
	t->padding = 0;
	ssize_t got = input_take(&t->in, NULL, padding, err);
	return got < 0 ? -1 : (size_t)got == padding;
}

/* The next header that is not zero: 1, or 0 at the end of the archive. */
static int take_header(struct tar_reader *t, struct err *err)
{
	int got = take_block(t, err);
	if (got <= 0)
		return got;
	if (is_zero_block(t->block)) {
		got = take_block(t, err);
		if (got <= 0)
			return got;
		return is_zero_block(t->block)
			? 0
			: err_set(err, ERR_INPUT, "entry behind the end of the tar");
	}
	if (!checksum_is_right(t->block))
		return err_set(err, ERR_INPUT, "not a tar header: its checksum is wrong");
	return 1;
}

/* The content of a header that says something about the next one. */
static int take_extension(struct tar_reader *t, struct buf *b, const char *what, struct err *err)
{
	int64_t size;
	buf_clear(b);
	if (number_read(block_field(t->block, FIELD_SIZE), 0, INT64_MAX, &size, err) < 0)
		return -1;
	if ((uint64_t)size > b->max)
		return err_set(err, ERR_LIMIT, "%s of %lld bytes is too long", what,
			(long long)size);
	if (input_take_all(&t->in, buf_room(b, (size_t)size), (size_t)size, err) < 0)
		return -1;
	buf_added(b, (size_t)size);
	return input_take_all(&t->in, NULL, tar_padding((uint64_t)size), err);
}

static int take_long(struct tar_reader *t, struct buf *b, bool *ret_has, struct err *err)
{
	if (take_extension(t, b, "name", err) < 0)
		return -1;
	buf_cut(b, strlen(buf_cstr(b)));
	*ret_has = b->n > 0;
	return b->n > TAR_NAME_MAX ? err_set(err, ERR_LIMIT, "name of %zu bytes is too long", b->n)
				   : 0;
}

static int take_pax(struct tar_reader *t, struct err *err)
{
	pax_clear(&t->pax);
	if (take_extension(t, &t->pax.text, "pax header", err) < 0)
		return -1;
	return pax_parse(&t->pax, err);
}

/* Go's reader, and so docker, does not apply global headers; they only have to be sound. */
static int take_global_pax(struct tar_reader *t, struct err *err)
{
	if (take_pax(t, err) < 0)
		return -1;
	pax_clear(&t->pax);
	return 0;
}

static struct str text_of(const char *block, struct field f)
{
	return str_n(block + f.at, strnlen(block + f.at, f.n));
}

/* ustar keeps the front of a long name apart; star with less room, GNU has other things there. */
static void read_name(struct tar_reader *t)
{
	struct field prefix = FIELD_PREFIX;
	buf_clear(&t->name);
	if (memcmp(t->block + FIELD_MAGIC.at, "ustar\0", 6) == 0) {
		if (memcmp(t->block + AT_STAR_MAGIC, "tar\0", 4) == 0)
			prefix.n = STAR_PREFIX;
		buf_add(&t->name, text_of(t->block, prefix));
		if (t->name.n)
			buf_add_ch(&t->name, '/');
	}
	buf_add(&t->name, text_of(t->block, FIELD_NAME));
}

static void replace(struct buf *b, struct str s)
{
	buf_clear(b);
	buf_add(b, s); /* fits: checked against TAR_NAME_MAX when it was read */
}

static void apply_names(struct tar_reader *t)
{
	read_name(t);
	replace(&t->link, text_of(t->block, FIELD_LINK));
	if (t->pax.has_path)
		replace(&t->name, t->pax.path);
	if (t->pax.has_link)
		replace(&t->link, t->pax.link);
	if (t->has_long_name)
		replace(&t->name, buf_str(&t->long_name));
	if (t->has_long_link)
		replace(&t->link, buf_str(&t->long_link));
	if (t->pax.sparse_name.n && (t->pax.is_sparse_1_0 || t->pax.has_sparse_map))
		replace(&t->name, t->pax.sparse_name);
}

static int read_type(struct tar_reader *t, enum tar_type *ret, struct err *err)
{
	char c = t->block[AT_TYPE];
	bool is_file = c == '\0' || c == '0' || c == '7' || c == 'S';
	if (is_file) /* before there was a type for folders, their names ended so */
		*ret = str_ends(buf_str(&t->name), S("/")) ? TAR_DIR : TAR_FILE;
	else if (c >= TAR_HARDLINK && c <= TAR_FIFO)
		*ret = (enum tar_type)c;
	else
		return err_set(err, ERR_UNSUPPORTED, "tar entry of unknown type 0x%02x",
			(unsigned)(uint8_t)c);
	return 0;
}

struct numbers {
	int64_t mode, uid, gid, size, mtime, major, minor;
};

static int read_numbers(const char *block, struct numbers *n, struct err *err)
{
	const int64_t most = INT64_MAX / 1000000000 - 1;
	bool is_device = block[AT_TYPE] == TAR_CHAR || block[AT_TYPE] == TAR_BLOCKDEV;
	if (number_read(block_field(block, FIELD_MODE), 0, UINT32_MAX, &n->mode, err) < 0 ||
		number_read(block_field(block, FIELD_UID), 0, INT64_MAX, &n->uid, err) < 0 ||
		number_read(block_field(block, FIELD_GID), 0, INT64_MAX, &n->gid, err) < 0 ||
		number_read(block_field(block, FIELD_SIZE), 0, INT64_MAX, &n->size, err) < 0 ||
		number_read(block_field(block, FIELD_MTIME), -most, most, &n->mtime, err) < 0)
		return -1;
	if (!is_device)
		return 0;
	if (number_read(block_field(block, FIELD_DEV_MAJOR), 0, UINT32_MAX, &n->major, err) < 0)
		return -1;
	return number_read(block_field(block, FIELD_DEV_MINOR), 0, UINT32_MAX, &n->minor, err);
}

static int read_entry(struct tar_reader *t, struct tar_entry *e, struct err *err)
{
	const struct pax *p = &t->pax;
	struct numbers n = {0};
	if (read_type(t, &e->type, err) < 0 || read_numbers(t->block, &n, err) < 0)
		return -1;
	e->name = buf_str(&t->name);
	e->link = e->type == TAR_HARDLINK || e->type == TAR_SYMLINK ? buf_str(&t->link) : S("");
	e->mode = (uint32_t)n.mode & 07777;
	e->uid = p->has_uid ? p->uid : (uint64_t)n.uid;
	e->gid = p->has_gid ? p->gid : (uint64_t)n.gid;
	e->size = p->has_size ? p->size : (uint64_t)n.size;
	e->mtime_ns = p->has_mtime ? p->mtime_ns : n.mtime * 1000000000;
	e->dev_major = (uint32_t)n.major;
	e->dev_minor = (uint32_t)n.minor;
	e->xattrs = p->xattrs;
	e->n_xattrs = p->n_xattrs;
	if (e->type != TAR_FILE)
		e->size = 0;
	t->left = e->size;
	t->padding = tar_padding(e->size);
	return 0;
}

static int read_old_gnu_sparse(struct tar_reader *t, uint64_t *ret_real, struct err *err)
{
	int64_t real;
	struct field real_size = {AT_REAL_SIZE, 12};
	bool has_more = t->block[AT_IS_EXTENDED];
	sparse_clear(&t->pax.sparse);
	if (number_read(block_field(t->block, real_size), 0, INT64_MAX, &real, err) < 0 ||
		sparse_read_block(&t->pax.sparse, t->block, AT_SPARSE, SPARSE_PAIRS, err) < 0)
		return -1;
	*ret_real = (uint64_t)real;
	while (has_more) {
		if (input_take_all(&t->in, t->block, TAR_BLOCK, err) < 0 ||
			sparse_read_block(&t->pax.sparse, t->block, 0, EXTENSION_PAIRS, err) < 0)
			return -1;
		has_more = t->block[AT_MORE_EXTENSIONS];
	}
	return 0;
}

/* One decimal number and a newline out of the stored content; t->block holds *ret_at of it. */
static int take_map_number(struct tar_reader *t, size_t *at, uint64_t *ret, struct err *err)
{
	char digits[20];
	size_t n = 0;
	for (;;) {
		if (*at == TAR_BLOCK) {
			if (t->left < TAR_BLOCK)
				return err_set(err, ERR_INPUT,
					"sparse map is longer than its file");
			if (input_take_all(&t->in, t->block, TAR_BLOCK, err) < 0)
				return -1;
			t->left -= TAR_BLOCK;
			*at = 0;
		}
		char c = t->block[(*at)++];
		if (c == '\n')
			return num_parse_u64(str_n(digits, n), 0, INT64_MAX, ret, err);
		if (n == sizeof(digits))
			return err_set(err, ERR_INPUT, "damaged sparse map");
		digits[n++] = c;
	}
}

/* Format 1.0: the count, then offsets and sizes, one a line, filled up to a whole block. */
static int read_map_in_front(struct tar_reader *t, struct err *err)
{
	size_t at = TAR_BLOCK;
	uint64_t n, v;
	sparse_clear(&t->pax.sparse);
	if (take_map_number(t, &at, &n, err) < 0)
		return -1;
	if (n > TAR_EXTENTS_MAX)
		return err_set(err, ERR_LIMIT, "sparse file in more than %d pieces",
			TAR_EXTENTS_MAX);
	for (uint64_t i = 0; i < 2 * n; i++)
		if (take_map_number(t, &at, &v, err) < 0 || sparse_add(&t->pax.sparse, v, err) < 0)
			return -1;
	return 0;
}

static int read_sparse(struct tar_reader *t, struct tar_entry *e, struct err *err)
{
	static struct tar_extent nothing; /* so that a file that is all hole has a map too */
	struct pax *p = &t->pax;
	bool is_old = t->block[AT_TYPE] == 'S';
	uint64_t real = p->has_real_size ? p->real_size : e->size;
	if (e->type != TAR_FILE || (!is_old && !p->is_sparse_1_0 && !p->has_sparse_map))
		return 0;
	int r = is_old             ? read_old_gnu_sparse(t, &real, err)
		: p->is_sparse_1_0 ? read_map_in_front(t, err)
				   : 0;
	if (r < 0 || sparse_check(&p->sparse, real, t->left, err) < 0)
		return -1;
	e->size = real;
	e->extents = p->sparse.n ? p->sparse.p : &nothing;
	e->n_extents = p->sparse.n;
	return 0;
}

static int next_entry(struct tar_reader *t, struct tar_entry *ret, struct err *err)
{
	struct tar_entry e = {0};
	apply_names(t);
	if (read_entry(t, &e, err) < 0 || read_sparse(t, &e, err) < 0)
		return err_wrap(err, "'%.*s'", STR_ARG(tar_shown(buf_str(&t->name))));
	*ret = e;
	return 1;
}

int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *err)
{
	if (t->is_at_end)
		return 0;
	int got = skip_content(t, err);
	if (got <= 0) {
		t->is_at_end = got == 0;
		return got;
	}
	pax_clear(&t->pax);
	t->has_long_name = t->has_long_link = false;
	for (;;) {
		got = take_header(t, err);
		if (got <= 0) {
			t->is_at_end = got == 0;
			return got;
		}
		switch (t->block[AT_TYPE]) {
		case 'L': got = take_long(t, &t->long_name, &t->has_long_name, err); break;
		case 'K': got = take_long(t, &t->long_link, &t->has_long_link, err); break;
		case 'x':
		case 'X': got = take_pax(t, err); break;
		case 'g': got = take_global_pax(t, err); break;
		default: return next_entry(t, ret, err);
		}
		if (got < 0)
			return -1;
	}
}

ssize_t tar_peek(struct tar_reader *t, const void **ret, struct err *err)
{
	if (!t->left)
		return 0;
	ssize_t n = window_peek(t->in.window, ret, err);
	if (n < 0)
		return -1;
	return n == 0 ? input_is_short(err) : (ssize_t)num_min((uint64_t)n, t->left);
}

void tar_take(struct tar_reader *t, size_t n)
{
	assert(n <= t->left);
	window_take(t->in.window, n);
	t->left -= n;
}

ssize_t tar_read(struct tar_reader *t, void *room, size_t n, struct err *err)
{
	const void *p;
	ssize_t got = tar_peek(t, &p, err);
	if (got <= 0)
		return got;
	size_t use = num_min((uint64_t)got, n);
	memcpy(room, p, use);
	tar_take(t, use);
	return (ssize_t)use;
}
