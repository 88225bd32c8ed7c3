#include "../test.h"

#include "base/buf.h"
#include "base/event.h"

struct log_sink {
	struct event_sink sink; /* first */
	struct buf text;
};

static void write_down(struct event_sink *sink, const struct event *e)
{
	struct log_sink *l = (struct log_sink *)sink;
	buf_fmt(&l->text,
		"%d id=%.*s parent=%.*s title=%.*s text=%.*s stream=%d %llu/%llu %s %s %s\n",
		(int)e->kind, STR_ARG(e->id), STR_ARG(e->parent), STR_ARG(e->title),
		STR_ARG(e->text), e->stream, (unsigned long long)e->done,
		(unsigned long long)e->total, event_level_name(e->level),
		event_result_name(e->result), e->at ? e->at->file : "-");
}

static void events_reach_the_sink_with_what_was_said(void **state)
{
	struct log_sink l = {{write_down}, BUF(10000)};
	struct event_sink *s = &l.sink;
	struct err_at at = {"Dockerfile", 3, 1};
	event_begin(s, S("build/1"), S("build"), S("RUN make"));
	event_progress(s, S("build/1"), 5, 10);
	event_output(s, S("build/1"), 2, S("warning\n"));
	event_note(s, S("build/1"), EVENT_WARNING, &at, "%d of %d", 1, 2);
	event_end(s, S("build/1"), EVENT_CACHED, S("same input"));
	STR_IS(buf_str(&l.text),
		"0 id=build/1 parent=build title=RUN make text= stream=0 0/0 debug ok -\n"
		"1 id=build/1 parent= title= text= stream=0 5/10 debug ok -\n"
		"2 id=build/1 parent= title= text=warning\n stream=2 0/0 debug ok -\n"
		"3 id=build/1 parent= title= text=1 of 2 stream=0 0/0 warning ok Dockerfile\n"
		"4 id=build/1 parent= title= text=same input stream=0 0/0 debug cached -\n");
	buf_done(&l.text);
}

static void event_note_cuts_long_text(void **state)
{
	struct log_sink l = {{write_down}, BUF(10000)};
	char big[5000];
	memset(big, 'n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	event_note(&l.sink, S("x"), EVENT_ERROR, NULL, "%s", big);
	assert_true(l.text.n > 1000 && l.text.n < 1200);
	buf_done(&l.text);
}

static void events_without_a_sink_are_swallowed(void **state)
{
	event_begin(NULL, S("a"), S(""), S("t"));
	event_note(NULL, S("a"), EVENT_DEBUG, NULL, "%s", "x");
	event_end(NULL, S("a"), EVENT_OK, S(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_reach_the_sink_with_what_was_said),
		cmocka_unit_test(event_note_cuts_long_text),
		cmocka_unit_test(events_without_a_sink_are_swallowed),
	};
	return cmocka_run_group_tests_name("base/event", tests, NULL, NULL);
}
