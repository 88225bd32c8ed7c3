#include "remote/remote_priv.h"

/* What people write for a registry: "ghcr.io", "https://ghcr.io/", "docker.io", "". */
static struct str bare_registry(struct str registry)
{
	ssize_t scheme = str_find(registry, S("://"));
	if (scheme >= 0)
		registry = str_skip(registry, (size_t)scheme + 3);
	ssize_t slash = str_chr(registry, '/');
	if (slash >= 0)
		registry = str_sub(registry, 0, (size_t)slash);
	bool is_hub = !registry.n || str_is(registry, "index.docker.io") ||
		str_is(registry, "registry-1.docker.io");
	return is_hub ? S("docker.io") : registry;
}

static int check_registry(struct str registry, struct err *err)
{
	for (size_t i = 0; i < registry.n; i++)
		if (!ch_is_alnum(registry.p[i]) && str_chr(S(".-:[]"), registry.p[i]) < 0)
			return err_set(err, ERR_INPUT, "'%.*s' is not a registry",
				STR_ARG(str_sub(registry, 0, 200)));
	return 0;
}

int remote_login(struct remote *r, struct str registry, struct str user, struct str password,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct endpoint at;
	struct credentials credentials = {.user = user, .password = password};
	struct image_ref name = {.domain = bare_registry(registry)};
	if (check_registry(name.domain, err) < 0)
		return -1;
	if (!user.n || !password.n)
		return err_set(err, ERR_INPUT, "user name and password must not be empty");
	if (str_chr(user, ':') >= 0)
		return err_set(err, ERR_INPUT, "a user name cannot hold ':'");
	if (host_find_one(r, &name, &a, &at, err) < 0)
		return -1;
	struct call c = {.at = &at, .method = "GET", .actions = ACT_PULL};
	if (auth_try(r, &c, &credentials, err) < 0)
		return err_wrap(err, "log in to %.*s", STR_ARG(name.domain));
	return config_store(r, name.domain, &credentials, err);
}

int remote_logout(struct remote *r, struct str registry, struct err *err)
{
	struct str domain = bare_registry(registry);
	if (check_registry(domain, err) < 0)
		return -1;
	return config_erase(r, domain, err);
}
