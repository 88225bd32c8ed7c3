/* Numbers and sums in header fields. */
#include "tar/tar_priv.h"

#include "base/clock.h"
#include "base/num.h"

/* GNU's base 256: the first bit marks it, the rest is a big-endian two's complement number. */
static int read_base256(struct str field, int64_t *ret, struct err *err)
{
	uint8_t first = (uint8_t)field.p[0];
	bool is_negative = first & 0x40;
	uint64_t v = is_negative ? UINT64_MAX : 0;
	for (size_t i = 0; i < field.n; i++) {
		uint8_t byte = (uint8_t)field.p[i];
		if (i == 0)
			byte = is_negative ? byte : byte & 0x7f;
		if (v >> 56 != (is_negative ? 0xffU : 0))
			return err_set(err, ERR_LIMIT, "number in tar header is too large");
		v = v << 8 | byte;
	}
	if (((int64_t)v < 0) != is_negative)
		return err_set(err, ERR_LIMIT, "number in tar header is too large");
	*ret = (int64_t)v;
	return 0;
}

static int read_octal(struct str field, int64_t *ret, struct err *err)
{
	uint64_t v = 0;
	while (field.n && (field.p[0] == ' ' || field.p[0] == '\0'))
		field = str_skip(field, 1);
	ssize_t end = str_chr(field, '\0');
	field = str_trim_right(end < 0 ? field : str_sub(field, 0, (size_t)end));
	if (field.n && num_parse_octal(field, INT64_MAX, &v, err) < 0)
		return err_set(err, ERR_INPUT, "expected an octal number in tar header");
	*ret = (int64_t)v;
	return 0;
}

int number_read(struct str field, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	int64_t v = 0;
	bool is_base256 = (uint8_t)field.p[0] & 0x80;
	if ((is_base256 ? read_base256(field, &v, err) : read_octal(field, &v, err)) < 0)
		return -1;
	if (v < min || v > max)
		return err_set(err, ERR_INPUT, "number %lld in tar header is out of range",
			(long long)v);
	*ret = v;
	return 0;
}

bool number_write(char *block, struct field f, uint64_t v)
{
	char *p = block + f.at;
	size_t i = f.n - 1;
	p[i] = '\0';
	while (i-- > 0) {
		p[i] = (char)('0' + (v & 7));
		v >>= 3;
	}
	return v == 0;
}

unsigned checksum(const char *block)
{
	unsigned sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool is_sum = i - FIELD_SUM.at < FIELD_SUM.n;
		sum += is_sum ? (unsigned)' ' : (uint8_t)block[i];
	}
	return sum;
}

/* Some old programs summed signed characters. */
static int signed_checksum(const char *block)
{
	int sum = 0;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool is_sum = i - FIELD_SUM.at < FIELD_SUM.n;
		sum += is_sum ? ' ' : (int8_t)block[i];
	}
	return sum;
}

bool checksum_is_right(const char *block)
{
	struct err ignored = {0};
	int64_t said;
	if (number_read(block_field(block, FIELD_SUM), 0, INT32_MAX, &said, &ignored) < 0)
		return false;
	return said == checksum(block) || said == signed_checksum(block);
}

int time_parse(struct str text, int64_t *ret_ns, struct err *err)
{
	struct str fraction = STR_NONE, whole = text;
	ssize_t dot = str_chr(text, '.');
	if (dot >= 0) {
		whole = str_sub(text, 0, (size_t)dot);
		fraction = str_skip(text, (size_t)dot + 1);
	}
	bool is_negative = whole.n && whole.p[0] == '-';
	int64_t seconds = 0, ns = 0, unit = CLOCK_SECOND / 10;
	if (num_parse_i64(whole, -(INT64_MAX / CLOCK_SECOND) + 1, INT64_MAX / CLOCK_SECOND - 1,
		    &seconds, err) < 0)
		return -1;
	for (size_t i = 0; i < fraction.n; i++, unit /= 10) {
		if (!ch_is_digit(fraction.p[i]))
			return err_set(err, ERR_INPUT, "expected a time in seconds, got '%.*s'",
				STR_ARG(text));
		ns += (fraction.p[i] - '0') * unit;
	}
	*ret_ns = seconds * CLOCK_SECOND + (is_negative ? -ns : ns);
	return 0;
}
