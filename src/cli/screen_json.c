#include "screen_priv.h"

#include "json/json.h"

static void add_text(struct json_out *o, const char *key, struct str s)
{
	if (s.n) {
		json_key(o, key);
		json_add_str(o, s);
	}
}

static void add_note(struct json_out *o, const struct event *e)
{
	json_key(o, "level");
	json_add_cstr(o, event_level_name(e->level));
	if (!e->at)
		return;
	add_text(o, "file", str_of(e->at->file));
	json_key(o, "line");
	json_add_u64(o, e->at->line);
	json_key(o, "col");
	json_add_u64(o, e->at->col);
}

static void add_progress(struct json_out *o, const struct event *e)
{
	json_key(o, "done");
	json_add_u64(o, e->done);
	json_key(o, "total");
	json_add_u64(o, e->total);
}

void screen_json_event(struct screen *s, const struct event *e)
{
	static const char *const kinds[] = {"begin", "progress", "output", "note", "end"};
	CLEANUP(buf_done) struct buf b = BUF(1024 * 1024);
	char at[CLOCK_TEXT];
	struct json_out o;
	clock_rfc3339(clock_now(s->clock), at);
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "at");
	json_add_cstr(&o, at);
	json_key(&o, "event");
	json_add_cstr(&o, kinds[e->kind]);
	add_text(&o, "id", e->id);
	add_text(&o, "parent", e->parent);
	add_text(&o, "title", e->title);
	switch (e->kind) {
	case EVENT_PROGRESS: add_progress(&o, e); break;
	case EVENT_OUTPUT:
		json_key(&o, "stream");
		json_add_i64(&o, e->stream);
		break;
	case EVENT_NOTE: add_note(&o, e); break;
	case EVENT_END:
		json_key(&o, "result");
		json_add_cstr(&o, event_result_name(e->result));
		break;
	case EVENT_BEGIN: break;
	}
	add_text(&o, "text", e->text);
	json_end(&o);
	buf_add_ch(&b, '\n');
	screen_write(s, &b);
}
