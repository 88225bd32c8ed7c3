#include "dockerfile/check_priv.h"

#include <stdarg.h>

static const struct {
	const char *name, *description;
	bool is_experimental;
} rules[] = {
	[RULE_STAGE_NAME_CASING] = {"StageNameCasing", "Stage names should be lowercase"},
	[RULE_FROM_AS_CASING] = {"FromAsCasing",
		"The 'as' keyword should match the case of the 'from' keyword"},
	[RULE_NO_EMPTY_CONTINUATION] = {"NoEmptyContinuation",
		"Empty continuation lines will become errors in a future release"},
	[RULE_CONSISTENT_INSTRUCTION_CASING] = {"ConsistentInstructionCasing",
		"All commands within the Dockerfile should use the same casing (either upper or "
		"lower)"},
	[RULE_DUPLICATE_STAGE_NAME] = {"DuplicateStageName", "Stage names should be unique"},
	[RULE_RESERVED_STAGE_NAME] = {"ReservedStageName",
		"Reserved words should not be used as stage names"},
	[RULE_JSON_ARGS_RECOMMENDED] = {"JSONArgsRecommended",
		"JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior "
		"related to OS signals"},
	[RULE_MAINTAINER_DEPRECATED] = {"MaintainerDeprecated",
		"The MAINTAINER instruction is deprecated, use a label instead to define an image "
		"author"},
	[RULE_UNDEFINED_ARG_IN_FROM] = {"UndefinedArgInFrom",
		"FROM command must use declared ARGs"},
	[RULE_WORKDIR_RELATIVE_PATH] = {"WorkdirRelativePath",
		"Relative workdir without an absolute workdir declared within the build can have "
		"unexpected results if the base image changes"},
	[RULE_UNDEFINED_VAR] = {"UndefinedVar", "Variables should be defined before their use"},
	[RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED] = {"MultipleInstructionsDisallowed",
		"Multiple instructions of the same type should not be used in the same stage"},
	[RULE_LEGACY_KEY_VALUE_FORMAT] = {"LegacyKeyValueFormat",
		"Legacy key/value format with whitespace separator should not be used"},
	[RULE_INVALID_BASE_IMAGE_PLATFORM] = {"InvalidBaseImagePlatform",
		"Base image platform does not match expected target platform"},
	[RULE_REDUNDANT_TARGET_PLATFORM] = {"RedundantTargetPlatform",
		"Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is "
		"the default behavior"},
	[RULE_SECRETS_USED_IN_ARG_OR_ENV] = {"SecretsUsedInArgOrEnv",
		"Sensitive data should not be used in the ARG or ENV commands"},
	[RULE_INVALID_DEFAULT_ARG_IN_FROM] = {"InvalidDefaultArgInFrom",
		"Default value for global ARG results in an empty or invalid base image name"},
	[RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED] = {"FromPlatformFlagConstDisallowed",
		"FROM --platform flag should not use a constant value"},
	[RULE_COPY_IGNORED_FILE] = {"CopyIgnoredFile",
		"Attempting to Copy file that is excluded by .dockerignore"},
	[RULE_INVALID_DEFINITION_DESCRIPTION] = {"InvalidDefinitionDescription",
		"Comment for build stage or argument should follow the format: `# <arg/stage name> "
		"<description>`. If this is not intended to be a description comment, add an empty "
		"line or comment between the instruction and the comment.",
		true},
	[RULE_EXPOSE_PROTO_CASING] = {"ExposeProtoCasing",
		"Protocol in EXPOSE instruction should be lowercase"},
	[RULE_EXPOSE_INVALID_FORMAT] = {"ExposeInvalidFormat",
		"IP address and host-port mapping should not be used in EXPOSE instruction. This "
		"will become an error in a future release"},
};

void check_options_done(struct check_options *o)
{
	vec_done(&o->skips);
	vec_done(&o->experiments);
}

static void set_list(struct str value, bool *ret_all, struct str_vec *ret)
{
	struct str name;
	vec_clear(ret);
	*ret_all = str_is(value, "all");
	while (!*ret_all && str_cut(&value, ',', &name)) {
		name = str_trim(name);
		vec_push(ret, name);
	}
}

static int set_option(struct str key, struct str value, struct check_options *o, struct err *err)
{
	static const char *const words[] = {
		"0", "1", "f", "t", "F", "T", "false", "true", "FALSE", "TRUE", "False", "True"};
	if (str_is(key, "skip")) {
		set_list(value, &o->skips_all, &o->skips);
		return 0;
	}
	if (str_is(key, "experimental")) {
		set_list(value, &o->has_all_experiments, &o->experiments);
		return 0;
	}
	if (!str_is(key, "error"))
		return err_set(err, ERR_INPUT, "invalid check option \"%.*s\"", STR_ARG(key));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(value, words[i])) {
			o->is_error = i % 2;
			return 0;
		}
	return err_set(err, ERR_INPUT,
		"failed to parse check option \"error=%.*s\": expected true or false",
		STR_ARG(value));
}

int check_options_parse(struct str text, struct check_options *ret, struct err *err)
{
	struct str rest = text, part;
	while (text.n && str_cut(&rest, ';', &part)) {
		struct str value = str_trim(part), key;
		bool has_value = str_chr(value, '=') >= 0;
		(void)str_cut(&value, '=', &key); /* without '=' all of it is the key */
		if (!has_value)
			return err_set(err, ERR_INPUT, "invalid check option \"%.*s\"",
				STR_ARG(key));
		if (set_option(str_trim(key), str_trim(value), ret, err) < 0)
			return -1;
	}
	return 0;
}

/* The options of the first `# check=` among the comments above a node. */
static bool options_above(const struct dockerfile_node *n, struct check_options *ret)
{
	struct err ignored = {0}; /* a comment may say anything */
	for (size_t i = 0; n && i < n->n_comments; i++) {
		struct str value = n->comments[i], name, word = STR_NONE;
		bool is_check = str_cut(&value, '=', &name) && value.p &&
			str_eq_nocase(str_trim(name), S("check"));
		if (is_check && str_word(&value, &word))
			return check_options_parse(word, ret, &ignored) == 0;
	}
	return false;
}

static bool has_name(struct str_vec *names, enum rule rule)
{
	VEC_EACH(names, name)
		if (str_is(*name, rules[rule].name))
			return true;
	return false;
}

static bool is_skipped(struct check_options *o, enum rule rule)
{
	return o->skips_all || has_name(&o->skips, rule);
}

static bool is_tried(struct check_options *o, enum rule rule)
{
	return o->has_all_experiments || has_name(&o->experiments, rule);
}

/* Experimental rules run when asked for, whatever is skipped; the others unless skipped. */
bool finding_is_wanted(struct checker *c, enum rule rule, const struct spot *spot)
{
	CLEANUP(check_options_done) struct check_options above = {0};
	if (c->found.n == CHECK_FINDINGS_MAX)
		return false;
	bool has_above = options_above(spot->comments, &above);
	if (rules[rule].is_experimental)
		return is_tried(&c->options, rule) || (has_above && is_tried(&above, rule));
	return !is_skipped(&c->options, rule) && !(has_above && is_skipped(&above, rule));
}

void finding_add(struct checker *c, enum rule rule, struct spot spot, const char *fmt, ...)
{
	char detail[1000];
	va_list args;
	if (!finding_is_wanted(c, rule, &spot))
		return;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	struct found *f = vec_add(&c->found);
	f->order = c->found.n;
	f->finding = (struct finding){rules[rule].name, rules[rule].description,
		arena_str(c->arena, str_of(detail)), spot.at, spot.node->end_line};
}

struct spot spot_of(const struct dockerfile_node *n)
{
	return (struct spot){n, n->at, n};
}

struct spot spot_at(const struct dockerfile_node *n, struct dockerfile_place at)
{
	return (struct spot){n, at.line == n->at.line ? at : n->at, n};
}

const char *check_similar(struct checker *c, struct str name, const struct map *among,
	const char *sign)
{
	struct str_vec names = {0};
	MAP_EACH(among, e)
		vec_push(&names, e->key);
	struct str best = suggest_name(name, &names, false, c->arena);
	vec_done(&names);
	return best.n ? arena_fmt(c->arena, " (did you mean %s%.*s?)", sign, STR_ARG(best)).p : "";
}
