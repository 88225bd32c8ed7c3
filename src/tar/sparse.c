/* Maps of sparse files: where data is, in order (GNU tar manual, "Sparse Formats"). */
#include "tar/tar_priv.h"

#include "base/num.h"

int sparse_add(struct sparse_map *m, uint64_t v, struct err *err)
{
	if (m->is_half) {
		m->is_half = false;
		vec_last(m)->size = v;
		return 0;
	}
	if (m->n == TAR_EXTENTS_MAX)
		return err_set(err, ERR_LIMIT, "sparse file in more than %d pieces",
			TAR_EXTENTS_MAX);
	vec_push(m, ((struct tar_extent){.offset = v}));
	m->is_half = true;
	return 0;
}

void sparse_clear(struct sparse_map *m)
{
	vec_clear(m);
	m->is_half = false;
}

int sparse_parse(struct sparse_map *m, struct str text, struct err *err)
{
	struct str word;
	uint64_t v;
	if (!text.n)
		return 0;
	while (str_cut(&text, ',', &word))
		if (num_parse_u64(word, 0, INT64_MAX, &v, err) < 0 || sparse_add(m, v, err) < 0)
			return -1;
	return 0;
}

int sparse_read_block(struct sparse_map *m, const char *block, size_t at, size_t n_pairs,
	struct err *err)
{
	for (size_t i = 0; i < n_pairs; i++) {
		struct str offset = str_n(block + at + i * 24, 12);
		struct str size = str_n(block + at + i * 24 + 12, 12);
		int64_t o, n;
		if (!offset.p[0] || !size.p[0])
			return 0; /* unused from here on */
		if (number_read(offset, 0, INT64_MAX, &o, err) < 0 ||
			number_read(size, 0, INT64_MAX, &n, err) < 0 ||
			sparse_add(m, (uint64_t)o, err) < 0 || sparse_add(m, (uint64_t)n, err) < 0)
			return -1;
	}
	return 0;
}

int sparse_check(struct sparse_map *m, uint64_t real_size, uint64_t stored, struct err *err)
{
	uint64_t end = 0, sum = 0;
	if (m->is_half)
		return err_set(err, ERR_INPUT, "sparse map ends in the middle");
	VEC_EACH(m, e) {
		if (e->offset < end)
			return err_set(err, ERR_INPUT, "sparse map is out of order");
		if (num_add(e->offset, e->size, &end, err) < 0 ||
			num_add(sum, e->size, &sum, err) < 0)
			return -1;
	}
	if (end > real_size || sum != stored)
		return err_set(err, ERR_INPUT, "sparse map does not fit the file's size");
	return 0;
}
