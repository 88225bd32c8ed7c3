#include "dockerfile/dockerfile_priv.h"

#include "json/json.h"

static void dump_words(struct json_out *o, const char *key, const struct dockerfile_word *w,
	size_t n)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < n; i++)
		json_add_str(o, w[i].text);
	json_end(o);
}

static void dump_heredocs(struct json_out *o, const struct dockerfile_node *n)
{
	json_key(o, "heredocs");
	json_array(o);
	for (size_t i = 0; i < n->n_heredocs; i++) {
		const struct dockerfile_heredoc *h = &n->heredocs[i];
		json_object(o);
		json_key(o, "name");
		json_add_str(o, h->name);
		json_key(o, "content");
		json_add_str(o, h->content);
		json_key(o, "expand");
		json_add_bool(o, h->is_expanded);
		json_key(o, "chomp");
		json_add_bool(o, h->is_chomped);
		json_key(o, "fd");
		json_add_u64(o, h->fd);
		json_end(o);
	}
	json_end(o);
}

static void dump_name(struct json_out *o, struct str name)
{
	CLEANUP(buf_done) struct buf b = BUF(DOCKERFILE_MAX_BYTES);
	for (size_t i = 0; i < name.n; i++)
		buf_add_ch(&b, ch_lower(name.p[i]));
	json_key(o, "instruction");
	json_add_str(o, buf_str(&b));
}

/* The members of one node but "sub". */
static void dump_node(struct json_out *o, const struct dockerfile_node *n)
{
	dump_name(o, n->instruction);
	json_key(o, "line");
	json_add_u64(o, n->at.line);
	json_key(o, "end_line");
	json_add_u64(o, n->end_line);
	dump_words(o, "flags", n->flags, n->n_flags);
	dump_words(o, "args", n->args, n->n_args);
	json_key(o, "exec_form");
	json_add_bool(o, n->is_exec_form);
	dump_heredocs(o, n);
}

void dockerfile_dump(const struct dockerfile *d, struct buf *b)
{
	struct json_out o;
	json_out_init(&o, b, 2);
	json_array(&o);
	for (size_t i = 0; i < d->n; i++) {
		size_t depth = 0;
		for (const struct dockerfile_node *n = &d->nodes[i]; n; n = n->sub, depth++) {
			json_object(&o);
			dump_node(&o, n);
			json_key(&o, "sub");
		}
		json_add_null(&o);
		while (depth--)
			json_end(&o);
	}
	json_end(&o);
}
