#include "dockerfile/instruction_priv.h"

#include "base/clock.h"
#include "base/num.h"

enum {
	HEALTH_INTERVAL,
	HEALTH_TIMEOUT,
	HEALTH_START_PERIOD,
	HEALTH_START_INTERVAL,
	HEALTH_RETRIES
};
static const struct flag_spec health_flags[] = {
	[HEALTH_INTERVAL] = {"interval", FLAG_TEXT},
	[HEALTH_TIMEOUT] = {"timeout", FLAG_TEXT},
	[HEALTH_START_PERIOD] = {"start-period", FLAG_TEXT},
	[HEALTH_START_INTERVAL] = {"start-interval", FLAG_TEXT},
	[HEALTH_RETRIES] = {"retries", FLAG_TEXT},
	{0},
};

static int read_duration(struct reader *r, const struct flag_values *v, size_t flag,
	int64_t *ret_ns)
{
	struct dockerfile_word w = v->p[flag].word;
	const char *name = health_flags[flag].name;
	if (!w.text.n)
		return 0;
	if (clock_parse_duration(w.text, ret_ns, r->err) < 0) {
		err_wrap(r->err, "--%s", name);
		return err_locate(r->err, NULL, w.at.line, w.at.col);
	}
	if (*ret_ns && *ret_ns < CLOCK_MS)
		return place_fail(r->err, w.at, "Interval \"%s\" cannot be less than 1ms", name);
	return 0;
}

static int read_retries(struct reader *r, struct dockerfile_word w, int32_t *ret)
{
	int64_t n;
	if (!w.text.n)
		return 0;
	if (num_parse_i64(str_skip(w.text, w.text.p[0] == '+'), INT32_MIN, INT32_MAX, &n, r->err) <
		0) {
		err_wrap(r->err, "--retries");
		return err_locate(r->err, NULL, w.at.line, w.at.col);
	}
	if (n < 0)
		return place_fail(r->err, w.at, "--retries cannot be negative (%lld)",
			(long long)n);
	*ret = (int32_t)n;
	return 0;
}

static int read_probe(struct reader *r, struct inst_health *ret)
{
	CLEANUP(flag_values_done) struct flag_values v = {0};
	const struct dockerfile_word *type = &r->node->args[0];
	if (flags_read(r, health_flags, &v) < 0)
		return -1;
	if (!str_eq_nocase(type->text, S("CMD")))
		return place_fail(r->err, type->at, "Unknown type %s in HEALTHCHECK (try CMD)",
			text_quoted(r->arena, text_upper(r->arena, type->text)));
	ret->command = reader_command(r, 1);
	if (!ret->command.words.n)
		return reader_fail(r, "Missing command after HEALTHCHECK CMD");
	if (read_duration(r, &v, HEALTH_INTERVAL, &ret->interval_ns) < 0 ||
		read_duration(r, &v, HEALTH_TIMEOUT, &ret->timeout_ns) < 0 ||
		read_duration(r, &v, HEALTH_START_PERIOD, &ret->start_period_ns) < 0 ||
		read_duration(r, &v, HEALTH_START_INTERVAL, &ret->start_interval_ns) < 0)
		return -1;
	return read_retries(r, v.p[HEALTH_RETRIES].word, &ret->retries);
}

int inst_read_health(struct reader *r, struct inst *ret)
{
	if (reader_need_some(r) < 0)
		return -1;
	if (!str_eq_nocase(r->node->args[0].text, S("NONE")))
		return read_probe(r, &ret->health);
	if (r->node->n_args > 1)
		return reader_fail(r, "HEALTHCHECK NONE takes no arguments");
	ret->health.is_none = true;
	return 0;
}
