import { runAsAgent } from './run-as-agent.ts';

export interface StrayOptions {
  /** A session, and so a group, of its own. */
  setsid: boolean;
  ignoreTerm: boolean;
  /** Without our environment, and so without the marker by which it is found. */
  scrubEnv: boolean;
}

// setsid is missing on macOS, where Perl is not. What ignores a signal when it starts another program leaves it
// ignored there.
const LAUNCH = `
own=$1 scrub=$2 deaf=$3; shift 3
if [ "$scrub" = true ]; then set -- env -i PATH="$PATH" "$@"; fi
if [ "$own" = true ] && command -v setsid >/dev/null 2>&1; then set -- setsid "$@"
elif [ "$own" = true ]; then set -- perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' "$@"
fi
if [ "$deaf" = true ]; then trap '' TERM INT HUP; fi
"$@" </dev/null >/dev/null 2>&1 &`;

/** Starts a process that sleeps and ends after `ms`; it outlives its parent. */
export async function startSleeper(ms: number, options: StrayOptions): Promise<void> {
  await start(options, ['sleep', seconds(ms)]);
}

/** Starts a process in a session of its own that writes a file later, when its parent is gone. */
export async function startLateWriter(
  afterMs: number,
  { path, text, append }: { path: string; text: string; append: boolean },
  options: Omit<StrayOptions, 'setsid'>,
): Promise<void> {
  const body = `sleep "$1"; printf %s "$3" ${append ? '>>' : '>'}"$2"`;
  await start({ ...options, setsid: true }, ['sh', '-c', body, 'stray', seconds(afterMs), path, text]);
}

async function start({ setsid, scrubEnv, ignoreTerm }: StrayOptions, command: string[]): Promise<void> {
  const flags = [setsid, scrubEnv, ignoreTerm].map(String);
  const run = await runAsAgent('sh', ['-c', LAUNCH, 'launch', ...flags, ...command]);
  if (run.exitCode !== 0) throw new Error(`A stray process did not start: ${run.stderr}`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
