/* pep440 -- Python's versions (PEP 440, appendix B) and their normal form.
 *
 *	v? [N!] N(.N)* [[-_.]?{a|b|c|rc|alpha|beta|pre|preview}[-_.]?N?] [-N |
 *[-_.]?{post|rev|r}[-_.]?N?]
 *	[[-_.]?dev[-_.]?N?] [+local]			in any case
 */
#include "metadata_priv.h"

struct part {
	struct str letters; /* normal spelling; empty = absent */
	struct str number;
};

struct spelling {
	const char *text, *normal;
};

/* Longer words before their beginnings. */
static const struct spelling pre_words[] = {{"alpha", "a"}, {"beta", "b"}, {"preview", "rc"},
	{"pre", "rc"}, {"rc", "rc"}, {"a", "a"}, {"b", "b"}, {"c", "rc"}, {NULL, NULL}};
static const struct spelling post_words[] = {
	{"post", "post"}, {"rev", "post"}, {"r", "post"}, {NULL, NULL}};
static const struct spelling dev_words[] = {{"dev", "dev"}, {NULL, NULL}};

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

static size_t digits(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && ch_is_digit(s.p[at + n]))
		n++;
	return n;
}

/* Without leading zeros; "0" when there are no digits. */
static struct str plain_number(struct str s)
{
	while (s.n > 1 && s.p[0] == '0')
		s = str_skip(s, 1);
	return s.n ? s : S("0");
}

static struct str take_digits(struct str *rest)
{
	size_t n = digits(*rest, 0);
	struct str d = str_sub(*rest, 0, n);
	*rest = str_skip(*rest, n);
	return d;
}

/* [-_.]? word [-_.]? number? */
static bool take_part(struct str *rest, const struct spelling *words, struct part *ret)
{
	struct str s = *rest;
	if (s.n && is_separator(s.p[0]))
		s = str_skip(s, 1);
	for (; words->text; words++) {
		size_t n = strlen(words->text);
		if (!str_eq_nocase(str_sub(s, 0, n), str_of(words->text)))
			continue;
		s = str_skip(s, n);
		if (s.n && is_separator(s.p[0]))
			s = str_skip(s, 1);
		ret->letters = str_of(words->normal);
		ret->number = plain_number(take_digits(&s));
		*rest = s;
		return true;
	}
	return false;
}

/* -N, or a word. */
static void take_post(struct str *rest, struct part *ret)
{
	if (rest->n > 1 && rest->p[0] == '-' && digits(*rest, 1)) {
		*rest = str_skip(*rest, 1);
		*ret = (struct part){S("post"), plain_number(take_digits(rest))};
		return;
	}
	(void)take_part(rest, post_words, ret);
}

static bool take_epoch(struct str *rest, struct buf *out)
{
	size_t n = digits(*rest, 0);
	if (n == 0 || n >= rest->n || rest->p[n] != '!')
		return n > 0;
	struct str epoch = plain_number(str_sub(*rest, 0, n));
	if (!str_is(epoch, "0")) {
		buf_add(out, epoch);
		buf_add_ch(out, '!');
	}
	*rest = str_skip(*rest, n + 1);
	return digits(*rest, 0) > 0;
}

/* N(.N)*; the first three are kept. */
static void take_release(struct str *rest, struct buf *out, struct pep440 *ret)
{
	struct str *kept[] = {&ret->major, &ret->minor, &ret->patch};
	for (size_t i = 0;; i++) {
		struct str n = plain_number(take_digits(rest));
		buf_add(out, n);
		if (i < ARRAY_LEN(kept))
			*kept[i] = n;
		if (rest->n < 2 || rest->p[0] != '.' || !digits(*rest, 1))
			return;
		buf_add_ch(out, '.');
		*rest = str_skip(*rest, 1);
	}
}

/* +word(.word)*, in lower case with dots. */
static bool take_local(struct str *rest, struct buf *out)
{
	if (!rest->n)
		return true;
	if (rest->p[0] != '+')
		return false;
	buf_add_ch(out, '+');
	for (size_t i = 1, start = 1; i <= rest->n; i++) {
		if (i < rest->n && ch_is_alnum(rest->p[i]))
			continue;
		if (i == start || (i < rest->n && !is_separator(rest->p[i])))
			return false;
		struct str word = str_sub(*rest, start, i);
		word = digits(word, 0) == word.n ? plain_number(word) : word;
		for (size_t k = 0; k < word.n; k++)
			buf_add_ch(out, ch_lower(word.p[k]));
		if (i < rest->n)
			buf_add_ch(out, '.');
		start = i + 1;
	}
	return rest->n > 1;
}

static void add_part(struct buf *out, const char *before, const struct part *p)
{
	if (!p->letters.n)
		return;
	buf_add_cstr(out, before);
	buf_add(out, p->letters);
	buf_add(out, p->number);
}

bool pep440_parse(struct str text, struct arena *a, struct pep440 *ret)
{
	struct pep440 v = {.major = S("0"), .minor = S("0"), .patch = S("0")};
	struct part pre = {0}, post = {0}, dev = {0};
	CLEANUP(buf_done) struct buf out = BUF(METADATA_MAX_INPUT);
	struct str rest = text;
	if (rest.n && ch_lower(rest.p[0]) == 'v')
		rest = str_skip(rest, 1);
	if (!take_epoch(&rest, &out))
		return false;
	take_release(&rest, &out, &v);
	(void)take_part(&rest, pre_words, &pre);
	take_post(&rest, &post);
	(void)take_part(&rest, dev_words, &dev);
	add_part(&out, "", &pre);
	add_part(&out, ".", &post);
	add_part(&out, ".", &dev);
	if (!take_local(&rest, &out))
		return false;
	v.version = arena_str(a, buf_str(&out));
	v.is_final = !pre.letters.n && !post.letters.n && !dev.letters.n;
	*ret = v;
	return true;
}
