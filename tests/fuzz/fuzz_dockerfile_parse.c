#include "dockerfile/dockerfile.h"

#include "json/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(struct dockerfile_place at, uint32_t first, uint32_t last)
{
	assert(at.line >= first && at.line <= last && at.col > 0);
}

static void check_node(const struct dockerfile_node *n)
{
	for (; n; n = n->sub) {
		uint32_t first = n->at.line, last = n->end_line;
		assert(first > 0 && n->at.col > 0 && last >= first);
		for (size_t i = 0; i < n->n_flags; i++)
			check_place(n->flags[i].at, first, last);
		for (size_t i = 0; i < n->n_args; i++)
			check_place(n->args[i].at, first, last);
		for (size_t i = 0; i < n->n_heredocs; i++)
			check_place(n->heredocs[i].at, first, last);
	}
}

/* Places are inside the text, lines go up, and the dump is JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct str text = str_n(data, size);
	struct dockerfile_directive syntax;
	struct dockerfile d;
	struct err err = {0};
	struct json *json;
	if (dockerfile_syntax(text, &a, &syntax))
		(void)dockerfile_syntax_is_ours(syntax.value);
	if (dockerfile_parse(text, &a, &d, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
		return 0;
	}
	for (size_t i = 0; i < d.n; i++) {
		check_node(&d.nodes[i]);
		assert(i == 0 || d.nodes[i].at.line > d.nodes[i - 1].end_line);
	}
	dockerfile_dump(&d, &b);
	assert(!b.is_over);
	struct json_limits limits = {
		.max_bytes = 64 << 20, .max_depth = 64, .max_values = 10000000};
	assert(json_parse(buf_str(&b), &limits, &a, &json, &err) == 0);
	assert(json->kind == JSON_ARRAY && json->n == d.n);
	return 0;
}
