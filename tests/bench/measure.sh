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

# CPU seconds of everything in the cage up to now: of all living processes and of all the children
# they waited for. So a daemon's work counts, and what else this machine does, does not.
cpu_seconds() {
	cat /proc/[0-9]*/stat 2>/dev/null | sum_of_times
}

sum_of_times() {
	sed 's/.*) //' | awk -v hz="$(getconf CLK_TCK)" '{t += $12 + $13 + $14 + $15} END {print t / hz}'
}

since() { # since MICROSECONDS : milliseconds
	local t=$((${EPOCHREALTIME/./} - $1))
	echo "$((t / 1000)).$(printf %03d $((t % 1000)))"
}

# timed ROW TOOL COMMAND… : its milliseconds, and CPU milliseconds. Others' unwritten pages are not on its
# clock.
timed() {
	local row=$1 tool=$2 start cpu
	shift 2
	sync -f "$W"
	cpu=$(cpu_seconds)
	start=${EPOCHREALTIME/./}
	if quietly "$@"; then
		note "$row" "$tool" "$(since "$start")"
		note "$row.cpu" "$tool" "$(awk -v a="$cpu" -v b="$(cpu_seconds)" 'BEGIN {print (b - a) * 1000}')"
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

server_cpu() { # server_cpu WHO : its CPU seconds
	local pid
	for pid in $(with_children "$(server_pid "$1")"); do cat "/proc/$pid/stat"; done | sum_of_times
}

resident_mb() { # resident_mb PID
	local pid sum=0
	for pid in $(with_children "$1"); do
		sum=$((sum + $(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")))
	done
	echo "$((sum / 1024)).$((sum % 1024 * 10 / 1024))"
}
