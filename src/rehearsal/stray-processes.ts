import { runCommand } from '../base/run-command.ts';

export interface StrayOptions {
  /** A session, and so a group, of its own. */
  setsid: boolean;
  ignoreTerm: boolean;
  /** Without our environment, and so without the marks by which it is found. */
  scrubEnv: boolean;
}

// setsid is missing on macOS, where Perl is not.
const LAUNCH = `
own=$1 scrub=$2; shift 2
if [ "$scrub" = yes ]; then set -- env -i PATH="$PATH" "$@"; fi
if [ "$own" = yes ] && command -v setsid >/dev/null 2>&1; then set -- setsid "$@"
elif [ "$own" = yes ]; then set -- perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' "$@"
fi
"$@" </dev/null >/dev/null 2>&1 &`;

/** Starts a process that sleeps and ends by itself after `ms`; it outlives its parent. */
export async function startSleeper(ms: number, options: StrayOptions): Promise<void> {
  await start(options, ['sh', '-c', `${deafness(options)} exec sleep "$1"`, 'stray', seconds(ms)]);
}

export interface LateWrite {
  afterMs: number;
  path: string;
  text: string;
  append: boolean;
}

/** Starts a process that writes a file later, when nobody looks for its parent any more. */
export async function startLateWriter(write: LateWrite, options: StrayOptions): Promise<void> {
  const arrow = write.append ? '>>' : '>';
  const body = `${deafness(options)} sleep "$1"; printf %s "$3" ${arrow}"$2"`;
  await start(options, ['sh', '-c', body, 'stray', seconds(write.afterMs), write.path, write.text]);
}

async function start({ setsid, scrubEnv }: StrayOptions, command: readonly string[]): Promise<void> {
  const yesNo = (claim: boolean) => (claim ? 'yes' : 'no');
  const args = ['-c', LAUNCH, 'launch', yesNo(setsid), yesNo(scrubEnv), ...command];
  const run = await runCommand('sh', args, { leavesBehind: true });
  if (run.exitCode !== 0) throw new Error(`A stray process did not start: ${run.stderr}`);
}

// What ignores a signal when it starts another program leaves it ignored there.
function deafness({ ignoreTerm }: StrayOptions): string {
  return ignoreTerm ? "trap '' TERM INT HUP;" : '';
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
