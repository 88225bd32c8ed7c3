/* Heredocs: `RUN <<EOF`, `COPY <<"a" <<-b /dest`, `3<<EOF`.
 *
 * They are found by splitting the joined line as a shell would, quotes and variables left alone: a
 * word is a heredoc when all of it is digits, "<<", an optional '-' and one name. */
#include "dockerfile/dockerfile_priv.h"

#include "dockerfile/expand.h"

static bool is_named(struct str instruction, const char *const *names)
{
	for (; *names; names++)
		if (str_eq_nocase(instruction, str_of(*names)))
			return true;
	return false;
}

bool heredoc_is_allowed(const struct dockerfile_node *n)
{
	static const char *const plain[] = {"run", "copy", "add", NULL};
	static const char *const around[] = {"onbuild", NULL};
	if (n->sub && is_named(n->instruction, around))
		n = n->sub;
	return is_named(n->instruction, plain) && !n->is_exec_form;
}

/* The only word of the text, or false. */
static bool one_word(struct str text, unsigned how, struct arena *a, struct str *ret)
{
	static const struct vars nothing = {0};
	struct expander e = {.escape = '\\', .how = how | EXPAND_KEEP_UNSET, .vars = &nothing};
	struct err ignored = {0}; /* a broken word is no heredoc */
	struct str_vec words = {0};
	bool is_one = expand_words(&e, text, a, &words, &ignored) == 0 && words.n == 1;
	if (is_one)
		*ret = words.p[0];
	vec_done(&words);
	return is_one;
}

static bool parse_word(struct str word, struct arena *a, struct dockerfile_heredoc *ret)
{
	struct dockerfile_heredoc h = {0};
	struct str quoted;
	size_t i = 0;
	for (; i < word.n && ch_is_digit(word.p[i]); i++)
		if (__builtin_mul_overflow(h.fd, 10, &h.fd) ||
			__builtin_add_overflow(h.fd, (uint64_t)(word.p[i] - '0'), &h.fd))
			h.fd = UINT64_MAX;
	word = str_skip(word, i);
	if (!str_starts(word, S("<<")))
		return false;
	word = str_skip(word, 2);
	h.is_chomped = str_starts(word, S("-"));
	word = str_skip(word, h.is_chomped);
	if (!word.n || str_chr(word, '<') >= 0 || !one_word(word, 0, a, &h.name) ||
		!one_word(word, EXPAND_RAW_QUOTES, a, &quoted))
		return false;
	h.is_expanded = str_eq(quoted, h.name);
	*ret = h;
	return true;
}

bool heredoc_is_word(struct str word, const struct dockerfile_heredoc *h, struct arena *a)
{
	struct dockerfile_heredoc parsed;
	return parse_word(word, a, &parsed) && str_eq(parsed.name, h->name);
}

static struct str without_tabs(struct str line)
{
	while (line.n && line.p[0] == '\t')
		line = str_skip(line, 1);
	return line;
}

static int take_content(struct lines *l, struct dockerfile_heredoc *h)
{
	struct dockerfile_place asked = {l->first_line, 1};
	const char *start = l->rest.p;
	struct str line;
	int got;
	h->at = (struct dockerfile_place){l->line + 1, 1};
	while ((got = lines_take(l, &line)) > 0) {
		size_t n = (size_t)(line.p - start);
		while (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (str_eq(h->is_chomped ? without_tabs(line) : line, h->name)) {
			h->content = str_n(start, n);
			return 0;
		}
	}
	if (got < 0)
		return -1;
	lines_fail(l, asked, "unterminated heredoc");
	return err_hint(l->err, "end it with a line that is only '%.*s'", STR_ARG(h->name));
}

int heredoc_take(struct lines *l, struct heredoc_vec *ret)
{
	static const struct vars nothing = {0};
	struct expander e = {.escape = '\\',
		.how = EXPAND_RAW_QUOTES | EXPAND_RAW_ESCAPES | EXPAND_KEEP_UNSET,
		.vars = &nothing};
	struct err ignored = {0}; /* a line no shell would accept has no heredocs */
	struct str_vec words = {0};
	int rc = 0;
	if (str_has(l->joined, S("<<")) &&
		expand_words(&e, l->joined, l->arena, &words, &ignored) == 0)
		VEC_EACH(&words, w) {
			struct dockerfile_heredoc h;
			if (!parse_word(*w, l->arena, &h))
				continue;
			rc = take_content(l, &h);
			if (rc < 0)
				break;
			vec_push(ret, h);
		}
	vec_done(&words);
	return rc;
}

struct str dockerfile_heredoc_text(const struct dockerfile_heredoc *h, struct arena *a)
{
	if (!h->is_chomped)
		return h->content;
	CLEANUP(buf_done) struct buf b = BUF(DOCKERFILE_MAX_BYTES);
	struct str rest = h->content;
	while (rest.n) {
		ssize_t end = str_chr(rest, '\n');
		size_t n = end < 0 ? rest.n : (size_t)end + 1;
		buf_add(&b, without_tabs(str_sub(rest, 0, n)));
		rest = str_skip(rest, n);
	}
	return arena_str(a, buf_str(&b));
}
