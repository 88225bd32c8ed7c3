#include "cli/cmd_list.h"

#include "auth/auth.h"
#include "json/json.h"

static int open_auth(struct session *s, struct auth **ret, struct err *err)
{
	struct store *store;
	if (session_store(s, &store, err) < 0)
		return -1;
	return auth_open(store_db(store), store_root_fd(store), store_clock(store), ret, err);
}

static int create(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *scopes = "read:packages", *user = "admin", *name = "", *repositories = "";
	int64_t lifetime = 0;
	char text[AUTH_TOKEN_TEXT];
	struct auth_token spec = {0};
	CLEANUP(auth_free) struct auth *auth = NULL;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf b = BUF(1024);
	const struct opt own[] = {
		{"scopes", 's', OPT_TEXT, &scopes, "LIST",
			"read:packages, write:packages, delete:packages, admin"},
		{"user", 'u', OPT_TEXT, &user, "USER", "whose token it is (admin)"},
		{"name", 0, OPT_TEXT, &name, "TEXT", "what it is for"},
		{"repositories", 0, OPT_TEXT, &repositories, "LIST", "only these: me/app,me/*"},
		{"expires", 0, OPT_TIME, &lifetime, "TIME", "lifetime, as in 720h (for ever)"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 0, &args,
		&err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0 && auth_scopes_parse(str_of(scopes), &spec.scopes, &err) < 0) {
		err.kind = ERR_USAGE;
		rc = err_wrap(&err, "--scopes");
	}
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = open_auth(&s, &auth, &err);
	spec.user = str_of(user);
	spec.name = str_of(name);
	spec.repositories = str_of(repositories);
	if (rc == 0 && lifetime > 0)
		spec.expires_ns = clock_now(clock_system()) + lifetime;
	if (rc == 0)
		rc = auth_token_create(auth, &spec, text, &err);
	if (rc == 0) {
		buf_fmt(&b, cmd_is_json(g) ? "{\"token\":\"%s\"}\n" : "%s\n", text);
		rc = cmd_answer(&b, &err);
	}
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

static void add_time(struct json_out *o, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];
	json_key(o, key);
	if (!ns) {
		json_add_null(o);
		return;
	}
	clock_rfc3339(ns, text);
	json_add_cstr(o, text);
}

static void add_json(struct json_out *o, const struct auth_token *t)
{
	CLEANUP(buf_done) struct buf scopes = BUF(256);
	auth_scopes_add(&scopes, t->scopes);
	json_object(o);
	json_key(o, "id");
	json_add_i64(o, t->id);
	json_key(o, "user");
	json_add_str(o, t->user);
	json_key(o, "name");
	json_add_str(o, t->name);
	json_key(o, "scopes");
	json_add_str(o, buf_str(&scopes));
	json_key(o, "repositories");
	json_add_str(o, t->repositories);
	json_key(o, "is_job");
	json_add_bool(o, t->is_job);
	add_time(o, "created", t->created_ns);
	add_time(o, "expires", t->expires_ns);
	add_time(o, "last_used", t->last_used_ns);
	json_end(o);
}

static void add_text(struct buf *b, const struct auth_token *t)
{
	CLEANUP(buf_done) struct buf scopes = BUF(256);
	char expires[CLOCK_TEXT] = "never";
	auth_scopes_add(&scopes, t->scopes);
	if (t->expires_ns)
		clock_rfc3339(t->expires_ns, expires);
	buf_fmt(b, "%-5lld %-12.*s %-16.*s %-32s %s\n", (long long)t->id, STR_ARG(t->user),
		STR_ARG(t->name), buf_cstr(&scopes), expires);
}

static int list(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	struct auth_tokens tokens = {0};
	CLEANUP(auth_free) struct auth *auth = NULL;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	CLEANUP(buf_done) struct buf b = BUF(16 * 1024 * 1024);
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 0, 0, &args, &err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = open_auth(&s, &auth, &err);
	if (rc == 0)
		rc = auth_token_list(auth, &s.arena, &tokens, &err);
	struct json_out o;
	json_out_init(&o, &b, 2);
	if (cmd_is_json(g))
		json_array(&o);
	else
		buf_fmt(&b, "%-5s %-12s %-16s %-32s %s\n", "ID", "USER", "NAME", "SCOPES",
			"EXPIRES");
	VEC_EACH(&tokens, t) {
		if (cmd_is_json(g))
			add_json(&o, t);
		else
			add_text(&b, t);
	}
	if (cmd_is_json(g)) {
		json_end(&o);
		buf_add_ch(&b, '\n');
	}
	vec_done(&tokens);
	if (rc == 0)
		rc = cmd_answer(&b, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

static int revoke_token(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(auth_free) struct auth *auth = NULL;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, -1, &args, &err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = open_auth(&s, &auth, &err);
	for (size_t i = 0; rc == 0 && i < args.n; i++)
		rc = auth_token_revoke(auth, str_of(args.p[i]), &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

int cmd_token(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	static const struct cmd subs[] = {
		{"token create", create, "[-s SCOPES] [--expires TIME] [--repositories LIST]",
			"make a token; it is shown once", NULL},
		{"token ls", list, "", "the tokens, without their text", NULL},
		{"token revoke", revoke_token, "ID|TOKEN…", "end a token at once", NULL},
	};
	return cmd_sub(self, g, subs, ARRAY_LEN(subs), argc, argv);
}
