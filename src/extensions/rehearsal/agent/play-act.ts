import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ClaudeLines } from './claude-lines.ts';
import { runAsAgent, startLeftover } from './run-as-agent.ts';
import { actsFor, honestRules, type ScenarioAct } from './scenario.ts';
import { fill } from './situation.ts';
import { storyRules } from './story.ts';
import { type ActContext, type Acts, type Named, WORK } from './work.ts';

/** Plays each kind of act: honest work, and everything that a process can do wrong. */
const ACTS: Acts<ScenarioAct['act']> = {
  ...WORK,
  normal: ({ signal, result }, context) => {
    const rules = [...storyRules(context.scenario.story), ...honestRules()];
    const acts = actsFor(rules, context.situation.occasion) ?? [];
    return playActs(acts, { ...context, signals: signal, results: result });
  },
  hang: ({ ms }, { clock }) => clock.sleep(ms),
  sleep: ({ ms }, { clock }) => clock.sleep(ms),
  exit: ({ code }) => code,
  'kill-self': ({ signal }, { clock }) => {
    process.kill(process.pid, signal);
    // A signal can end the process a moment later. If it does not, the next act is played.
    return clock.sleep(50);
  },
  'ignore-term': (_act, context) => context.ignoreTerm(),
  leave: async (act, context) => {
    for (let nth = 0; nth < act.count; nth++) await startLeftover(act, surroundings(context));
  },
  print,
  event: ({ json }, { lines }) => lines.print(json),
  result: ({ json }, { lines }) => printResult(lines, json),
  limit: reachLimit,
  windows: printWindows,
  'signal-file': ({ text }, context) => writeFile(pathOf('signal', context), text),
  // Overwrites the file in place, like a careless program.
  write: async ({ path: place, text, append }, context) => {
    const path = pathOf(place, context);
    await mkdir(dirname(path), { recursive: true });
    await (append ? appendFile : writeFile)(path, text);
  },
  remove: ({ path }, context) => rm(pathOf(path, context), { force: true, recursive: true }),
  run: ({ command: [file = '', ...args] }, context) => run(context, file, args),
  script: ({ path }, context) =>
    run(context, process.execPath, [resolve(dirname(context.scenarioPath), path)]),
};

/** Plays acts in order. @returns the exit code of the act that ended the process */
export async function playActs(acts: readonly ScenarioAct[], context: ActContext): Promise<unknown> {
  for (const act of acts) {
    const filled = act.act in WORK ? fill(act, await context.words()) : act;
    // The entry matches the act's kind, which TypeScript cannot infer from indexing by a union.
    const exitCode = await ACTS[act.act](filled as never, context);
    if (typeof exitCode === 'number') return exitCode;
  }
  return undefined;
}

const FILES = new Map([
  ['qa', '_qa.md'],
  ['overview', '_overview.md'],
  ['signal', '_signal.json'],
  ['history', '_signal_history.jsonl'],
]);

/** The absolute path of a place named in a scenario, such as `qa` or `worktree:src/a.ts`. */
function pathOf(place: string, { situation }: ActContext): string {
  const { sessionDir, workingDir } = situation.facts;
  const [root = ''] = place.split(':', 1);
  const path = FILES.get(place) ?? place.slice(root.length + 1);
  return resolve(root === 'worktree' ? workingDir : sessionDir, path);
}

const PIECE_CHARACTERS = 1024 * 1024;

/** Prints a text repeatedly, with pauses in which signals are received. */
async function print({ text, times, to }: Named<'print'>, { write, clock }: ActContext): Promise<void> {
  const atOnce = Math.ceil(PIECE_CHARACTERS / text.length);
  for (let left = times; left > 0; left -= atOnce) {
    await write(text.repeat(Math.min(left, atOnce)), to);
    await clock.sleep(0);
  }
}

function printResult(lines: ClaudeLines, json: Record<string, unknown>): void {
  lines.print({ type: 'result', subtype: 'success', is_error: false, total_cost_usd: 0, ...json });
}

const LIMIT = { api_error_status: 429, api_error_type: 'rate_limit_error', api_error: 'usage_limit_reached' };

/** Prints what claude prints at the limit of a subscription. */
function reachLimit({ resetsInSeconds: seconds }: Named<'limit'>, { lines, clock }: ActContext): number {
  const text = "You've hit your usage limit.";
  const resetsAt = seconds === undefined ? undefined : Math.ceil(clock.now() / 1000 + seconds);
  const rate_limit_info = { status: 'rejected', rateLimitType: 'five_hour', resetsAt };
  const message = { model: '<synthetic>', content: [{ type: 'text', text }] };
  lines.print({ type: 'rate_limit_event', rate_limit_info });
  lines.print({ type: 'assistant', message, error: 'rate_limit', ...LIMIT });
  printResult(lines, { is_error: true, result: text, ...LIMIT });
  return 1;
}

/** Prints what claude prints of the windows of a plan after an answer; the shares are from 0 to 1. */
function printWindows(
  { fiveHours, sevenDays, endsInSeconds }: Named<'windows'>,
  { lines, clock }: ActContext,
): void {
  const resetsAt = Math.ceil(clock.now() / 1000 + endsInSeconds);
  const of = (utilization: number | undefined) =>
    utilization === undefined ? undefined : { utilization, resetsAt, status: 'allowed' };
  const unifiedWindows = { five_hour: of(fiveHours), seven_day: of(sevenDays) };
  const rate_limit_info = { status: 'allowed', rateLimitType: 'five_hour', resetsAt, unifiedWindows };
  lines.print({ type: 'rate_limit_event', rate_limit_info });
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
