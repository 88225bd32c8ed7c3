/* convert_matrix -- what is wrong with a strategy before it is evaluated, and with containers. */
#include "workflow_priv.h"

static bool is_vector(const struct workflow_value *matrix, struct str name)
{
	for (size_t i = 0; i < matrix->n; i++) {
		struct str key = value_text(matrix->pairs[i].key);
		if (str_eq_nocase(key, name) && !str_is(key, "include") && !str_is(key, "exclude"))
			return true;
	}
	return false;
}

static bool has_expression_key(const struct workflow_value *mapping)
{
	for (size_t i = 0; i < mapping->n; i++)
		if (mapping->pairs[i].key->kind != WORKFLOW_STRING)
			return true;
	return false;
}

static void check_exclude_keys(struct parse *p, const struct workflow_value *matrix,
	const struct workflow_value *item)
{
	for (size_t i = 0; i < item->n; i++) {
		struct str key = value_text(item->pairs[i].key);
		if (!is_vector(matrix, key))
			FAIL(p, item->pairs[i].key,
				"Matrix exclude key '%.*s' does not match any key within the "
				"matrix",
				STR_ARG(key));
	}
}

static void check_exclude(struct parse *p, const struct workflow_value *matrix,
	const struct workflow_value *list)
{
	if (workflow_has_expr(list) || has_expression_key(matrix))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i]->n == 0)
			FAIL(p, list->items[i], "Matrix exclude filter must not be empty");
		check_exclude_keys(p, matrix, list->items[i]);
	}
}

static void check_include(struct parse *p, const struct workflow_value *list)
{
	for (size_t i = 0; list->kind == WORKFLOW_SEQUENCE && i < list->n; i++)
		if (list->items[i]->kind == WORKFLOW_MAPPING && list->items[i]->n == 0)
			FAIL(p, list->items[i],
				"Matrix include mapping does not contain any values");
}

static void check_matrix(struct parse *p, const struct workflow_value *m)
{
	bool has_vector = false, has_include = false;
	for (size_t i = 0; i < m->n; i++) {
		const struct workflow_value *v = m->pairs[i].value;
		struct str key = value_text(m->pairs[i].key);
		if (str_is(key, "include")) {
			check_include(p, v);
			has_include = v->kind != WORKFLOW_SEQUENCE || v->n > 0;
		} else if (str_is(key, "exclude")) {
			check_exclude(p, m, v);
		} else {
			has_vector = true;
			if (v->kind == WORKFLOW_SEQUENCE && v->n == 0)
				FAIL(p, v, "Matrix vector '%.*s' does not contain any values",
					STR_ARG(key));
		}
	}
	if (!has_vector && !has_include)
		FAIL(p, m, "Matrix must define at least one vector");
}

void convert_strategy(struct parse *p, const struct workflow_value *v,
	struct workflow_strategy *ret)
{
	if (v->kind != WORKFLOW_MAPPING) {
		ret->whole = v;
		return;
	}
	ret->matrix = workflow_get(v, "matrix");
	ret->fail_fast = workflow_get(v, "fail-fast");
	ret->max_parallel = workflow_get(v, "max-parallel");
	if (has_expression_key(v))
		ret->whole = v;
	if (ret->matrix && ret->matrix->kind == WORKFLOW_MAPPING)
		check_matrix(p, ret->matrix);
}

/* A container needs an image, unless an expression decides. */
static void check_container(struct parse *p, const struct workflow_value *v, bool is_service)
{
	const struct workflow_value *image = v;
	if (!v || workflow_has_expr(v))
		return;
	if (v->kind == WORKFLOW_MAPPING)
		image = workflow_get(v, "image");
	struct str name = value_text(image);
	bool has_prefix = str_starts(name, S("docker://"));
	bool is_empty = name.n == (has_prefix ? strlen("docker://") : 0);
	if (is_empty && (has_prefix || is_service || !image))
		FAIL(p, v, "Container image cannot be empty");
}

void convert_containers(struct parse *p, const struct workflow_job *job)
{
	const struct workflow_value *services = job->services;
	check_container(p, job->container, false);
	for (size_t i = 0; services && services->kind == WORKFLOW_MAPPING && i < services->n; i++)
		check_container(p, services->pairs[i].value, true);
}
