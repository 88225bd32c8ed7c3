#include "metadata/metadata_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_compute(struct str text)
{
	static const char event_text[] =
		"{\"event_name\": \"push\", \"ref\": \"refs/tags/v1.2.3-rc.1\", \"sha\": \"90dd6032fac8bda1b6c4\","
		" \"event\": {\"repository\": {\"default_branch\": \"main\", \"name\": \"x\"}}}";
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(metadata_spec_done) struct metadata_spec spec = {0};
	CLEANUP(metadata_done) struct metadata m = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024 * 1024);
	struct err err = {0};
	struct json *event;
	struct json_out o;
	int rc = json_parse(str_of(event_text), NULL, &a, &event, &err);
	assert(rc == 0);
	spec.event = event;
	struct str part;
	struct str_vec *const lists[] = {
		&spec.tags, &spec.labels, &spec.flavor, &spec.images, &spec.annotations};
	for (size_t i = 0; i < ARRAY_LEN(lists) && str_cut(&text, '\0', &part); i++)
		if (metadata_read_list(part, &a, lists[i], &err) < 0)
			return;
	if (metadata_compute(&spec, &a, &m, &err) < 0)
		return;
	json_out_init(&o, &b, 0);
	metadata_write_json(&m, &o);
	VEC_EACH(&m.tag_names, t)
		for (size_t i = 0; i < t->n; i++)
			assert(ch_is_alnum(t->p[i]) || memchr("._-", t->p[i], 3));
}

static void try_regex(struct str text)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct regex *r;
	struct regex_span *spans;
	size_t n;
	struct str pattern;
	struct err err = {0};
	if (!str_cut(&text, '\0', &pattern) || regex_of(pattern, &a, &r, &err) < 0)
		return;
	if (regex_match(r, text, &a, &spans, &n, &err) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		assert(spans[i].start < 0 ||
			(spans[i].start <= spans[i].end && spans[i].end <= (ssize_t)text.n));
}

static void try_zone(struct str text)
{
	char name[16];
	int32_t offset;
	struct err err = {0};
	static const int64_t times[] = {0, -5000000000, 5000000000, 1700000000};
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		(void)zone_lookup(text, times[i], &offset, name, &err);
}

static void try_date(struct str text)
{
	CLEANUP(buf_done) struct buf b = BUF(METADATA_MAX_TEXT);
	struct zone_time t = {.utc_ns = 1578616200123456789, .name = "UTC", .is_utc = true};
	t.civil = clock_civil(t.utc_ns);
	date_format(&t, text, &b);
}

static void try_version(struct str text)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct semver s;
	struct pep440 p, again;
	if (semver_parse(text, &a, &s))
		assert(semver_parse(s.version, &a, &s));
	if (pep440_parse(text, &a, &p)) {
		bool is = pep440_parse(p.version, &a, &again);
		assert(is && str_eq(p.version, again.version));
	}
}

/* The first byte chooses the parser. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const all[])(struct str) = {
		try_compute, try_regex, try_zone, try_date, try_version};
	if (size)
		all[data[0] % ARRAY_LEN(all)](str_n(data + 1, size - 1));
	return 0;
}
