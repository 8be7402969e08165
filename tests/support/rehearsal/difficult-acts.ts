import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { ClaudeLines } from '../../../src/extensions/rehearsal/agent/claude-lines.ts';
import { runAsAgent } from '../../../src/extensions/rehearsal/agent/run-as-agent.ts';
import { act, type FurtherActs } from '../../../src/extensions/rehearsal/agent/scenario.ts';
import type { ActContext } from '../../../src/extensions/rehearsal/agent/work.ts';

const AN_HOUR = 3_600_000;
const milliseconds = z.number().nonnegative();
const no = z.boolean().default(false);
const json = z.record(z.string(), z.unknown());
/** A file: `qa`, `overview`, `signal`, `history`, `session:<name>`, `worktree:<path>` or `abs:<absolute path>`. */
const place = z.string().regex(/^(?:qa|overview|signal|history|(?:session|worktree|abs):.+)$/);

/** Everything that a process can do wrong. */
export const DIFFICULT_ACTS: FurtherActs = {};

function add<Name extends string, Fields extends z.ZodRawShape>(
  name: Name,
  fields: Fields,
  play: (act: z.infer<z.ZodObject<Fields>>, context: ActContext) => unknown,
): void {
  DIFFICULT_ACTS[name] = { form: act(name, fields), play };
}

add('hang', { ms: milliseconds.default(AN_HOUR) }, ({ ms }, { clock }) => clock.sleep(ms));
add('sleep', { ms: milliseconds }, ({ ms }, { clock }) => clock.sleep(ms));
add('exit', { code: z.int().min(0).max(255) }, ({ code }) => code);
const signalName = z.string().regex(/^SIG[A-Z0-9]+$/);
add('kill-self', { signal: signalName.default('SIGKILL') }, ({ signal }, { clock }) => {
  process.kill(process.pid, signal);
  // A signal can end the process a moment later. If it does not, the next act is played.
  return clock.sleep(50);
});
add('ignore-term', {}, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    process.removeAllListeners(signal).on(signal, () => undefined);
});

const leftover = {
  command: z.array(z.string()).min(1).default(['sleep', '600']),
  count: z.int().min(1).max(500).default(1),
  /** In a new session, and therefore in a new process group. */
  setsid: no,
  ignoreTerm: no,
  /** Without our environment, and therefore without the marker that identifies it. */
  scrubEnv: no,
};
add('leave', leftover, async ({ count, command, setsid, ignoreTerm, scrubEnv }, context) => {
  const { cwd, env } = surroundings(context);
  // A program inherits the signals that its shell ignores.
  const script = `${ignoreTerm ? "trap '' TERM INT HUP; " : ''}"$@" &`;
  const options = {
    cwd,
    env: scrubEnv ? { PATH: env.PATH } : env,
    stdio: 'ignore',
    detached: setsid,
  } as const;
  for (let nth = 0; nth < count; nth++)
    await once(spawn('sh', ['-c', script, 'stray', ...command], options), 'exit');
});

const PIECE_CHARACTERS = 1024 * 1024;
const printed = {
  text: z.string().min(1),
  times: z.int().positive(),
  to: z.enum(['stdout', 'stderr']).default('stdout'),
};
// With pauses in which signals are received.
add('print', printed, async ({ text, times, to }, { clock }) => {
  const atOnce = Math.ceil(PIECE_CHARACTERS / text.length);
  for (let left = times; left > 0; left -= atOnce) {
    const piece = text.repeat(Math.min(left, atOnce));
    await new Promise<void>((written) => process[to].write(piece, () => written()));
    await clock.sleep(0);
  }
});
add('event', { json }, (event, { lines }) => lines.print(event.json));
add('result', { json: json.default({}) }, (result, { lines }) => printResult(lines, result.json));

const LIMIT = { api_error_status: 429, api_error_type: 'rate_limit_error', api_error: 'usage_limit_reached' };
// As claude prints it at the limit of a subscription.
add('limit', { resetsInSeconds: z.number().optional() }, ({ resetsInSeconds: seconds }, { lines, clock }) => {
  const text = "You've hit your usage limit.";
  const resetsAt = seconds === undefined ? undefined : Math.ceil(clock.now() / 1000 + seconds);
  const rate_limit_info = { status: 'rejected', rateLimitType: 'five_hour', resetsAt };
  const message = { model: '<synthetic>', content: [{ type: 'text', text }] };
  lines.print({ type: 'rate_limit_event', rate_limit_info });
  lines.print({ type: 'assistant', message, error: 'rate_limit', ...LIMIT });
  printResult(lines, { is_error: true, result: text, ...LIMIT });
  return 1;
});

const share = z.number().optional();
const windows = { fiveHours: share, sevenDays: share, endsInSeconds: z.number().default(3600) };
// As claude prints the windows of a plan after an answer; the shares are from 0 to 1.
add('windows', windows, ({ fiveHours, sevenDays, endsInSeconds }, { lines, clock }) => {
  const resetsAt = Math.ceil(clock.now() / 1000 + endsInSeconds);
  const of = (utilization: number | undefined) =>
    utilization === undefined ? undefined : { utilization, resetsAt, status: 'allowed' };
  const unifiedWindows = { five_hour: of(fiveHours), seven_day: of(sevenDays) };
  const rate_limit_info = { status: 'allowed', rateLimitType: 'five_hour', resetsAt, unifiedWindows };
  lines.print({ type: 'rate_limit_event', rate_limit_info });
});

add('signal-file', { text: z.string() }, ({ text }, context) => writeFile(pathOf('signal', context), text));
// Overwrites the file in place, like a careless program.
add(
  'write',
  { path: place, text: z.string(), append: no },
  async ({ path: named, text, append }, context) => {
    const path = pathOf(named, context);
    await mkdir(dirname(path), { recursive: true });
    await (append ? appendFile : writeFile)(path, text);
  },
);
add('remove', { path: place }, ({ path }, context) =>
  rm(pathOf(path, context), { force: true, recursive: true }),
);
add('run', { command: z.array(z.string()).min(1) }, ({ command: [file = '', ...args] }, context) =>
  run(context, file, args),
);
add('script', { path: z.string() }, ({ path }, context) => {
  const { REHEARSAL_SCENARIO: scenario = '' } = context.env;
  return run(context, process.execPath, [resolve(dirname(scenario), path)]);
});

const FILES = new Map([
  ['qa', '_qa.md'],
  ['overview', '_overview.md'],
  ['signal', '_signal.json'],
  ['history', '_signal_history.jsonl'],
]);

/** The absolute path of a place named in a scenario, such as `qa` or `worktree:src/a.ts`. */
function pathOf(named: string, { situation }: ActContext): string {
  const { sessionDir, workingDir } = situation.facts;
  const [root = ''] = named.split(':', 1);
  const path = FILES.get(named) ?? named.slice(root.length + 1);
  return resolve(root === 'worktree' ? workingDir : sessionDir, path);
}

function printResult(lines: ClaudeLines, fields: Record<string, unknown>): void {
  lines.print({ type: 'result', subtype: 'success', is_error: false, total_cost_usd: 0, ...fields });
}

/** Folder and environment of commands and scripts. */
function surroundings({ situation, env }: ActContext): { cwd: string; env: Record<string, string> } {
  const { sessionDir, workingDir, phase, iteration } = situation.facts;
  const own = {
    REHEARSAL_SESSION_DIR: sessionDir,
    REHEARSAL_WORKING_DIR: workingDir,
    REHEARSAL_PHASE: phase,
    REHEARSAL_ITERATION: String(iteration),
  };
  return { cwd: workingDir, env: { ...env, ...own } };
}

async function run(context: ActContext, file: string, args: string[]): Promise<void> {
  const { exitCode, stderr } = await runAsAgent(file, args, surroundings(context));
  // A command of a difficult agent can fail; the failure is reported and does not end the agent.
  if (exitCode !== 0) await context.lines.say(`${file} ended with ${exitCode}: ${stderr.slice(-500)}`);
}
