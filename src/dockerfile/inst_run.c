#include "dockerfile/instruction_priv.h"

#include "dockerfile/mount.h"

enum { RUN_MOUNT, RUN_NETWORK, RUN_SECURITY, RUN_DEVICE };
static const struct flag_spec run_flags[] = {
	[RUN_MOUNT] = {"mount", FLAG_LIST},
	[RUN_NETWORK] = {"network", FLAG_TEXT},
	[RUN_SECURITY] = {"security", FLAG_TEXT},
	[RUN_DEVICE] = {"device", FLAG_LIST},
	{0},
};

static int read_network(struct reader *r, struct dockerfile_word w, enum run_network *ret)
{
	static const char *const names[] = {[RUN_NETWORK_DEFAULT] = "default",
		[RUN_NETWORK_NONE] = "none",
		[RUN_NETWORK_HOST] = "host"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(w.text, names[i])) {
			*ret = (enum run_network)i;
			return 0;
		}
	return place_fail(r->err, w.at, "invalid network mode %s", text_quoted(r->arena, w.text));
}

static int read_security(struct reader *r, struct dockerfile_word w, bool *ret)
{
	*ret = str_is(w.text, "insecure");
	if (*ret || str_is(w.text, "sandbox"))
		return 0;
	return place_fail(r->err, w.at, "security %s is not valid", text_quoted(r->arena, w.text));
}

/* The field behind the first one, or any with '='. */
static int device_field(struct reader *r, struct dockerfile_place at, struct str field,
	struct run_device *ret)
{
	struct str value = field, key;
	(void)str_cut(&value, '=', &key); /* without '=' all of it is the key */
	bool has_value = key.n < field.n, is_required = str_eq_nocase(key, S("required"));
	if (is_required && (!has_value || str_eq_nocase(value, S("true")))) {
		ret->is_required = true;
		return 0;
	}
	if (!has_value)
		return place_fail(r->err, at, "invalid field '%.*s' must be a key=value pair",
			STR_ARG(field));
	if (is_required && str_eq_nocase(value, S("false"))) {
		ret->is_required = false;
		return 0;
	}
	if (is_required)
		return place_fail(r->err, at, "invalid value for required: %.*s", STR_ARG(value));
	if (!str_eq_nocase(key, S("name")))
		return place_fail(r->err, at, "unexpected key '%.*s' in '%.*s'", STR_ARG(key),
			STR_ARG(field));
	if (ret->name.n)
		return place_fail(r->err, at, "device name already set to %.*s",
			STR_ARG(ret->name));
	ret->name = value;
	return 0;
}

static int read_device(struct reader *r, struct dockerfile_word w, struct run_device *ret)
{
	struct str_vec fields = {0};
	int rc = 0;
	if (!w.text.n)
		return place_fail(r->err, w.at, "failed to parse csv devices: EOF");
	if (csv_fields(w.text, r->arena, &fields, r->err) < 0) {
		vec_done(&fields);
		r->err->at = (struct err_at){.line = w.at.line, .col = w.at.col};
		return err_wrap(r->err, "failed to parse csv devices");
	}
	for (size_t i = 0; i < fields.n && rc == 0; i++) {
		struct str f = fields.p[i], key = f, rest = f;
		(void)str_cut(&rest, '=', &key); /* without '=' all of it is the key */
		bool is_key = str_eq_nocase(key, S("required")) || str_eq_nocase(key, S("name"));
		if (i == 0 && !is_key)
			ret->name = f;
		else
			rc = device_field(r, w.at, f, ret);
	}
	vec_done(&fields);
	return rc;
}

static int read_devices(struct reader *r, const struct word_vec *list, struct inst_run *ret)
{
	ret->devices = ARENA_ARRAY(r->arena, struct run_device, list->n);
	ret->n_devices = list->n;
	for (size_t i = 0; i < list->n; i++)
		if (read_device(r, list->p[i], &ret->devices[i]) < 0)
			return -1;
	return 0;
}

static int read_run_flags(struct reader *r, struct inst_run *ret)
{
	CLEANUP(flag_values_done) struct flag_values v = {0};
	if (flags_read(r, run_flags, &v) < 0)
		return -1;
	ret->mounts = flag_list(r, &v.p[RUN_MOUNT]);
	for (size_t i = 0; i < ret->mounts.n; i++) {
		struct str unused;
		if (mount_from(ret->mounts.p[i], r->arena, &unused, r->err) < 0)
			return -1;
	}
	if (v.p[RUN_NETWORK].is_used && read_network(r, v.p[RUN_NETWORK].word, &ret->network) < 0)
		return -1;
	if (v.p[RUN_SECURITY].is_used &&
		read_security(r, v.p[RUN_SECURITY].word, &ret->is_insecure) < 0)
		return -1;
	return read_devices(r, &v.p[RUN_DEVICE].list, ret);
}

/* `RUN <<EOF` alone is a script of its own; in a longer line the shell sees the heredocs itself. */
static void read_script(struct reader *r, struct inst_run *ret)
{
	const struct dockerfile_node *n = r->node;
	if (!ret->command.is_shell || !ret->command.words.n)
		return;
	ret->script = n->args[0].text;
	if (!n->n_heredocs)
		return;
	if (heredoc_is_word(ret->script, &n->heredocs[0], r->arena)) {
		ret->script = dockerfile_heredoc_text(&n->heredocs[0], r->arena);
		ret->is_script_file = str_starts(n->heredocs[0].content, S("#!"));
		ret->script_name = n->heredocs[0].name;
		return;
	}
	CLEANUP(buf_done) struct buf b = BUF(2 * DOCKERFILE_MAX_BYTES);
	buf_add(&b, ret->script);
	for (size_t i = 0; i < n->n_heredocs; i++) {
		buf_add_ch(&b, '\n');
		buf_add(&b, n->heredocs[i].content);
		buf_add(&b, n->heredocs[i].name);
	}
	ret->script = arena_str(r->arena, buf_str(&b));
}

int inst_read_run(struct reader *r, struct inst *ret)
{
	ret->run.command = reader_command(r, 0);
	read_script(r, &ret->run);
	return read_run_flags(r, &ret->run);
}
