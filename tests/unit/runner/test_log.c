#include "../test.h"

#include "runner/log_priv.h"

/* What was passed on, and what was taken for a command: "<...>". */
struct heard {
	struct event_sink sink;
	struct log log;
	struct buf text;
	size_t n_events;
};

static void hear(struct event_sink *sink, const struct event *e)
{
	struct heard *h = (struct heard *)sink;
	buf_add(&h->text, e->text);
	h->n_events++;
}

static bool command(void *ctx, struct str line)
{
	struct heard *h = ctx;
	CLEANUP(arena_done) struct arena a = {0};
	struct log_command c;
	if (!log_command_parse(line, S(""), &a, &c))
		return false;
	buf_fmt(&h->text, "<%.*s>", STR_ARG(c.data));
	return true;
}

static void begin(struct heard *h)
{
	*h = (struct heard){.sink = {hear}, .text = BUF(16 << 20)};
	log_init(&h->log, &h->sink, S("n"), command, h);
}

static void end(struct heard *h)
{
	log_done(&h->log);
	buf_done(&h->text);
}
CLEANUP_VAL(end, struct heard);

static void commands_are_taken_out_of_what_is_printed(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"a\nb\n", "a\nb\n"},
		{"no newline", "no newline"},
		{"a\n::notice::n\nb\n", "a\n<n>b\n"},
		{"::notice::n", "<n>"},
		{"::notice::n\r\nb", "<n>b"},
		{"::notice::1\n::notice::2\n", "<1><2>"},
		{"a ::notice::n\n", "a ::notice::n\n"},
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"50%\r60%\r::notice::n\rdone\n", "50%\r60%\r<n>done\n"},
		{"\n\n\n", "\n\n\n"},
		{"::notice\n::n\n", "::notice\n::n\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text = str_of(cases[i][0]);
		for (size_t cut = 0; cut <= text.n; cut++)
			for (size_t again = cut; again <= text.n; again++) {
				CLEANUP(end) struct heard h;
				begin(&h);
				log_feed(&h.log, 1, str_sub(text, 0, cut));
				log_feed(&h.log, 1, str_sub(text, cut, again));
				log_feed(&h.log, 1, str_skip(text, again));
				log_end(&h.log);
				STR_IS(buf_str(&h.text), cases[i][1]);
			}
	}
}

static void streams_do_not_mix_their_lines(void **state)
{
	CLEANUP(end) struct heard h;
	begin(&h);
	log_feed(&h.log, 1, S("::not"));
	log_feed(&h.log, 2, S("::warning::w\n"));
	log_feed(&h.log, 1, S("ice::n\n"));
	STR_IS(buf_str(&h.text), "<w><n>");
}

static void a_line_of_any_length_passes_in_little_memory(void **state)
{
	CLEANUP(end) struct heard h;
	static char piece[64 * 1024];
	begin(&h);
	memset(piece, 'x', sizeof(piece));
	memcpy(piece, "::notice::", 10);
	size_t n = 0;
	for (int i = 0; i < 100; i++, n += sizeof(piece)) {
		log_feed(&h.log, 1, str_n(piece, sizeof(piece)));
		assert_true(h.log.streams[0].partial.n <= LOG_LINE_MAX);
	}
	log_feed(&h.log, 1, S("\n::notice::after\n"));
	log_end(&h.log);
	assert_int_equal(h.text.n, n + 1 + 7);
	assert_true(str_ends(buf_str(&h.text), S("x\n<after>")));
}

static void whole_chunks_of_plain_lines_are_passed_on_at_once(void **state)
{
	CLEANUP(end) struct heard h;
	begin(&h);
	log_feed(&h.log, 1, S("a\nb\nc\nd\n"));
	assert_int_equal(h.n_events, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_taken_out_of_what_is_printed),
		cmocka_unit_test(streams_do_not_mix_their_lines),
		cmocka_unit_test(a_line_of_any_length_passes_in_little_memory),
		cmocka_unit_test(whole_chunks_of_plain_lines_are_passed_on_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
