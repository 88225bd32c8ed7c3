# Timing, and the file of results: a line "row, tool, value" for every single run. Sourced.

say() { echo "$(date +%T) $*" >&2; }

note() { # note ROW TOOL VALUE
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$BENCH_WORK/results.tsv"
}

about() { # about WORD TEXT : of the machine, for the lines below the table
	printf '%s\t%s\n' "$1" "$2" >>"$BENCH_WORK/machine.tsv"
}

# What fails is noted once, shown with its last words, and not tried again.
failed() { # failed ROW TOOL
	note "$1" "$2" failed
}

has_failed() { # has_failed ROW TOOL
	grep -qsP "^$1\t$2\tfailed" "$BENCH_WORK/results.tsv"
}

# What it says is shown when it fails. (Here `set -e` does not reach into functions: they use &&.)
quietly() {
	"$@" >"$W/log" 2>&1 && return
	say "failed: $*"
	tail -n 5 "$W/log" >&2
	return 1
}

# timed ROW TOOL COMMAND… : its milliseconds. Others' unwritten pages are not on its clock.
timed() {
	local row=$1 tool=$2 start
	shift 2
	sync -f "$W"
	start=${EPOCHREALTIME/./}
	if quietly "$@"; then
		start=$((${EPOCHREALTIME/./} - start))
		note "$row" "$tool" "$((start / 1000)).$(printf %03d $((start % 1000)))"
	else
		failed "$row" "$tool"
		return 1
	fi
}

# rounds N 'TOOL…' FUNCTION : FUNCTION TOOL for each, N times, in turn: what disturbs this machine for
# a while disturbs all of them. Every other round goes backwards.
rounds() {
	local n=$1 tools=$2 function=$3 i tool order
	for ((i = 1; i <= n; i++)); do
		order=$tools
		if [ $((i % 2)) = 0 ]; then order=$(tac -s ' ' <<<"$tools " | tr '\n' ' '); fi
		say "${function//_/ }, run $i of $n:" $order
		for tool in $order; do
			"$function" "$tool" || true
		done
	done
}

# ---- of processes ----

with_children() { # with_children PID : it and those that it started
	echo "$1" $(cat /proc/"$1"/task/*/children)
}

resident_mb() { # resident_mb PID
	local pid sum=0
	for pid in $(with_children "$1"); do
		sum=$((sum + $(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")))
	done
	echo "$((sum / 1024)).$((sum % 1024 * 10 / 1024))"
}
