/* The tree of each document, one node a line: place, what it is, value. Cases named merge-* have
 * merge keys, cases named tags-* keep unknown tags, cases named should-fail-* give the error. */
#include "../golden.h"

#include "yaml/yaml.h"

static const char *const styles[] = {"plain", "single", "double", "literal", "folded"};
static const char *const types[] = {"null", "bool", "int", "float", "str"};

static void show_scalar(const struct yaml *node, struct buf *out)
{
	buf_fmt(out, "%s %s ", styles[node->style], types[node->type]);
	if (node->type == YAML_BOOL)
		buf_fmt(out, "%s ", node->truth ? "true" : "false");
	if (node->type == YAML_INT)
		buf_fmt(out, "%lld ", (long long)node->number);
	if (node->type == YAML_FLOAT)
		buf_fmt(out, "%g ", node->real);
	buf_add_ch(out, '\'');
	for (size_t i = 0; i < node->text.n; i++)
		if (node->text.p[i] == '\n')
			buf_add(out, S("\\n"));
		else
			buf_add_ch(out, node->text.p[i]);
	buf_add(out, S("'"));
}

static void show(const struct yaml *node, int depth, struct buf *out)
{
	static const char *const kinds[] = {"", "sequence", "mapping"};
	buf_fmt(out, "%*s%u:%u ", depth * 2, "", node->line, node->col);
	if (node->tag.n)
		buf_fmt(out, "<%.*s> ", STR_ARG(node->tag));
	if (node->kind == YAML_SCALAR)
		show_scalar(node, out);
	else
		buf_fmt(out, "%s%s of %zu", node->is_flow ? "flow " : "", kinds[node->kind],
			node->n);
	buf_add_cstr(out, node->was_alias_target ? " (shared)\n" : "\n");
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == YAML_MAPPING)
			show(node->pairs[i].key, depth + 1, out);
		show(node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i],
			depth + 1 + (node->kind == YAML_MAPPING), out);
	}
}

static void parse_and_show(const struct golden *g, struct buf *out)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str name = str_of(g->name);
	struct yaml_limits limits = yaml_limits_default;
	limits.has_merge_keys = str_has(name, S("merge"));
	limits.accepts_tags = str_starts(name, S("tags-"));
	struct yaml *root = NULL;
	struct err err = {0};
	char line[1024];
	if (yaml_parse(g->in, &limits, &a, &root, &err) == 0) {
		show(root, 0, out);
	} else {
		err_line(&err, line, sizeof(line));
		buf_fmt(out, "%s\n", line);
		if (err.hint[0])
			buf_fmt(out, "hint: %s\n", err.hint);
	}
	if (!root != str_starts(name, S("should-fail-")))
		fail_msg("%s: %s", g->name, buf_cstr(out));
}

static void yaml_golden(void **state)
{
	golden_run("yaml", parse_and_show);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(yaml_golden)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
