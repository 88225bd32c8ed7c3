#include "glob/ignore.h"

#include "base/utf8.h"
#include "glob/glob_priv.h"
#include "glob/ignore_priv.h"
#include "glob/glob.h"

struct pattern {
	struct nfa nfa;
	bool is_exception; /* '!' */
};
VEC_TYPE(pattern_vec, struct pattern);

struct ignore {
	struct arena arena;
	struct pattern_vec patterns;
};

struct ignore *ignore_new(void)
{
	return NEW(struct ignore);
}

void ignore_free(struct ignore *ig)
{
	if (!ig)
		return;
	vec_done(&ig->patterns);
	arena_done(&ig->arena);
	free(ig);
}

size_t ignore_count(const struct ignore *ig)
{
	return ig->patterns.n;
}

/* What Go's strings.TrimSpace takes: Unicode's White_Space. */
static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
		c == 0x205f || c == 0x3000;
}

static struct str trim(struct str s)
{
	uint32_t code;
	for (size_t n; (n = utf8_decode(s, &code)) && is_space(code);)
		s = str_skip(s, n);
	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		struct str last = str_skip(s, s.n - back);
		if (utf8_decode(last, &code) != back || !is_space(code))
			continue;
		s = str_sub(s, 0, s.n - back);
		back = 0;
	}
	return s;
}

int ignore_add(struct ignore *ig, struct str pattern, struct err *err)
{
	pattern = trim(pattern);
	if (!pattern.n)
		return 0;
	if (pattern.n > IGNORE_PATTERN_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "pattern is longer than %d bytes",
			IGNORE_PATTERN_BYTES_MAX);
	if (ig->patterns.n == IGNORE_PATTERNS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d patterns", IGNORE_PATTERNS_MAX);
	struct str p = clean_path(pattern, &ig->arena);
	bool is_exception = p.p[0] == '!';
	if (is_exception)
		p = str_skip(p, 1);
	if (!p.n)
		return err_set(err, ERR_INPUT, "expected a pattern behind '!'");
	CLEANUP(ops_done) struct op_vec ops = {0};
	if (glob_match(p, S("."), err) < 0) /* so far does moby look, and no further */
		return -1;
	if (ignore_compile(p, &ops, &ig->arena, err) < 0)
		return err_wrap(err, "bad pattern '%.*s'", STR_ARG(str_sub(p, 0, 200)));
	struct pattern *added = vec_add(&ig->patterns);
	added->nfa = nfa_new(&ops, &ig->arena);
	added->is_exception = is_exception;
	return 0;
}

/* A path from the root is one from the context; '!' goes back in front. */
static int add_line(struct ignore *ig, struct str line, struct err *err)
{
	bool is_exception = line.p[0] == '!';
	struct str path = is_exception ? trim(str_skip(line, 1)) : line;
	if (path.n > IGNORE_PATTERN_BYTES_MAX)
		return ignore_add(ig, path, err); /* says that it is too long */
	if (path.n)
		path = clean_path(path, &ig->arena);
	if (path.n > 1 && path.p[0] == '/')
		path = str_skip(path, 1);
	if (is_exception)
		path = arena_fmt(&ig->arena, "!%.*s", (int)path.n, path.n ? path.p : "");
	return ignore_add(ig, path, err);
}

int ignore_read(struct ignore *ig, struct str text, struct err *err)
{
	if (text.n > IGNORE_BYTES_MAX)
		return err_set(err, ERR_LIMIT, "file is larger than %d bytes", IGNORE_BYTES_MAX);
	if (str_starts(text, S("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	uint32_t number = 0;
	for (struct str line; str_line(&text, &line);) {
		number++;
		if (str_starts(line, S("#")))
			continue;
		line = trim(line);
		if (line.n && add_line(ig, line, err) < 0)
			return err_locate(err, NULL, number, 1);
	}
	return 0;
}

bool ignore_matches(const struct ignore *ig, struct str path)
{
	for (size_t i = ig->patterns.n; i-- > 0;)
		if (nfa_matches_with_parents(&ig->patterns.p[i].nfa, path))
			return !ig->patterns.p[i].is_exception;
	return false;
}

size_t ignore_n_words(const struct ignore *ig)
{
	return (ig->patterns.n + 63) / 64;
}

static bool has_bit(const uint64_t *memo, size_t i)
{
	return memo[i / 64] >> (i % 64) & 1;
}

bool ignore_matches_in(const struct ignore *ig, const uint64_t *below, struct str path,
	uint64_t *ret_memo)
{
	bool is_out = false;
	if (ret_memo)
		memset(ret_memo, 0, ignore_n_words(ig) * sizeof(*ret_memo));
	for (size_t i = 0; i < ig->patterns.n; i++) {
		const struct pattern *p = &ig->patterns.p[i];
		bool is_match = below && has_bit(below, i);
		if (!is_match && p->is_exception != is_out)
			continue; /* would change nothing: moby does not look, so neither remember */
		if (!is_match)
			is_match = below ? nfa_matches(&p->nfa, path)
					 : nfa_matches_with_parents(&p->nfa, path);
		if (!is_match)
			continue;
		is_out = !p->is_exception;
		if (ret_memo)
			ret_memo[i / 64] |= UINT64_C(1) << (i % 64);
	}
	return is_out;
}

bool ignore_may_return_below(const struct ignore *ig, struct str dir)
{
	VEC_EACH(&ig->patterns, p) {
		if (p->is_exception && nfa_may_match_below(&p->nfa, dir))
			return true;
	}
	return false;
}
