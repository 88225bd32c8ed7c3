#include "yaml/yaml_priv.h"

const struct yaml_limits yaml_limits_default = {
	.max_bytes = 1 << 20,
	.max_depth = 100,
	.max_nodes = 100000,
};

static struct str str_of_bytes(const yaml_char_t *p)
{
	return str_of((const char *)p);
}

static int count_nodes(struct builder *b, const yaml_event_t *e, uint64_t n)
{
	b->n_nodes += n; /* both are at most max_nodes */
	if (b->n_nodes > b->limits->max_nodes)
		return yaml_fail(b, e->start_mark, ERR_LIMIT,
			"more than %zu nodes, counting what aliases stand for",
			b->limits->max_nodes);
	return 0;
}

/* The next node would be a key of the innermost mapping. */
static bool at_key(const struct builder *b)
{
	if (!b->frames.n)
		return false;
	const struct frame *f = &b->frames.p[b->frames.n - 1];
	return f->node->kind == YAML_MAPPING && (b->children.n - f->first) % 2 == 0;
}

static int check_key(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
	if (kind == YAML_SCALAR || !at_key(b))
		return 0;
	return yaml_fail(b, e->start_mark, ERR_INPUT, "expected a key, got a %s",
		kind == YAML_MAPPING ? "mapping" : "sequence");
}

static void attach(struct builder *b, struct yaml *node, unsigned height)
{
	if (!b->frames.n) {
		b->root = node;
		return;
	}
	struct frame *parent = vec_last(&b->frames);
	if (height > parent->height)
		parent->height = height;
	vec_push(&b->children, node);
}

/* height levels more would be inside the open frames. */
static int check_depth(struct builder *b, const yaml_event_t *e, unsigned height)
{
	if (b->frames.n + height <= b->limits->max_depth)
		return 0;
	return yaml_fail(b, e->start_mark, ERR_LIMIT, "nested deeper than %u levels",
		b->limits->max_depth);
}

/* &name in front of a node. */
static struct anchor *add_anchor(struct builder *b, const yaml_char_t *name, struct yaml *node)
{
	if (!name)
		return NULL;
	struct anchor *anchor = ARENA_NEW(b->arena, struct anchor);
	*anchor = (struct anchor){.node = node, .n_before = b->n_nodes, .n_nodes = 1};
	map_put(&b->anchors, str_of_bytes(name), anchor);
	return anchor;
}

static int add_alias(struct builder *b, const yaml_event_t *e)
{
	struct str name = str_of_bytes(e->data.alias.anchor);
	struct anchor *anchor = map_get(&b->anchors, name);
	if (!anchor)
		return yaml_fail(b, e->start_mark, ERR_INPUT, "unknown anchor '%.*s'",
			STR_ARG(str_sub(name, 0, 200)));
	if (anchor->is_open)
		return yaml_fail(b, e->start_mark, ERR_INPUT,
			"alias '%.*s' is inside its own anchor", STR_ARG(str_sub(name, 0, 200)));
	if (check_key(b, e, anchor->node->kind) < 0 || check_depth(b, e, anchor->height) < 0 ||
		count_nodes(b, e, anchor->n_nodes) < 0)
		return -1;
	anchor->node->was_alias_target = true;
	attach(b, anchor->node, anchor->height);
	return 0;
}

static struct yaml *new_node(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
	struct yaml *node = ARENA_NEW(b->arena, struct yaml);
	node->kind = kind;
	node->line = (uint32_t)e->start_mark.line + 1;
	node->col = (uint32_t)e->start_mark.column + 1;
	return node;
}

static bool is_core_tag(struct str tag, enum yaml_kind kind)
{
	static const char *const known[][5] = {
		[YAML_SCALAR] = {YAML_STR_TAG, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG,
			YAML_NULL_TAG},
		[YAML_SEQUENCE] = {YAML_SEQ_TAG},
		[YAML_MAPPING] = {YAML_MAP_TAG},
	};
	for (size_t i = 0; i < ARRAY_LEN(known[kind]) && known[kind][i]; i++)
		if (str_is(tag, known[kind][i]))
			return true;
	return false;
}

/* Refuses a tag that means nothing for this kind, or keeps it. "!" alone says no more than no tag.
 */
static int check_tag(struct builder *b, struct yaml *node, const yaml_event_t *e,
	const yaml_char_t *tag)
{
	static const char standard[] = "tag:yaml.org,2002:";
	struct str text = str_of_bytes(tag);
	if (!tag || str_is(text, "!") || is_core_tag(text, node->kind))
		return 0;
	const char *prefix = "";
	if (str_starts(text, str_of(standard))) {
		prefix = "!!";
		text = str_skip(text, strlen(standard));
	}
	for (enum yaml_kind kind = YAML_SCALAR; kind <= YAML_MAPPING; kind++)
		if (is_core_tag(str_of_bytes(tag), kind))
			return yaml_fail(b, e->start_mark, ERR_INPUT, "tag '!!%.*s' before %s",
				STR_ARG(text), yaml_describe(node));
	if (!b->limits->accepts_tags)
		return yaml_fail(b, e->start_mark, ERR_INPUT, "unknown tag '%s%.*s'", prefix,
			STR_ARG(str_sub(text, 0, 200)));
	node->tag = arena_fmt(b->arena, "%s%.*s", prefix, STR_ARG(text));
	return 0;
}

static enum yaml_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return YAML_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return YAML_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE: return YAML_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE: return YAML_FOLDED;
	default: return YAML_PLAIN;
	}
}

static int add_scalar(struct builder *b, const yaml_event_t *e)
{
	const yaml_char_t *tag = e->data.scalar.tag;
	if (count_nodes(b, e, 1) < 0)
		return -1;
	struct yaml *node = new_node(b, e, YAML_SCALAR);
	node->style = style_of(e->data.scalar.style);
	node->text = arena_str(b->arena, str_n(e->data.scalar.value, e->data.scalar.length));
	node->type = YAML_STR;
	if (check_tag(b, node, e, tag) < 0)
		return -1;
	if (yaml_resolve(node, tag && !node->tag.n ? (const char *)tag : "", b->err) < 0)
		return -1;
	add_anchor(b, e->data.scalar.anchor, node);
	attach(b, node, 0);
	return 0;
}

static int open_frame(struct builder *b, const yaml_event_t *e, enum yaml_kind kind, bool is_flow,
	const yaml_char_t *tag, const yaml_char_t *anchor)
{
	if (check_key(b, e, kind) < 0 || check_depth(b, e, 1) < 0)
		return -1;
	struct yaml *node = new_node(b, e, kind);
	node->is_flow = is_flow;
	if (check_tag(b, node, e, tag) < 0)
		return -1;
	struct frame f = {.node = node, .first = b->children.n};
	f.anchor = add_anchor(b, anchor, node);
	if (f.anchor)
		f.anchor->is_open = true;
	vec_push(&b->frames, f);
	return count_nodes(b, e, 1);
}

static int close_frame(struct builder *b)
{
	struct frame f = vec_pop(&b->frames);
	size_t n = b->children.n - f.first;
	struct yaml **children = n ? &b->children.p[f.first] : NULL;
	if (f.node->kind == YAML_SEQUENCE) {
		f.node->n = n;
		f.node->items = ARENA_ARRAY(b->arena, struct yaml *, n);
		if (n)
			memcpy(f.node->items, children, n * sizeof(*children));
	} else if (yaml_make_pairs(f.node, children, n, b->limits, b->arena, b->err) < 0) {
		return -1;
	}
	b->children.n = f.first;
	if (f.anchor) {
		f.anchor->is_open = false;
		f.anchor->n_nodes = b->n_nodes - f.anchor->n_before;
		f.anchor->height = f.height + 1;
	}
	attach(b, f.node, f.height + 1);
	return 0;
}

static int take_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->root)
			return yaml_fail(b, e->start_mark, ERR_INPUT, "second document");
		return 0;
	case YAML_ALIAS_EVENT: return add_alias(b, e);
	case YAML_SCALAR_EVENT: return add_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_frame(b, e, YAML_SEQUENCE,
			e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
			e->data.sequence_start.tag, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return open_frame(b, e, YAML_MAPPING,
			e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
			e->data.mapping_start.tag, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return close_frame(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT: break;
	}
	return 0;
}

static int read_events(struct builder *b)
{
	yaml_event_type_t type;
	do {
		CLEANUP(yaml_event_delete) yaml_event_t e = {0};
		if (!yaml_parser_parse(&b->parser, &e))
			return yaml_fail_syntax(b);
		if (take_event(b, &e) < 0)
			return -1;
		type = e.type;
	} while (type != YAML_STREAM_END_EVENT);
	return 0;
}

static int finish(struct builder *b)
{
	if (b->root)
		return 0;
	if (!b->limits->accepts_empty)
		return err_set(b->err, ERR_INPUT, "the document is empty");
	b->root = ARENA_NEW(b->arena, struct yaml);
	b->root->line = b->root->col = 1;
	b->root->text = S("");
	return 0;
}

static void builder_done(struct builder *b)
{
	yaml_parser_delete(&b->parser);
	vec_done(&b->frames);
	vec_done(&b->children);
	map_done(&b->anchors, NULL);
}
CLEANUP_VAL(builder_done, struct builder);

int yaml_parse(struct str text, const struct yaml_limits *limits, struct arena *a,
	struct yaml **ret, struct err *err)
{
	if (!limits)
		limits = &yaml_limits_default;
	if (text.n > limits->max_bytes)
		return err_set(err, ERR_LIMIT, "YAML text is larger than %zu bytes",
			limits->max_bytes);
	if (str_starts(text, S("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	if (yaml_check_text(text, err) < 0)
		return -1;
	CLEANUP(builder_done) struct builder b = {.limits = limits, .arena = a, .err = err};
	if (!yaml_parser_initialize(&b.parser))
		return yaml_fail_syntax(&b);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const uint8_t *)(text.p ? text.p : ""), text.n);
	if (read_events(&b) < 0 || finish(&b) < 0)
		return -1;
	*ret = b.root;
	return 0;
}
