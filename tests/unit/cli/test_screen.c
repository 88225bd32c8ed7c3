/* What people and programs see of a list of events. */
#include "../test.h"

#include "cli/screen_priv.h"

#include <fcntl.h>
#include <sys/mman.h>

/* A clock that stands still until it is moved. */
struct fake_clock {
	struct clock clock;
	int64_t now_ns;
};

static int64_t fake_now(const struct clock *c)
{
	return ((const struct fake_clock *)c)->now_ns;
}

struct shown {
	struct fake_clock clock;
	struct screen *screen;
	struct event_sink *sink;
	int fd;
};

static struct shown shown_begin(enum screen_mode mode)
{
	struct shown s = {.clock = {{fake_now, fake_now}, 1600000000 * CLOCK_SECOND}};
	s.screen = screen_new(mode);
	s.sink = screen_sink(s.screen);
	s.fd = memfd_create("screen", MFD_CLOEXEC);
	assert_true(s.fd >= 0);
	return s;
}

/* The screen points to s's clock and file: s must be where it stays. */
static void shown_connect(struct shown *s)
{
	s->screen->fd = s->fd;
	s->screen->clock = &s->clock.clock;
}

static void shown_is(struct shown *s, const char *expected)
{
	char text[16384];
	screen_free(s->screen);
	ssize_t n = pread(s->fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	close(s->fd);
	assert_string_equal(text, expected);
}

static void tell_all(struct shown *s)
{
	struct event_sink *sink = s->sink;
	struct err_at at = {.file = "Dockerfile", .line = 3, .col = 7};
	event_begin(sink, S("a"), S(""), S("[1/2] RUN make"));
	event_begin(sink, S("b"), S("a"), S("pull x"));
	s->clock.now_ns += 250 * CLOCK_MS;
	event_output(sink, S("a"), 1, S("one\ntw"));
	event_progress(sink, S("b"), 10, 20);
	event_output(sink, S("a"), 2, S("o\nno end"));
	event_note(sink, S("a"), EVENT_WARNING, &at, "careful: %d", 7);
	event_note(sink, S(""), EVENT_NOTICE, NULL, "by the way");
	event_note(sink, S(""), EVENT_DEBUG, NULL, "nobody wants to know");
	event_end(sink, S("b"), EVENT_CACHED, S(""));
	s->clock.now_ns += 1250 * CLOCK_MS;
	event_end(sink, S("a"), EVENT_FAILED, S("exit code 1"));
	event_begin(sink, S("c"), S(""), S("c"));
	event_end(sink, S("c"), EVENT_SKIPPED, S(""));
	event_begin(sink, S("a"), S(""), S("once more"));
	event_end(sink, S("a"), EVENT_OK, S(""));
	event_note(sink, S(""), EVENT_ERROR, NULL, "at last");
}

static void screen_plain_shows_every_event_as_a_line(void **state)
{
	struct shown s = shown_begin(SCREEN_PLAIN);
	shown_connect(&s);
	tell_all(&s);
	shown_is(&s,
		"#1 [1/2] RUN make\n"
		"#2 pull x\n"
		"#1 0.250 one\n"
		"#1 0.250 two\n"
		"#1 warning: Dockerfile:3:7: careful: 7\n"
		"by the way\n"
		"#2 CACHED\n"
		"#1 1.500 no end\n"
		"#1 FAILED 1.5s: exit code 1\n"
		"#3 c\n"
		"#3 SKIPPED\n"
		"#4 once more\n"
		"#4 DONE 0.0ms\n"
		"error: at last\n");
}

static void screen_none_shows_warnings_and_errors(void **state)
{
	struct shown s = shown_begin(SCREEN_NONE);
	shown_connect(&s);
	tell_all(&s);
	shown_is(&s, "warning: Dockerfile:3:7: careful: 7\nerror: at last\n");
}

static void screen_json_writes_objects(void **state)
{
	struct shown s = shown_begin(SCREEN_JSON);
	shown_connect(&s);
	tell_all(&s);
#define T "{\"at\":\"2020-09-13T12:26:40"
	shown_is(&s,
		T
		"Z\",\"event\":\"begin\",\"id\":\"a\",\"title\":\"[1/2] RUN make\"}\n" T
		"Z\",\"event\":\"begin\",\"id\":\"b\",\"parent\":\"a\",\"title\":\"pull x\"}\n" T
		".25Z\",\"event\":\"output\",\"id\":\"a\",\"stream\":1,\"text\":\"one\\ntw\"}\n" T
		".25Z\",\"event\":\"progress\",\"id\":\"b\",\"done\":10,\"total\":20}\n" T
		".25Z\",\"event\":\"output\",\"id\":\"a\",\"stream\":2,\"text\":\"o\\nno end\"}\n" T
		".25Z\",\"event\":\"note\",\"id\":\"a\",\"level\":\"warning\",\"file\":"
		"\"Dockerfile\",\"line\":3,\"col\":7,\"text\":\"careful: 7\"}\n" T
		".25Z\",\"event\":\"note\",\"level\":\"notice\",\"text\":\"by the way\"}\n" T
		".25Z\",\"event\":\"note\",\"level\":\"debug\",\"text\":"
		"\"nobody wants to know\"}\n" T
		".25Z\",\"event\":\"end\",\"id\":\"b\",\"result\":\"cached\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"end\",\"id\":\"a\",\"result\":"
		"\"failed\",\"text\":\"exit code 1\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"begin\",\"id\":\"c\",\"title\":"
		"\"c\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"end\",\"id\":\"c\",\"result\":"
		"\"skipped\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"begin\",\"id\":\"a\",\"title\":"
		"\"once more\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"end\",\"id\":\"a\",\"result\":"
		"\"ok\"}\n"
		"{\"at\":\"2020-09-13T12:26:41.5Z\",\"event\":\"note\",\"level\":\"error\","
		"\"text\":\"at last\"}\n");
}

static void screen_plain_makes_control_characters_visible(void **state)
{
	static const struct {
		struct str text;
		const char *shown;
	} cases[] = {
		{S("plain \xc3\xa4\t|"), "plain \xc3\xa4\t|"},
		{S("\033[2J\033]0;title\a"), "^[[2J^[]0;title^G"},
		{S("a\rb\b\x7f"), "a^Mb^H^?"},
		{S("\xff\xfe"), "\xef\xbf\xbd\xef\xbf\xbd"},
		{S("\xc2\x9b"
		   "31m"),
			"\xef\xbf\xbd"
			"31m"}, /* CSI in one character */
		{S("x\0y"), "x^@y"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(200);
		screen_add_clean(&b, cases[i].text);
		STR_IS(buf_str(&b), cases[i].shown);
	}
	struct shown s = shown_begin(SCREEN_PLAIN);
	shown_connect(&s);
	event_begin(s.sink, S("a"), S(""), S("\033[31mred"));
	event_output(s.sink, S("a"), 1, S("progress 1\rprogress 2\r\n"));
	event_end(s.sink, S("a"), EVENT_OK, S("\033c"));
	shown_is(&s, "#1 ^[[31mred\n#1 0.000 progress 1^Mprogress 2\n#1 DONE 0.0ms: ^[c\n");
}

static void screen_plain_cuts_endless_lines(void **state)
{
	enum { PIECES = 200, PIECE = 1000 };
	struct shown s = shown_begin(SCREEN_PLAIN);
	shown_connect(&s);
	CLEANUP(mem_free) char *piece = mem_new(PIECE, 1);
	CLEANUP(mem_free) char *text = mem_new(PIECES * PIECE * 2, 1);
	memset(piece, 'x', PIECE);
	event_begin(s.sink, S("a"), S(""), S("a"));
	for (int i = 0; i < PIECES; i++)
		event_output(s.sink, S("a"), 1, str_n(piece, PIECE));
	event_end(s.sink, S("a"), EVENT_OK, S(""));
	screen_free(s.screen);
	ssize_t n = pread(s.fd, text, PIECES * PIECE * 2, 0);
	close(s.fd);
	size_t n_x = 0, longest = 0, line = 0;
	for (ssize_t i = 0; i < n; i++) {
		n_x += text[i] == 'x';
		line = text[i] == '\n' ? 0 : line + 1;
		longest = line > longest ? line : longest;
	}
	assert_int_equal(n_x, PIECES * PIECE);
	assert_true(longest <= SCREEN_LINE_MAX + 20);
}

static void screen_of_events_without_a_beginning_lives(void **state)
{
	static const enum screen_mode modes[] = {SCREEN_PLAIN, SCREEN_JSON, SCREEN_NONE};
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct shown s = shown_begin(modes[i]);
		shown_connect(&s);
		event_output(s.sink, S("nobody"), 1, S("text\n"));
		event_progress(s.sink, S("nobody"), 1, 2);
		event_end(s.sink, S("nobody"), EVENT_OK, S(""));
		event_begin(s.sink, S("a"), S(""), S("never ends"));
		event_begin(s.sink, S("a"), S(""), S("twice"));
		event_output(s.sink, S("a"), 1, S("half a line"));
		screen_free(s.screen);
		close(s.fd);
	}
	assert_null(screen_sink(NULL));
	screen_free(NULL);
}

static void screen_mode_parse_knows_docker_s_words(void **state)
{
	struct err err = {0};
	enum screen_mode m = SCREEN_NONE;
	OK(screen_mode_parse(NULL, &m, &err));
	assert_int_equal(m, SCREEN_AUTO);
	static const char *const words[] = {"auto", "tty", "plain", "json", "none", "quiet"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		OK(screen_mode_parse(words[i], &m, &err));
	FAILS(ERR_USAGE, screen_mode_parse("fancy", &m, &err));
	assert_non_null(strstr(err.hint, "plain"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen_plain_shows_every_event_as_a_line),
		cmocka_unit_test(screen_none_shows_warnings_and_errors),
		cmocka_unit_test(screen_json_writes_objects),
		cmocka_unit_test(screen_plain_makes_control_characters_visible),
		cmocka_unit_test(screen_plain_cuts_endless_lines),
		cmocka_unit_test(screen_of_events_without_a_beginning_lives),
		cmocka_unit_test(screen_mode_parse_knows_docker_s_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
