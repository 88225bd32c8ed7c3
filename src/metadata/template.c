#include "template_priv.h"

struct renderer {
	struct str source;
	struct template_view *view;
	struct arena *a;
	struct buf out;
};

static int eval(struct renderer *r, const struct word *w, struct field *ret, struct err *err);

/* this.name and ./name are name. */
static struct str own_name(struct str path)
{
	if (str_starts(path, S("this.")) || str_starts(path, S("this/")))
		return str_skip(path, 5);
	if (str_starts(path, S("./")))
		return str_skip(path, 2);
	if (path.n > 2 && path.p[0] == '[' && path.p[path.n - 1] == ']')
		return str_sub(path, 1, path.n - 1);
	return path;
}

/* name.0 or name.[0] of a list. */
static int eval_item(struct renderer *r, struct str path, size_t dot, struct field *ret,
	struct err *err)
{
	struct str index = own_name(str_skip(path, dot + 1)), item;
	struct field list = {0};
	if (r->view->get(r->view, str_sub(path, 0, dot), NULL, &list, err) < 0)
		return -1;
	*ret = (struct field){0};
	if (list.kind != FIELD_LIST || index.n != 1 || !ch_is_digit(index.p[0]))
		return 0;
	for (int i = index.p[0] - '0'; str_cut(&list.text, ',', &item); i--)
		if (i == 0)
			*ret = (struct field){FIELD_TEXT, item};
	return 0;
}

static int eval_path(struct renderer *r, struct str path, struct field *ret, struct err *err)
{
	struct str name = own_name(path);
	*ret = (struct field){0};
	if (str_is(name, "this") || str_is(name, ".")) {
		*ret = (struct field){FIELD_TEXT, S("[object Object]")};
		return 0;
	}
	ssize_t dot = str_chr(name, '.');
	if (dot > 0)
		return eval_item(r, name, (size_t)dot, ret, err);
	return r->view->get(r->view, name, NULL, ret, err);
}

static size_t count(const struct word *w)
{
	size_t n = 0;
	for (; w; w = w->next)
		n++;
	return n;
}

static int eval_call(struct renderer *r, const struct word *w, struct field *ret, struct err *err)
{
	size_t n = count(w->params), n_hash = count(w->hash), i = 0;
	struct field *params = ARENA_ARRAY(r->a, struct field, n + 1), v;
	struct tag_attr *hash = ARENA_ARRAY(r->a, struct tag_attr, n_hash + 1);
	for (const struct word *p = w->params; p; p = p->next)
		if (eval(r, p, &params[i++], err) < 0)
			return -1;
	i = 0;
	for (const struct word *p = w->hash; p; p = p->next) {
		if (eval(r, p, &v, err) < 0)
			return -1;
		hash[i++] = (struct tag_attr){p->key, v.text};
	}
	struct template_args args = {params, n, hash, n_hash};
	*ret = (struct field){0};
	if (r->view->get(r->view, own_name(w->text), &args, ret, err) < 0)
		return -1;
	if (ret->kind == FIELD_NONE)
		return err_set(err, ERR_INPUT, "Missing helper: \"%.*s\"", STR_ARG(w->text));
	return 0;
}

static int eval(struct renderer *r, const struct word *w, struct field *ret, struct err *err)
{
	switch (w->kind) {
	case WORD_PATH:
		return w->params || w->hash ? eval_call(r, w, ret, err)
					    : eval_path(r, w->text, ret, err);
	case WORD_CALL: return eval_call(r, w, ret, err);
	case WORD_TEXT: *ret = (struct field){FIELD_TEXT, w->text}; return 0;
	case WORD_NUMBER: *ret = (struct field){FIELD_NUMBER, w->text}; return 0;
	case WORD_TRUE: *ret = (struct field){FIELD_TEXT, S("true")}; return 0;
	case WORD_FALSE:
	case WORD_NOTHING: *ret = (struct field){0}; return 0;
	}
	return 0;
}

static void put_escaped(struct buf *out, struct str s)
{
	static const char special[] = "&<>\"'`=";
	static const char *const names[] = {
		"&amp;", "&lt;", "&gt;", "&quot;", "&#x27;", "&#x60;", "&#x3D;"};
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr(special, s.p[i]) : NULL;
		if (at)
			buf_add_cstr(out, names[at - special]);
		else
			buf_add_ch(out, s.p[i]);
	}
}

static bool is_true(const struct field *f)
{
	return f->kind != FIELD_NONE && f->text.n > 0 &&
		!(f->kind == FIELD_NUMBER && str_is(f->text, "0"));
}

static int render(struct renderer *r, const struct piece *p, struct err *err)
{
	for (; p; p = p->next) {
		struct field f;
		if (p->kind == PIECE_TEXT) {
			buf_add(&r->out, p->text);
			continue;
		}
		if (eval(r, p->word, &f, err) < 0)
			return -1;
		if (p->kind == PIECE_IF) {
			bool is_then = is_true(&f) != p->is_unless;
			if (render(r, is_then ? p->then : p->otherwise, err) < 0)
				return -1;
		} else if (p->is_raw) {
			buf_add(&r->out, f.text);
		} else {
			put_escaped(&r->out, f.text);
		}
	}
	return 0;
}

int template_render(struct str text, struct template_view *view, struct arena *a, struct str *ret,
	struct err *err)
{
	struct renderer r = {text, view, a, BUF(METADATA_MAX_TEXT)};
	struct piece *pieces;
	int rc = template_parse(text, a, &pieces, err);
	if (rc == 0)
		rc = render(&r, pieces, err);
	if (rc == 0)
		rc = buf_check(&r.out, "a rendered template", err);
	if (rc == 0)
		*ret = arena_str(a, buf_str(&r.out));
	buf_done(&r.out);
	return rc;
}

bool template_is_raw(struct str text, struct arena *a)
{
	struct err ignored = {0};
	struct piece *p;
	return template_parse(text, a, &p, &ignored) == 0 && p && !p->next &&
		p->kind == PIECE_VALUE && p->word->kind == WORD_PATH &&
		str_is(own_name(p->word->text), "raw");
}
