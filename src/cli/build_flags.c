#include "cli/build_flags_priv.h"

#include "base/num.h"
#include "fs/fs.h"
#include "json/json.h"

#include <fcntl.h>

void build_flags_done(struct build_flags *f)
{
	struct cstr_vec *lists[] = {&f->tags, &f->args, &f->labels, &f->annotations, &f->outputs,
		&f->cache_from, &f->cache_to, &f->secrets, &f->ssh, &f->contexts,
		&f->no_cache_filter, &f->hosts, &f->allow, &f->attests};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		vec_done(lists[i]);
	arena_done(&f->arena);
}

/* Scripts say --provenance=false; what asks for an attestation must not get an image without. */
static int check_attestation(const char *flag, struct str value, struct err *err)
{
	if (!value.n || str_is(value, "false") || str_is(value, "0") ||
		str_ends(value, S(",disabled=true")))
		return 0;
	err_set(err, ERR_UNSUPPORTED, "%s '%.*s': knarr makes no attestations yet", flag,
		STR_ARG(value));
	return err_hint(err, "leave it out, or say %s=false", flag);
}

static int check_attestations(const struct build_flags *f, struct err *err)
{
	if (check_attestation("--provenance", str_of(f->provenance), err) < 0 ||
		check_attestation("--sbom", str_of(f->sbom), err) < 0)
		return -1;
	VEC_EACH(&f->attests, a)
		if (check_attestation("--attest", str_of(*a), err) < 0)
			return -1;
	return 0;
}

static int read_call(struct build_flags *f, struct err *err)
{
	if (!f->call || strcmp(f->call, "build") == 0)
		return 0;
	f->is_check = strcmp(f->call, "check") == 0 || strcmp(f->call, "lint") == 0;
	if (f->is_check)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "--call '%s' is not supported", f->call);
	return err_hint(err, "build and check are known; --print shows the stages");
}

int build_flags_parse(struct build_flags *f, const struct cmd *self, struct cmd_globals *g,
	int argc, char **argv, struct err *err)
{
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"file", 'f', OPT_TEXT, &f->file, "FILE", "the Dockerfile (CONTEXT/Dockerfile)"},
		{"tag", 't', OPT_LIST, &f->tags, "NAME", "name the image; may be repeated"},
		{"target", 0, OPT_TEXT, &f->target, "STAGE", "build this stage"},
		{"build-arg", 0, OPT_LIST, &f->args, "NAME=VALUE", "set an ARG"},
		{"label", 0, OPT_LIST, &f->labels, "KEY=VALUE", "add a label"},
		{"annotation", 0, OPT_LIST, &f->annotations, "KEY=VALUE", "add an annotation"},
		{"output", 'o', OPT_LIST, &f->outputs, "TYPE",
			"type=oci|docker|local|tar|image,dest=…"},
		{"push", 0, OPT_FLAG, &f->pushes, NULL, "push every tag"},
		{"load", 0, OPT_FLAG, &f->loads, NULL, "keep the image here (the default)"},
		{"secret", 0, OPT_LIST, &f->secrets, "RECORD", "id=NAME,src=FILE or env=VARIABLE"},
		{"ssh", 0, OPT_LIST, &f->ssh, "ID", "default, or ID=SOCKET"},
		{"build-context", 0, OPT_LIST, &f->contexts, "NAME=WHERE",
			"another folder or image"},
		{"cache-from", 0, OPT_LIST, &f->cache_from, "RECORD", "type=registry,ref=…"},
		{"cache-to", 0, OPT_LIST, &f->cache_to, "RECORD", "type=registry,ref=…,mode=max"},
		{"platform", 0, OPT_TEXT, &f->platform, "OS/ARCH", "platform of the image"},
		{"network", 0, OPT_TEXT, &f->network, "MODE", "default, host or none, for RUN"},
		{"add-host", 0, OPT_LIST, &f->hosts, "NAME:IP", "add a line to /etc/hosts"},
		{"allow", 0, OPT_LIST, &f->allow, "RIGHT", "security.insecure, network.host"},
		{"shm-size", 0, OPT_BYTES, &f->shm_bytes, "BYTES", "size of /dev/shm"},
		{"no-cache", 0, OPT_FLAG, &f->is_no_cache, NULL, "run every step"},
		{"no-cache-filter", 0, OPT_LIST, &f->no_cache_filter, "STAGE",
			"run this stage's steps"},
		{"pull", 0, OPT_FLAG, &f->pulls, NULL, "look for newer base images"},
		{"iidfile", 0, OPT_TEXT, &f->iidfile, "FILE", "write the image id here"},
		{"metadata-file", 0, OPT_TEXT, &f->metadata_file, "FILE",
			"write digest and names here"},
		{"explain", 0, OPT_FLAG, &f->explains, NULL,
			"say why each step hit or missed the cache"},
		{"print", 0, OPT_FLAG, &f->is_print, NULL,
			"show stages and final config; run nothing"},
		{"check", 0, OPT_FLAG, &f->is_check, NULL, "say what a careful reader would"},
		{"call", 0, OPT_TEXT, &f->call, "WHAT", "build (the default) or check"},
		{"provenance", 0, OPT_TEXT, &f->provenance, "false", "none are made yet"},
		{"sbom", 0, OPT_TEXT, &f->sbom, "false", "none are made yet"},
		{"attest", 0, OPT_LIST, &f->attests, "type=…,disabled=true", NULL},
		{"list-context", 0, OPT_TEXT, &f->list_context, "DIR",
			"the files that would be sent"},
	};
	int rc =
		cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 1, &args, err);
	if (rc != 0)
		return rc;
	if (check_attestations(f, err) < 0 || read_call(f, err) < 0)
		return -1;
	if (args.n)
		f->context = args.p[0];
	if (!f->context && !f->list_context) {
		err_set(err, ERR_USAGE, "'build' needs a context");
		return err_hint(err, "knarr build . builds the folder you are in");
	}
	return 0;
}

/* ---- --output ---- */

static int output_type(struct str text, struct build_output *o, struct err *err)
{
	static const struct {
		const char *name;
		enum build_output_kind kind;
		bool pushes;
	} known[] = {{"image", BUILD_OUT_IMAGE, false}, {"registry", BUILD_OUT_IMAGE, true},
		{"docker", BUILD_OUT_DOCKER, false}, {"oci", BUILD_OUT_OCI, false},
		{"local", BUILD_OUT_LOCAL, false}, {"tar", BUILD_OUT_TAR, false}};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_is(text, known[i].name)) {
			o->kind = known[i].kind;
			o->pushes = known[i].pushes;
			return 0;
		}
	}
	err_set(err, ERR_USAGE, "unknown output type '%.*s'", STR_ARG(text));
	return err_hint(err, "image, registry, oci, docker, local or tar");
}

/* One key of --output. */
static int output_field(struct build_flags *f, const struct field *p, struct build_output *o,
	struct err *err)
{
	uint64_t level;
	bool truth;
	if (str_is(p->key, "type"))
		return output_type(p->value, o, err);
	if (str_is(p->key, "dest")) {
		o->dest = arena_cstr(&f->arena, p->value);
		return 0;
	}
	if (str_is(p->key, "name")) {
		struct str rest = p->value, one;
		while (str_cut(&rest, ',', &one))
			vec_push(&f->tags, arena_cstr(&f->arena, one));
		return 0;
	}
	if (str_is(p->key, "push"))
		return field_truth(p, &o->pushes, err);
	if (str_is(p->key, "compression")) {
		o->has_compression = true;
		return field_compression(p, &o->compression, err);
	}
	if (str_is(p->key, "compression-level")) {
		if (num_parse_u64(p->value, 0, 22, &level, err) < 0)
			return -1;
		o->level = (int)level;
		return 0;
	}
	if (str_is(p->key, "force-compression"))
		return field_truth(p, &o->is_forced, err);
	if (str_is(p->key, "tar")) {
		if (field_truth(p, &truth, err) < 0)
			return -1;
		o->is_folder = !truth;
		return 0;
	}
	if (str_is(p->key, "oci-mediatypes") || str_is(p->key, "rewrite-timestamp") ||
		str_is(p->key, "store") || str_is(p->key, "unpack")) {
		if (field_truth(p, &truth, err) < 0)
			return -1;
		return truth ? 0
			     : err_set(err, ERR_UNSUPPORTED, "%.*s=false is not supported",
				       STR_ARG(p->key));
	}
	return field_unknown(p,
		"type, dest, name, push, compression, compression-level, "
		"force-compression, tar",
		err);
}

static int check_dest(const struct build_output *o, struct err *err)
{
	bool to_stdout = !o->dest || strcmp(o->dest, "-") == 0;
	if (o->kind == BUILD_OUT_LOCAL && to_stdout)
		return err_set(err, ERR_USAGE, "type=local needs dest=FOLDER");
	if (o->kind != BUILD_OUT_IMAGE && to_stdout && isatty(STDOUT_FILENO)) {
		err_set(err, ERR_USAGE, "an archive is not written to a terminal");
		return err_hint(err, "add dest=FILE, or send stdout elsewhere");
	}
	if (o->kind == BUILD_OUT_OCI && o->is_folder && to_stdout)
		return err_set(err, ERR_USAGE, "tar=false needs dest=FOLDER");
	return 0;
}

static int read_output(struct build_flags *f, const char *text, struct build_output *o,
	struct err *err)
{
	struct fields fields = {0};
	struct stat st;
	int rc = field_list(text, &f->arena, &fields, err);
	/* "-o out" is a folder of files, "-o -" a tar of them, as docker has it. */
	if (rc == 0 && fields.n == 1 && !fields.p[0].value.p) {
		o->kind = str_is(fields.p[0].key, "-") ? BUILD_OUT_TAR : BUILD_OUT_LOCAL;
		o->dest = arena_cstr(&f->arena, fields.p[0].key);
		fields.n = 0;
	}
	for (size_t i = 0; rc == 0 && i < fields.n; i++)
		rc = output_field(f, &fields.p[i], o, err);
	vec_done(&fields);
	if (rc == 0 && o->kind == BUILD_OUT_OCI && o->dest && stat(o->dest, &st) == 0 &&
		S_ISDIR(st.st_mode))
		o->is_folder = true;
	if (rc == 0)
		rc = check_dest(o, err);
	return rc < 0 ? err_wrap(err, "--output '%s'", text) : 0;
}

static int read_outputs(struct build_flags *f, struct build_spec *s, struct err *err)
{
	struct build_output *list = ARENA_ARRAY(&f->arena, struct build_output, f->outputs.n + 2);
	bool has_image = false;
	for (size_t i = 0; i < f->outputs.n; i++) {
		if (read_output(f, f->outputs.p[i], &list[i], err) < 0)
			return -1;
		if (list[i].kind == BUILD_OUT_IMAGE) {
			has_image = true;
			list[i].pushes |= f->pushes;
		}
	}
	s->n_outputs = f->outputs.n;
	if (!has_image && (f->pushes || f->loads || !s->n_outputs))
		list[s->n_outputs++] =
			(struct build_output){.kind = BUILD_OUT_IMAGE, .pushes = f->pushes};
	s->outputs = list;
	return 0;
}

/* ---- the rest ---- */

static int read_secret(struct build_flags *f, const char *text, struct build_secret *s,
	struct err *err)
{
	struct fields fields = {0};
	const char *type = NULL;
	int rc = field_list(text, &f->arena, &fields, err);
	for (size_t i = 0; rc == 0 && i < fields.n; i++) {
		const struct field *p = &fields.p[i];
		const char *value = arena_cstr(&f->arena, p->value);
		if (str_is(p->key, "id"))
			s->id = value;
		else if (str_is(p->key, "src") || str_is(p->key, "source"))
			s->file = value;
		else if (str_is(p->key, "env"))
			s->env = value;
		else if (str_is(p->key, "type"))
			type = value;
		else
			rc = field_unknown(p, "id, src, env, type", err);
	}
	vec_done(&fields);
	if (rc == 0 && !s->id)
		rc = err_set(err, ERR_USAGE, "id is missing");
	if (rc < 0)
		return err_wrap(err, "--secret '%s'", text);
	if (type && strcmp(type, "env") == 0 && !s->env)
		s->env = s->file ? s->file : s->id;
	if (!s->file && !s->env) /* as docker: the variable of that name, else the file */
		*(getenv(s->id) ? &s->env : &s->file) = s->id;
	return 0;
}

static const struct build_pair *pairs_of(struct build_flags *f, const struct cstr_vec *from)
{
	struct build_pair *list = ARENA_ARRAY(&f->arena, struct build_pair, from->n + 1);
	for (size_t i = 0; i < from->n; i++) {
		struct str value = str_of(from->p[i]), key = STR_NONE;
		(void)str_cut(&value, '=', &key); /* argv's text is not NULL */
		list[i].key = arena_cstr(&f->arena, key);
		list[i].value = value.p;
	}
	return list;
}

static const char *const *list_of(struct build_flags *f, const struct cstr_vec *from)
{
	const char **list = ARENA_ARRAY(&f->arena, const char *, from->n + 1);
	for (size_t i = 0; i < from->n; i++)
		list[i] = from->p[i];
	return list;
}

static int read_contexts(struct build_flags *f, struct build_spec *s, struct err *err)
{
	struct build_context *list =
		ARENA_ARRAY(&f->arena, struct build_context, f->contexts.n + 1);
	for (size_t i = 0; i < f->contexts.n; i++) {
		struct str value = str_of(f->contexts.p[i]), name = STR_NONE;
		if (!str_cut(&value, '=', &name) || !value.p || !name.n)
			return err_set(err, ERR_USAGE,
				"--build-context: expected NAME=WHERE, got '%s'", f->contexts.p[i]);
		list[i] = (struct build_context){arena_cstr(&f->arena, name), value.p};
	}
	s->contexts = list;
	s->n_contexts = f->contexts.n;
	return 0;
}

static int read_epoch(struct build_spec *s, struct err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	int64_t seconds;
	if (!text || !*text)
		return 0;
	if (num_parse_i64(str_of(text), 0, INT64_MAX / CLOCK_SECOND, &seconds, err) < 0)
		return err_wrap(err, "SOURCE_DATE_EPOCH");
	s->has_epoch = true;
	s->epoch_ns = seconds * CLOCK_SECOND;
	return 0;
}

static int read_platform(struct build_flags *f, struct build_spec *s, struct err *err)
{
	struct image_platform *p = ARENA_NEW(&f->arena, struct image_platform);
	if (!f->platform)
		return 0;
	if (strchr(f->platform, ',')) {
		err_set(err, ERR_UNSUPPORTED,
			"--platform '%s': several platforms at once are not supported yet",
			f->platform);
		return err_hint(err, "build each platform by itself");
	}
	if (image_platform_parse(str_of(f->platform), &f->arena, p, err) < 0)
		return err_wrap(err, "--platform");
	s->platform = p;
	return 0;
}

static int check_network(const struct build_flags *f, struct err *err)
{
	if (!f->network || strcmp(f->network, "default") == 0 || strcmp(f->network, "host") == 0 ||
		strcmp(f->network, "none") == 0)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "--network '%s' is not supported", f->network);
	return err_hint(err, "default, host or none");
}

bool build_flags_take_stdout(const struct build_flags *f)
{
	for (size_t i = 0; i < f->outputs.n; i++) {
		struct str text = str_of(f->outputs.p[i]);
		bool is_image = str_has(text, S("type=image")) || str_has(text, S("type=registry"));
		if (str_is(text, "-") || str_has(text, S("dest=-")) ||
			(str_has(text, S("type=")) && !is_image && !str_has(text, S("dest="))))
			return true;
	}
	return false;
}

int build_flags_spec(struct build_flags *f, struct session *s, struct build_spec *ret,
	struct err *err)
{
	*ret = (struct build_spec){
		.events = session_events(s),
		.cancel = &s->cancel,
		.pool = session_pool(s),
		.context = f->context,
		.stdin_fd = STDIN_FILENO,
		.stdout_fd = STDOUT_FILENO,
		.file = f->file,
		.target = f->target,
		.args = pairs_of(f, &f->args),
		.n_args = f->args.n,
		.labels = pairs_of(f, &f->labels),
		.n_labels = f->labels.n,
		.annotations = pairs_of(f, &f->annotations),
		.n_annotations = f->annotations.n,
		.ssh = list_of(f, &f->ssh),
		.network = f->network,
		.extra_hosts = list_of(f, &f->hosts),
		.allow = list_of(f, &f->allow),
		.is_no_cache = f->is_no_cache,
		.no_cache_stages = list_of(f, &f->no_cache_filter),
		.pulls = f->pulls,
		.shm_bytes = f->shm_bytes,
		.explains = f->explains,
	};
	struct build_secret *secrets =
		ARENA_ARRAY(&f->arena, struct build_secret, f->secrets.n + 1);
	for (size_t i = 0; i < f->secrets.n; i++)
		if (read_secret(f, f->secrets.p[i], &secrets[i], err) < 0)
			return -1;
	ret->secrets = secrets;
	ret->n_secrets = f->secrets.n;
	if (check_network(f, err) < 0 || read_outputs(f, ret, err) < 0 ||
		read_contexts(f, ret, err) < 0 || read_platform(f, ret, err) < 0 ||
		read_epoch(ret, err) < 0 || build_flags_caches(f, ret, err) < 0)
		return -1;
	ret->tags = list_of(f, &f->tags); /* after the outputs: name=… adds to them */
	return session_store(s, &ret->store, err) < 0 ? -1 : session_remote(s, &ret->remote, err);
}

void build_flags_add_metadata(const struct build_flags *f, const struct build_result *r,
	struct buf *ret)
{
	CLEANUP(buf_done) struct buf names = BUF(64 * 1024);
	char text[DIGEST_TEXT];
	struct json_out o;
	json_out_init(&o, ret, 2);
	json_object(&o);
	json_key(&o, "containerimage.config.digest");
	json_add_cstr(&o, digest_text(&r->config, text));
	json_key(&o, "containerimage.digest");
	json_add_cstr(&o, digest_text(&r->manifest.digest, text));
	for (size_t i = 0; i < f->tags.n; i++)
		buf_fmt(&names, "%s%s", i ? "," : "", f->tags.p[i]);
	if (f->tags.n) {
		json_key(&o, "image.name");
		json_add_str(&o, buf_str(&names));
	}
	json_end(&o);
}

int build_flags_write_files(const struct build_flags *f, const struct build_result *r,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	char text[DIGEST_TEXT];
	if (f->iidfile &&
		fs_write_file(AT_FDCWD, f->iidfile, str_of(digest_text(&r->config, text)), 0644,
			FS_NO_SYNC, err) < 0)
		return -1;
	if (!f->metadata_file)
		return 0;
	build_flags_add_metadata(f, r, &b);
	buf_add_ch(&b, '\n');
	if (buf_check(&b, "metadata of the build", err) < 0)
		return -1;
	return fs_write_file(AT_FDCWD, f->metadata_file, buf_str(&b), 0644, FS_NO_SYNC, err);
}
