/* label -- the OCI labels of an image: standard ones from the repository, then the user's own. */
#include "metadata_priv.h"

struct label {
	struct str key, value;
};
VEC_TYPE(label_vec, struct label);

static void set_label(struct label_vec *v, struct str key, struct str value)
{
	VEC_EACH(v, l)
		if (str_eq(l->key, key)) {
			l->value = value;
			return;
		}
	vec_push(v, ((struct label){key, value}));
}

/* "2020-01-10T00:30:00.000Z", as JavaScript prints times. */
static struct str iso_time(int64_t ns, struct arena *a)
{
	struct civil c = clock_civil(ns);
	int64_t ms = ns / CLOCK_MS - (ns % CLOCK_MS < 0);
	return arena_fmt(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day, c.hour,
		c.minute, c.second, (int)(((ms % 1000) + 1000) % 1000));
}

static void standard(struct work *w, struct label_vec *v)
{
	struct str url = json_text_at(w->repo, "html_url");
	set_label(v, S("org.opencontainers.image.title"), json_text_at(w->repo, "name"));
	set_label(v, S("org.opencontainers.image.description"),
		json_text_at(w->repo, "description"));
	set_label(v, S("org.opencontainers.image.url"), url);
	set_label(v, S("org.opencontainers.image.source"), url);
	set_label(v, S("org.opencontainers.image.version"), w->out->version);
	set_label(v, S("org.opencontainers.image.created"), iso_time(w->spec->now_ns, w->a));
	set_label(v, S("org.opencontainers.image.revision"), w->event.sha);
	set_label(v, S("org.opencontainers.image.licenses"),
		json_text_at(w->repo, "license.spdx_id"));
}

/* Order of characters in Unicode's collation: punctuation, digits, letters whatever their case. */
static int weight(unsigned char c)
{
	static const char order[] = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789";
	if (ch_is_alpha((char)c))
		return 100 + ch_lower((char)c);
	if (c >= 0x80)
		return 300 + c;
	const char *at = c ? strchr(order, c) : NULL;
	return at ? 40 + (int)(at - order) : c;
}

/* localeCompare: case only counts when nothing else differs, small letters first. */
static int compare_keys(struct str a, struct str b)
{
	int by_case = 0;
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
		if (weight(x) != weight(y))
			return weight(x) - weight(y);
		if (!by_case && x != y)
			by_case = x > y ? -1 : 1;
	}
	return a.n != b.n ? (a.n < b.n ? -1 : 1) : by_case;
}

static int compare(const void *a, const void *b)
{
	const struct label *x = a, *y = b;
	return compare_keys(x->key, y->key);
}

static int custom_labels(struct work *w, const struct str_vec *custom, struct label_vec *v,
	struct err *err)
{
	VEC_EACH(custom, c) {
		struct str text;
		if (render_global(w, *c, &text, err) < 0)
			return -1;
		ssize_t at = str_chr(text, '=');
		if (at >= 0)
			set_label(v, str_sub(text, 0, (size_t)at), str_skip(text, (size_t)at + 1));
	}
	return 0;
}

int labels_compute(struct work *w, const struct str_vec *custom, struct str_vec *ret,
	struct err *err)
{
	struct label_vec v = {0};
	standard(w, &v);
	int rc = custom_labels(w, custom, &v, err);
	vec_sort(&v, compare);
	for (size_t i = 0; rc == 0 && i < v.n; i++)
		vec_push(ret, text_join(w->a, v.p[i].key, S("="), v.p[i].value));
	vec_done(&v);
	return rc;
}
