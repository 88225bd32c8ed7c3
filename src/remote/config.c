/* ~/.docker/config.json: which credentials belong to which registry.
 *
 *	"credHelpers": {"gcr.io": "gcloud"}	this registry: docker-credential-gcloud
 *	"credsStore": "secretservice"		every other: docker-credential-secretservice
 *	"auths": {"ghcr.io": {"auth": "…"}}	else this; keys may go on with a path ("ghcr.io/me")
 *
 * What we do not know in the file is kept when it is written. */
#include "remote/remote_priv.h"

#include "base/base64.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <limits.h>

enum { CONFIG_MAX = 4 * 1024 * 1024, SECRET_MAX = 64 * 1024 };

#define HUB_DOMAIN "docker.io"
#define HUB_SERVER "https://index.docker.io/v1/"

struct str config_server_name(struct str domain)
{
	return str_is(domain, HUB_DOMAIN) ? S(HUB_SERVER) : domain;
}

/* ---- reading ---- */

/* base64("user:password"), as docker writes it; a NUL at the end is an old docker's. */
static int decode_auth(struct str text, struct arena *a, struct credentials *c, struct err *err)
{
	CLEANUP(buf_done) struct buf plain = BUF(SECRET_MAX);
	if (base64_decode(text, &plain, err) < 0 || buf_check(&plain, "auth", err) < 0)
		return err_set(err, ERR_INPUT, "auth: is not base64");
	struct str pair = buf_str(&plain);
	while (pair.n && pair.p[pair.n - 1] == '\0')
		pair.n--;
	ssize_t colon = str_chr(pair, ':');
	if (colon < 0)
		return err_set(err, ERR_INPUT, "auth: expected user:password");
	c->user = arena_str(a, str_sub(pair, 0, (size_t)colon));
	c->password = arena_str(a, str_skip(pair, (size_t)colon + 1));
	return 0;
}

static int read_auth(const struct json_member *m, struct arena *a, struct config_auth *ret,
	struct err *err)
{
	struct str auth = STR_NONE;
	ret->key = m->key;
	if (m->value.kind == JSON_NULL)
		return 0;
	if (m->value.kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object, got %s",
			json_kind_name(m->value.kind));
	if (json_opt_str(&m->value, "identitytoken", &ret->c.identity_token, err) < 0 ||
		json_opt_str(&m->value, "username", &ret->c.user, err) < 0 ||
		json_opt_str(&m->value, "password", &ret->c.password, err) < 0 ||
		json_opt_str(&m->value, "auth", &auth, err) < 0)
		return -1;
	return auth.n ? decode_auth(auth, a, &ret->c, err) : 0;
}

static int read_auths(const struct json *auths, struct arena *a, struct docker_config *c,
	struct err *err)
{
	c->n_auths = auths ? auths->n : 0;
	c->auths = ARENA_ARRAY(a, struct config_auth, c->n_auths);
	for (size_t i = 0; i < c->n_auths; i++)
		if (read_auth(&auths->members[i], a, &c->auths[i], err) < 0)
			return err_wrap(err, "auths: '%.*s'",
				STR_ARG(str_sub(auths->members[i].key, 0, 200)));
	return 0;
}

int docker_config_parse(struct str bytes, struct arena *a, struct docker_config *ret,
	struct err *err)
{
	struct docker_config c = {0};
	struct json *auths = NULL, *helpers = NULL;
	if (!str_trim(bytes).n)
		bytes = S("{}");
	if (json_parse(bytes, NULL, a, &c.root, err) < 0)
		return -1;
	if (c.root->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object, got %s",
			json_kind_name(c.root->kind));
	if (json_opt_object(c.root, "auths", &auths, err) < 0 ||
		json_opt_object(c.root, "credHelpers", &helpers, err) < 0 ||
		json_opt_str(c.root, "credsStore", &c.store, err) < 0)
		return -1;
	for (size_t i = 0; helpers && i < helpers->n; i++)
		if (helpers->members[i].value.kind != JSON_STRING)
			return err_set(err, ERR_INPUT, "credHelpers: '%.*s': expected a string",
				STR_ARG(str_sub(helpers->members[i].key, 0, 200)));
	c.helpers = helpers;
	if (read_auths(auths, a, &c, err) < 0)
		return -1;
	*ret = c;
	return 0;
}

/* The host and path of a key: without scheme, "/v1/" and slashes at the end. */
static struct str bare_key(struct str key)
{
	ssize_t scheme = str_find(key, S("://"));
	if (scheme >= 0)
		key = str_skip(key, (size_t)scheme + 3);
	static const char *const tails[] = {"/", "/v1", "/v2", "/"};
	for (size_t i = 0; i < ARRAY_LEN(tails); i++)
		if (str_ends(key, str_of(tails[i])))
			key.n -= strlen(tails[i]);
	return key;
}

/* 0 = the key is not of this repository, else the better the more. */
static size_t match_key(struct str key, struct str domain, struct str path)
{
	key = bare_key(key);
	if (str_is(domain, HUB_DOMAIN) &&
		(str_is(key, "index.docker.io") || str_is(key, "registry-1.docker.io")))
		return domain.n;
	if (!str_starts(key, domain))
		return 0;
	struct str rest = str_skip(key, domain.n);
	if (!rest.n)
		return key.n;
	if (rest.p[0] != '/')
		return 0;
	rest = str_skip(rest, 1);
	bool is_prefix = str_starts(path, rest) && (path.n == rest.n || path.p[rest.n] == '/');
	return is_prefix ? key.n : 0;
}

const struct config_auth *config_match(const struct docker_config *c, struct str domain,
	struct str path)
{
	const struct config_auth *best = NULL;
	size_t best_n = 0;
	for (size_t i = 0; i < c->n_auths; i++) {
		const struct config_auth *auth = &c->auths[i];
		bool has_any = auth->c.user.n || auth->c.identity_token.n;
		size_t n = has_any ? match_key(auth->key, domain, path) : 0;
		if (n > best_n) {
			best = auth;
			best_n = n;
		}
	}
	return best;
}

static int load(struct remote *r, struct arena *a, struct docker_config *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(CONFIG_MAX);
	struct err why = {0};
	if (fs_read_file(AT_FDCWD, r->docker_config, &bytes, &why) < 0 &&
		why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	if (docker_config_parse(buf_str(&bytes), a, ret, err) < 0) {
		err_in_file(err, r->docker_config);
		return -1;
	}
	return 0;
}

/* The helper in charge of a registry; "" = none. */
static struct str helper_of(const struct docker_config *c, struct str domain)
{
	struct str server = config_server_name(domain);
	for (size_t i = 0; c->helpers && i < c->helpers->n; i++)
		if (str_eq(bare_key(c->helpers->members[i].key), bare_key(server)) ||
			str_eq(c->helpers->members[i].key, domain))
			return c->helpers->members[i].value.text;
	return c->store;
}

int config_find(struct remote *r, struct str domain, struct str path, struct arena *a,
	struct credentials *ret, struct err *err)
{
	struct docker_config c;
	if (load(r, a, &c, err) < 0)
		return -1;
	struct str helper = helper_of(&c, domain);
	if (helper.n) {
		int found = helper_get(helper, config_server_name(domain), a, ret, err);
		if (found)
			return found;
	}
	const struct config_auth *auth = config_match(&c, domain, path);
	if (auth)
		*ret = auth->c;
	return auth != NULL;
}

/* ---- writing ---- */

static void write_auth(struct json_out *o, const struct credentials *c)
{
	CLEANUP(buf_done) struct buf plain = BUF(SECRET_MAX), text = BUF(2 * SECRET_MAX);
	json_object(o);
	if (c->user.n) {
		buf_fmt(&plain, "%.*s:", STR_ARG(c->user));
		buf_add(&plain, c->password);
		base64_add(&text, buf_str(&plain));
		json_key(o, "auth");
		json_add_str(o, buf_str(&text));
	}
	if (c->identity_token.n) {
		json_key(o, "identitytoken");
		json_add_str(o, c->identity_token);
	}
	json_end(o);
}

static void write_auths(struct json_out *o, const struct json *auths, struct str key,
	const struct credentials *set)
{
	json_object(o);
	for (size_t i = 0; auths && i < auths->n; i++) {
		if (str_eq(auths->members[i].key, key))
			continue;
		json_key_str(o, auths->members[i].key);
		json_add_value(o, &auths->members[i].value);
	}
	if (set) {
		json_key_str(o, key);
		write_auth(o, set);
	}
	json_end(o);
}

void config_write(struct buf *b, const struct docker_config *c, struct str key,
	const struct credentials *set)
{
	struct json_out o;
	bool has_auths = false;
	json_out_init(&o, b, 4);
	json_object(&o);
	for (size_t i = 0; i < c->root->n; i++) {
		const struct json_member *m = &c->root->members[i];
		json_key_str(&o, m->key);
		if (str_is(m->key, "auths")) {
			has_auths = true;
			write_auths(&o, m->value.kind == JSON_OBJECT ? &m->value : NULL, key, set);
		} else {
			json_add_value(&o, &m->value);
		}
	}
	if (!has_auths) {
		json_key(&o, "auths");
		write_auths(&o, NULL, key, set);
	}
	json_end(&o);
	buf_add_ch(b, '\n');
}

/* The file itself, when its name is a symlink into somebody's dotfiles. */
static int save(struct remote *r, const struct docker_config *c, struct str key,
	const struct credentials *set, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(CONFIG_MAX);
	char real[PATH_MAX], folder[PATH_MAX];
	config_write(&text, c, key, set);
	if (buf_check(&text, "docker config", err) < 0)
		return -1;
	if (!realpath(r->docker_config, real))
		snprintf(real, sizeof(real), "%s", r->docker_config);
	struct str up = path_dir(str_of(real));
	snprintf(folder, sizeof(folder), "%.*s", STR_ARG(up));
	if (fs_mkdirs(AT_FDCWD, folder, 0700, err) < 0)
		return -1;
	return fs_write_file(AT_FDCWD, real, buf_str(&text), 0600, FS_SYNC, err);
}

int config_store(struct remote *r, struct str domain, const struct credentials *c, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct docker_config config;
	static const struct credentials nothing;
	struct str server = config_server_name(domain);
	if (load(r, &a, &config, err) < 0)
		return -1;
	struct str helper = helper_of(&config, domain);
	if (!helper.n)
		return save(r, &config, server, c, err);
	if (helper_store(helper, server, c, err) < 0)
		return -1;
	return save(r, &config, server, &nothing, err); /* as docker notes that there is one */
}

static bool has_key(const struct docker_config *c, struct str key)
{
	for (size_t i = 0; i < c->n_auths; i++)
		if (str_eq(c->auths[i].key, key))
			return true;
	return false;
}

int config_erase(struct remote *r, struct str domain, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct docker_config config;
	struct str server = config_server_name(domain);
	if (load(r, &a, &config, err) < 0)
		return -1;
	struct str helper = helper_of(&config, domain);
	if (helper.n && helper_erase(helper, server, err) < 0)
		return -1;
	if (!has_key(&config, server))
		return 0;
	return save(r, &config, server, NULL, err) < 0 ? -1 : 1;
}
