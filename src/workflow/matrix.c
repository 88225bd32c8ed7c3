#include "workflow/matrix.h"

#include "base/num.h"

enum { MAX_NAME = 100 };

struct vector {
	struct str name;
	const struct expr_list *values;
};
VEC_TYPE(vector_vec, struct vector);

struct include {
	const struct expr_dict *item;
	bool was_matched;
};

struct builder {
	struct arena *a;
	struct str job_name;
	struct vector_vec vectors;
	const struct expr_list *excludes;
	struct include *includes;
	size_t n_includes;
	struct matrix_combination_vec *out;
};

static const struct expr_list no_items;

static const struct vector *find_vector(const struct builder *b, struct str name)
{
	VEC_EACH(&b->vectors, v)
		if (expr_text_eq(v->name, name))
			return v;
	return NULL;
}

/* Values are at most EXPR_MAX_JSON_DEPTH deep, so the functions that walk them may call themselves. A
 * filter value matches when each of its leaves equals what stands in the same place. */
static bool matches(const struct expr_value *filter, const struct expr_value *value)
{
	if (filter->kind == EXPR_OBJECT) {
		for (size_t i = 0; i < filter->dict->n; i++) {
			const struct expr_member *m = &filter->dict->members[i];
			const struct expr_value *v = NULL, nothing = expr_null();
			if (value->kind == EXPR_OBJECT)
				v = expr_dict_get(value->dict, m->key);
			if (!matches(&m->value, v ? v : &nothing))
				return false;
		}
		return true;
	}
	if (filter->kind == EXPR_ARRAY) {
		for (size_t i = 0; i < filter->list->n; i++) {
			struct expr_value v = expr_null();
			if (value->kind == EXPR_ARRAY && i < value->list->n)
				v = value->list->items[i];
			if (!matches(&filter->list->items[i], &v))
				return false;
		}
		return true;
	}
	return expr_equal(value, filter);
}

/* All keys of the filter that are vectors; keys that are none are left out when told. */
static bool matches_item(const struct builder *b, const struct expr_dict *filter,
	const struct expr_dict *values, bool skips_others)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct expr_member *m = &filter->members[i];
		if (skips_others && !find_vector(b, m->key))
			continue;
		const struct expr_value *v = expr_dict_get(values, m->key);
		struct expr_value nothing = expr_null();
		if (!matches(&m->value, v ? v : &nothing))
			return false;
	}
	return true;
}

static bool is_excluded(const struct builder *b, const struct expr_dict *values)
{
	for (size_t i = 0; i < b->excludes->n; i++)
		if (matches_item(b, b->excludes->items[i].dict, values, false))
			return true;
	return false;
}

/* Texts, numbers and booleans of a value, in order, as they show in a job's name. */
static void add_words(struct builder *b, const struct expr_value *v, struct buf *out)
{
	if (v->kind == EXPR_OBJECT) {
		for (size_t i = 0; i < v->dict->n; i++)
			add_words(b, &v->dict->members[i].value, out);
	} else if (v->kind == EXPR_ARRAY) {
		for (size_t i = 0; i < v->list->n; i++)
			add_words(b, &v->list->items[i], out);
	} else {
		struct str text = expr_to_text(v, b->a);
		if (text.n == 0)
			return;
		buf_add(out, out->n ? S(", ") : S("("));
		buf_add(out, text);
	}
}

static struct str shorten(struct str name, struct arena *a)
{
	if (name.n <= MAX_NAME)
		return name;
	size_t n = MAX_NAME - 3;
	while (n > 0 && ((unsigned char)name.p[n] & 0xC0) == 0x80)
		n--;
	return arena_fmt(a, "%.*s...", (int)n, name.p);
}

static int add_combination(struct builder *b, struct expr_dict *values, struct err *err)
{
	CLEANUP(buf_done) struct buf words = BUF(64 * 1024), name = BUF(128 * 1024);
	struct expr_value all = expr_object(values);
	if (b->out->n >= WORKFLOW_MAX_JOBS)
		return err_set(err, ERR_LIMIT, "the matrix makes more than %d jobs",
			WORKFLOW_MAX_JOBS);
	add_words(b, &all, &words);
	if (words.n)
		buf_add_ch(&words, ')');
	buf_add(&name, b->job_name);
	if (words.n && b->job_name.n)
		buf_add_ch(&name, ' ');
	buf_add(&name, buf_str(&words));
	struct matrix_combination c = {.values = all,
		.name = shorten(arena_str(b->a, buf_str(&name)), b->a),
		.suffix = arena_str(b->a, buf_str(&words))};
	vec_push(b->out, c);
	return 0;
}

static void copy_members(struct builder *b, const struct expr_dict *from, struct expr_dict *to)
{
	for (size_t i = 0; i < from->n; i++)
		expr_dict_put(to, b->a, from->members[i].key, from->members[i].value);
}

/* The members whose keys are vectors, or the others. */
static void copy_some(struct builder *b, const struct expr_dict *from, bool are_vectors,
	struct expr_dict *to)
{
	for (size_t i = 0; i < from->n; i++)
		if ((find_vector(b, from->members[i].key) != NULL) == are_vectors)
			expr_dict_put(to, b->a, from->members[i].key, from->members[i].value);
}

/* Values that matching includes add; they may replace each other, never the vectors' own. */
static void include_extra(struct builder *b, const struct expr_dict *values, struct expr_dict *to)
{
	for (size_t i = 0; i < b->n_includes; i++) {
		struct include *in = &b->includes[i];
		if (!matches_item(b, in->item, values, true))
			continue;
		in->was_matched = true;
		copy_some(b, in->item, false, to);
	}
}

/* The name is made of the vectors' values only, so it is made before extras are added. */
static int add_product(struct builder *b, size_t index, size_t n_products, struct err *err)
{
	struct expr_dict *values = expr_dict_new(b->a), *extra = expr_dict_new(b->a);
	VEC_EACH(&b->vectors, v) {
		n_products /= v->values->n;
		size_t at = index / n_products % v->values->n;
		expr_dict_put(values, b->a, v->name, v->values->items[at]);
	}
	if (is_excluded(b, values))
		return 0;
	include_extra(b, values, extra);
	if (add_combination(b, values, err) < 0)
		return -1;
	copy_members(b, extra, values);
	return 0;
}

static int add_products(struct builder *b, struct err *err)
{
	enum { MAX_PRODUCTS = 100000 };
	uint64_t n = b->vectors.n > 0;
	VEC_EACH(&b->vectors, v) {
		if (num_mul(n, v->values->n, &n, err) < 0 || n > MAX_PRODUCTS)
			return err_set(err, ERR_LIMIT, "the matrix has more than %d combinations",
				MAX_PRODUCTS);
	}
	for (size_t i = 0; i < n; i++)
		if (add_product(b, i, n, err) < 0)
			return -1;
	return 0;
}

/* Includes that matched nothing: the vectors' keys first, then the others. */
static int add_unmatched(struct builder *b, struct err *err)
{
	for (size_t i = 0; i < b->n_includes; i++) {
		const struct expr_dict *item = b->includes[i].item;
		struct expr_dict *values = expr_dict_new(b->a);
		if (b->includes[i].was_matched)
			continue;
		copy_some(b, item, true, values);
		copy_some(b, item, false, values);
		if (add_combination(b, values, err) < 0)
			return -1;
	}
	return 0;
}

static int read_filter(const struct expr_value *v, const char *name, const struct expr_list **ret,
	struct err *err)
{
	if (v->kind == EXPR_NULL)
		return 0;
	if (v->kind != EXPR_ARRAY)
		return err_set(err, ERR_INPUT, "matrix '%s': expected an array, got %s", name,
			expr_kind_name(v->kind));
	for (size_t i = 0; i < v->list->n; i++) {
		const struct expr_value *item = &v->list->items[i];
		if (item->kind != EXPR_OBJECT)
			return err_set(err, ERR_INPUT, "matrix '%s': expected an object, got %s",
				name, expr_kind_name(item->kind));
		if (item->dict->n == 0)
			return err_set(err, ERR_INPUT,
				str_is(S("include"), name)
					? "Matrix include mapping does not contain any values"
					: "Matrix exclude filter must not be empty");
	}
	*ret = v->list;
	return 0;
}

static int read_member(struct builder *b, const struct expr_member *m,
	const struct expr_list **includes, struct err *err)
{
	if (str_is(m->key, "include"))
		return read_filter(&m->value, "include", includes, err);
	if (str_is(m->key, "exclude"))
		return read_filter(&m->value, "exclude", &b->excludes, err);
	if (m->value.kind != EXPR_ARRAY)
		return err_set(err, ERR_INPUT, "Matrix vector '%.*s': expected an array, got %s",
			STR_ARG(m->key), expr_kind_name(m->value.kind));
	if (m->value.list->n == 0)
		return err_set(err, ERR_INPUT, "Matrix vector '%.*s' does not contain any values",
			STR_ARG(m->key));
	vec_push(&b->vectors, ((struct vector){m->key, m->value.list}));
	return 0;
}

static int check_excludes(const struct builder *b, struct err *err)
{
	for (size_t i = 0; i < b->excludes->n; i++) {
		const struct expr_dict *item = b->excludes->items[i].dict;
		for (size_t k = 0; k < item->n; k++)
			if (!find_vector(b, item->members[k].key))
				return err_set(err, ERR_INPUT,
					"Matrix exclude key '%.*s' does not match any key within "
					"the matrix",
					STR_ARG(item->members[k].key));
	}
	return 0;
}

static int read_matrix(struct builder *b, const struct expr_dict *matrix, struct err *err)
{
	const struct expr_list *includes = &no_items;
	for (size_t i = 0; i < matrix->n; i++)
		if (read_member(b, &matrix->members[i], &includes, err) < 0)
			return -1;
	if (b->vectors.n == 0 && includes->n == 0)
		return err_set(err, ERR_INPUT, "Matrix must define at least one vector");
	b->n_includes = includes->n;
	b->includes = ARENA_ARRAY(b->a, struct include, includes->n + 1);
	for (size_t i = 0; i < includes->n; i++)
		b->includes[i].item = includes->items[i].dict;
	return check_excludes(b, err);
}

int matrix_expand(const struct expr_value *matrix, struct str job_name, struct arena *a,
	struct matrix_combination_vec *ret, struct err *err)
{
	struct builder b = {.a = a, .job_name = job_name, .excludes = &no_items, .out = ret};
	if (matrix->kind != EXPR_OBJECT)
		return err_set(err, ERR_INPUT, "matrix: expected an object, got %s",
			expr_kind_name(matrix->kind));
	int rc = read_matrix(&b, matrix->dict, err);
	if (rc == 0)
		rc = add_products(&b, err);
	if (rc == 0)
		rc = add_unmatched(&b, err);
	vec_done(&b.vectors);
	return rc;
}
