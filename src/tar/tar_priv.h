/* tar_priv -- what the files of tar share: where header fields are, numbers, pax records. */
#ifndef TAR_PRIV_H
#define TAR_PRIV_H

#include "base/vec.h"
#include "tar/tar.h"

/* Fields of a ustar header, as offset and length. */
struct field {
	size_t at, n;
};
#define FIELD_NAME ((struct field){0, 100})
#define FIELD_MODE ((struct field){100, 8})
#define FIELD_UID ((struct field){108, 8})
#define FIELD_GID ((struct field){116, 8})
#define FIELD_SIZE ((struct field){124, 12})
#define FIELD_MTIME ((struct field){136, 12})
#define FIELD_SUM ((struct field){148, 8})
#define FIELD_LINK ((struct field){157, 100})
#define FIELD_MAGIC ((struct field){257, 8}) /* and version */
#define FIELD_DEV_MAJOR ((struct field){329, 8})
#define FIELD_DEV_MINOR ((struct field){337, 8})
#define FIELD_PREFIX ((struct field){345, 155})
enum { AT_TYPE = 156 };

static inline struct str block_field(const char *block, struct field f)
{
	return str_n(block + f.at, f.n);
}

/* ---- input.c ---- */

struct input {
	struct window *window;
	struct buffered *own; /* NULL when the window is the caller's */
};
struct input input_of_source(struct source *from);
struct input input_of_window(struct window *from);
void input_done(struct input *in);
/* Up to n bytes into room (NULL = drop them): their number, less only where the input ends. */
ssize_t input_take(struct input *in, char *room, size_t n, struct err *err);
/* All n bytes, or ERR_INPUT. */
int input_take_all(struct input *in, char *room, size_t n, struct err *err);
int input_is_short(struct err *err); /* says so; -1 */

/* ---- number.c ---- */

/* Octal text, or GNU's base 256; empty is 0. */
int number_read(struct str field, int64_t min, int64_t max, int64_t *ret, struct err *err);
/* Zero-padded octal and a NUL; false when it does not fit. */
bool number_write(char *block, struct field f, uint64_t v);
unsigned checksum(const char *block);
bool checksum_is_right(const char *block);
/* "1.5", "-3": seconds with any fraction. */
int time_parse(struct str text, int64_t *ret_ns, struct err *err);

/* ---- pax.c: "LENGTH KEY=VALUE\n", over and over ---- */

/* Takes one record off *rest. */
int pax_next(struct str *rest, struct str *ret_key, struct str *ret_value, struct err *err);
void pax_add(struct buf *b, struct str key, struct str value);

/* What the headers in front of an entry said about it. */
struct pax {
	struct buf text; /* of the last 'x' header; the values below point into it */
	struct str path, link;
	bool has_path, has_link, has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime_ns;
	struct arena arena; /* of the two below */
	struct tar_xattr *xattrs;
	size_t n_xattrs;
	/* GNU.sparse.*: 0.0 and 0.1 bring the map, 1.0 has it in front of the data. */
	struct str sparse_name;
	bool has_sparse_map, is_sparse_1_0, has_real_size;
	uint64_t real_size;
	struct sparse_map {
		struct tar_extent *p;
		size_t n, cap;
		bool is_half; /* an offset whose size did not come yet */
	} sparse;
};
void pax_clear(struct pax *p);
void pax_done(struct pax *p);
/* Reads p->text. */
int pax_parse(struct pax *p, struct err *err);

/* ---- sparse.c ---- */

/* One number of a map, offsets and sizes in turn. */
int sparse_add(struct sparse_map *m, uint64_t v, struct err *err);
void sparse_clear(struct sparse_map *m);
/* "0,512,4096,512" */
int sparse_parse(struct sparse_map *m, struct str text, struct err *err);
/* The four or 21 pairs in a header or extension block of type 'S'. */
int sparse_read_block(struct sparse_map *m, const char *block, size_t at, size_t n_pairs,
	struct err *err);
/* In order, not overlapping, inside real_size, and of `stored` bytes in all. */
int sparse_check(struct sparse_map *m, uint64_t real_size, uint64_t stored, struct err *err);

#endif
