/* The arguments of each instruction, split but not yet understood: quotes and escapes stay. */
#include "dockerfile/dockerfile_priv.h"

static void add(struct split *s, struct str text, const char *from)
{
	struct dockerfile_place at = lines_place(s->lines, from);
	vec_push(&s->words, ((struct dockerfile_word){text, at}));
}

/* Everything is one word. */
static int split_none(struct split *s, struct str keyword, struct str text)
{
	if (text.n)
		add(s, text, text.p);
	return 0;
}

/* Words between white space; quotes mean nothing. */
static int split_gaps(struct split *s, struct str keyword, struct str text)
{
	struct str word;
	while (text_word(&text, &word))
		add(s, word, word.p);
	return 0;
}

/* A JSON array, or 0 when it is none. */
static int split_exec(struct split *s, struct str text)
{
	struct exec_vec items = {0};
	enum exec_form form = exec_form_read(text, s->lines->arena, &items);
	if (form == EXEC_FORM_YES)
		VEC_EACH(&items, item)
			add(s, item->text, item->from);
	vec_done(&items);
	s->is_exec_form = form == EXEC_FORM_YES;
	if (form == EXEC_FORM_NOT_STRINGS)
		return lines_fail(s->lines, lines_place(s->lines, text.p),
			"when using JSON array syntax, arrays must be comprised of strings only");
	return s->is_exec_form;
}

static int split_command(struct split *s, struct str keyword, struct str text)
{
	int is_exec = split_exec(s, text);
	return is_exec ? is_exec : split_none(s, keyword, text);
}

static int split_paths(struct split *s, struct str keyword, struct str text)
{
	int is_exec = split_exec(s, text);
	return is_exec ? is_exec : split_gaps(s, keyword, text);
}

/* A type word, then a command. */
static int split_health(struct split *s, struct str keyword, struct str text)
{
	size_t n = 0;
	while (n < text.n && !ch_is_space(text.p[n]))
		n++;
	if (!n)
		return 0;
	add(s, str_sub(text, 0, n), text.p);
	return split_command(s, keyword, text_trim_left(str_skip(text, n)));
}

/* Bytes of the next word: quotes and escapes keep white space inside. An escape character that ends
 * the text ends the word before it. */
static size_t quoted_word(struct split *s, struct str text, size_t *ret_skip)
{
	char quote = '\0', escape = s->lines->escape;
	size_t i = 0;
	while (i < text.n) {
		struct str rest = str_skip(text, i);
		char c = rest.p[0];
		size_t n = text_char(rest);
		if (!quote && text_space(rest))
			break;
		if (c == escape && quote != '\'') {
			if (i + n == text.n) {
				*ret_skip = text.n;
				return i;
			}
			i += n;
			n = text_char(str_skip(text, i));
		} else if (quote && c == quote) {
			quote = '\0';
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		}
		i += n;
	}
	*ret_skip = i;
	return i;
}

static int split_quoted(struct split *s, struct str keyword, struct str text)
{
	while ((text = text_trim_left(text)).n) {
		size_t skip = 0, n = quoted_word(s, text, &skip);
		if (n)
			add(s, str_sub(text, 0, n), text.p);
		text = str_skip(text, skip);
	}
	return 0;
}

static void add_pair(struct split *s, struct str name, struct str value, struct str sign)
{
	add(s, name, name.p);
	add(s, value, value.p);
	struct dockerfile_place at = vec_last(&s->words)->at;
	vec_push(&s->words, ((struct dockerfile_word){sign, at}));
}

/* `name the whole rest` */
static int split_old_pair(struct split *s, struct str keyword, struct str text)
{
	struct str name = STR_NONE, all = text;
	(void)text_word(&text, &name); /* it is not empty */
	size_t n = 0;
	while (n < text.n && text_is_gap(text.p[n]))
		n++;
	if (!n) {
		CLEANUP(buf_done) struct buf b = BUF(32);
		for (size_t i = 0; i < keyword.n; i++)
			buf_add_ch(&b, ch_upper(keyword.p[i]));
		return lines_fail(s->lines, lines_place(s->lines, all.p),
			"%s must have two arguments", buf_cstr(&b));
	}
	add_pair(s, name, str_skip(text, n), STR_NONE);
	return 0;
}

/* `name=value …`, or one `name value` when the first word has no '='. */
static int split_pairs(struct split *s, struct str keyword, struct str text)
{
	struct split words = {.lines = s->lines};
	int rc = split_quoted(&words, keyword, text);
	if (words.words.n && str_chr(words.words.p[0].text, '=') < 0)
		rc = split_old_pair(s, keyword, text);
	else
		VEC_EACH(&words.words, w) {
			struct str value = w->text, name;
			if (str_chr(value, '=') < 0) {
				rc = lines_fail(s->lines, w->at,
					"Syntax error - can't find = in %s. Must be of the "
					"form: name=value",
					text_quoted(s->lines->arena, w->text));
				break;
			}
			(void)str_cut(&value, '=', &name); /* it is there */
			add_pair(s, name, value, S("="));
		}
	vec_done(&words.words);
	return rc;
}

static const struct splitter {
	const char *keyword;
	int (*split)(struct split *s, struct str keyword, struct str text);
} splitters[] = {
	{"add", split_paths},
	{"arg", split_quoted},
	{"cmd", split_command},
	{"copy", split_paths},
	{"entrypoint", split_command},
	{"env", split_pairs},
	{"expose", split_gaps},
	{"from", split_gaps},
	{"healthcheck", split_health},
	{"label", split_pairs},
	{"maintainer", split_none},
	{"run", split_command},
	{"shell", split_command},
	{"stopsignal", split_none},
	{"user", split_none},
	{"volume", split_paths},
	{"workdir", split_none},
};

int split_args(struct split *s, struct str keyword, struct str text)
{
	for (size_t i = 0; i < ARRAY_LEN(splitters); i++)
		if (str_eq_nocase(keyword, str_of(splitters[i].keyword)))
			return text.n ? splitters[i].split(s, keyword, text) : 0;
	return 0; /* nobody knows it: instruction.h says so */
}
