/* fuzz_base_text -- the small readers of base. The first byte chooses one. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/num.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and written again is read as the same. */
static void check_time(struct str text)
{
	struct err err;
	char again[CLOCK_TEXT];
	int64_t ns, same;
	if (clock_parse_rfc3339(text, &ns, &err) == 0) {
		clock_rfc3339(ns, again);
		int rc = clock_parse_rfc3339(str_of(again), &same, &err);
		assert(rc == 0 && same == ns);
	}
	if (clock_parse_duration(text, &ns, &err) == 0)
		clock_human_duration(ns, again);
}

static void check_numbers(struct str text)
{
	struct err err;
	uint64_t u;
	int64_t i;
	char room[40];
	if (num_parse_bytes(text, 1 << 20, &u, &err) == 0)
		assert(u <= 1 << 20);
	if (num_parse_octal(text, 07777, &u, &err) == 0)
		assert(u <= 07777);
	if (num_parse_u64(text, 5, 500, &u, &err) == 0)
		assert(u >= 5 && u <= 500);
	if (num_parse_i64(text, INT64_MIN, INT64_MAX, &i, &err) == 0) {
		int n = snprintf(room, sizeof(room), "%lld", (long long)i);
		assert(n > 0 && (size_t)n <= text.n + 1);
	}
}

static void check_base64(struct str text)
{
	struct err err;
	CLEANUP(buf_done) struct buf bytes = BUF(1 << 20);
	CLEANUP(buf_done) struct buf again = BUF(1 << 21);
	CLEANUP(buf_done) struct buf same = BUF(1 << 20);
	if (base64_decode(text, &bytes, &err) < 0)
		return;
	base64_url_add(&again, buf_str(&bytes));
	int rc = base64_decode(buf_str(&again), &same, &err);
	assert(rc == 0 && str_eq(buf_str(&same), buf_str(&bytes)));
}

static void check_csv(struct str text)
{
	struct err err;
	CLEANUP(arena_done) struct arena a = {0};
	struct str_vec v = {0};
	size_t n = 0;
	if (csv_fields(text, &a, &v, &err) == 0) {
		VEC_EACH(&v, f)
			n += f->n + 1;
		assert(v.n && n <= text.n + 1);
	} else {
		assert(err.at.line == 1 && err.at.col >= 1 && err.at.col <= text.n + 1);
	}
	vec_done(&v);
}

static void check_utf8(struct str text)
{
	ssize_t bad = utf8_invalid_at(text);
	struct str valid = str_sub(text, 0, bad < 0 ? text.n : (size_t)bad);
	CLEANUP(buf_done) struct buf again = BUF(1 << 20);
	size_t count = 0, at = 0;
	for (; at < valid.n; count++) {
		uint32_t code;
		at += utf8_decode(str_skip(valid, at), &code);
		utf8_add(&again, code);
	}
	assert(str_eq(buf_str(&again), valid) && utf8_count(valid) == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *copy = mem_copy(data + 1, size - 1); /* exactly as large: reading behind it is seen */
	struct str text = str_n(copy, size - 1);
	switch ((uint8_t)(data[0] - '0') % 5) {
	case 0: check_time(text); break;
	case 1: check_numbers(text); break;
	case 2: check_base64(text); break;
	case 3: check_csv(text); break;
	case 4: check_utf8(text); break;
	}
	free(copy);
	return 0;
}
