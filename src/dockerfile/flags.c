#include "dockerfile/dockerfile_priv.h"

/* One word up to unquoted white space, quotes and escapes resolved. */
static struct str unquoted(struct lines *l, struct str *rest)
{
	CLEANUP(buf_done) struct buf b = BUF(DOCKERFILE_MAX_BYTES);
	char quote = '\0';
	size_t i = 0;
	while (i < rest->n && (quote || !ch_is_space(rest->p[i]))) {
		char c = rest->p[i++];
		if (c == l->escape) {
			if (i < rest->n)
				buf_add_ch(&b, rest->p[i++]);
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (quote && c == quote) {
			quote = '\0';
		} else {
			buf_add_ch(&b, c);
		}
	}
	*rest = str_skip(*rest, i);
	return arena_str(l->arena, buf_str(&b));
}

void flags_take(struct lines *l, struct str *rest, struct word_vec *ret)
{
	for (;;) {
		*rest = str_trim_left(*rest);
		if (!str_starts(*rest, S("--")))
			return;
		struct dockerfile_place at = lines_place(l, rest->p);
		struct str word = unquoted(l, rest);
		if (str_is(word, "--"))
			return;
		vec_push(ret, ((struct dockerfile_word){word, at}));
	}
}
