import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeWhole } from '../base/files/atomic-file.ts';
import { documentText } from '../session/documents/document-text.ts';
import { changeOverview } from '../session/documents/overview-change.ts';
import { parseQa } from '../session/documents/qa.ts';
import { writeAnswers } from '../session/documents/qa-change.ts';
import type { ActContext, Acts } from './act-context.ts';
import type { ClaudeLines } from './claude-lines.ts';
import { HONEST_WORK } from './honest-work.ts';
import { printMuch } from './print-much.ts';
import { runAsAgent } from './run-as-agent.ts';
import { actsFor, ScenarioAct } from './scenario.ts';
import { pathOfPlace, writeAt } from './scenario-places.ts';
import { startLateWriter, startSleeper } from './stray-processes.ts';
import { WORK } from './work.ts';

/** Honest work, and everything that a process can do wrong. */
const ACTS: Acts<ScenarioAct['act']> = {
  ...WORK,
  normal: ({ signal, result }, context) => {
    const acts = actsFor(HONEST_WORK, context.situation.occasion) ?? [];
    return playActs(
      acts.map((act) => ScenarioAct.parse(act)),
      { ...context, signals: signal, results: result },
    );
  },
  'close-without-signal': (_act, { lines }) => {
    lines.finish('I am done.');
    return 0;
  },
  'hold-after-result': ({ ms }, { lines, clock }) => {
    lines.finish('I am done, and I stay.');
    return clock.sleep(ms);
  },
  hang: ({ ms }, { clock }) => clock.sleep(ms),
  sleep: ({ ms }, { clock }) => clock.sleep(ms),
  exit: ({ code }) => code,
  'kill-self': ({ signal }, { clock }) => {
    process.kill(process.pid, signal);
    // A signal that does not kill at once leaves us running; the next act may then begin.
    return clock.sleep(50);
  },
  'ignore-term': (_act, context) => context.ignoreTerm(),
  fork: async (act) => {
    for (let nth = 0; nth < act.count; nth++) await startSleeper(act.ms, act);
  },
  daemon: (act, context) =>
    startLateWriter(act.thenAfterMs, { ...act.write, path: at(act.write.path, context) }, act),
  print: printMuch,
  event: ({ json }, { lines }) => lines.print(json),
  result: ({ json }, { lines }) => printResult(lines, json),
  limit: ({ resetsInSeconds }, context) => reachLimit(context, resetsInSeconds),
  'signal-file': ({ text }, context) =>
    writeAt(at('signal', context), text, { append: false, clock: context.clock }),
  write: (act, context) => writeAt(at(act.path, context), act.text, { ...act, clock: context.clock }),
  remove: ({ path }, context) => rm(at(path, context), { force: true, recursive: true }),
  'answer-qa': ({ answer }, context) => rewrite(at('qa', context), (text) => answered(text, answer)),
  'set-phase': ({ phase }, context) =>
    rewrite(at('overview', context), (text) => changeOverview(text, { phase })),
  run: ({ command }, context) => run(context, command),
  script: ({ path }, context) =>
    run(context, [process.execPath, resolve(dirname(context.scenarioPath), path)]),
};

/** Plays acts in their order. @returns the exit code of the act that ended the process */
export async function playActs(
  acts: readonly ScenarioAct[],
  context: ActContext,
): Promise<number | undefined> {
  for (const act of acts) {
    // The table has the function of exactly this act.
    const exitCode = await ACTS[act.act](act as never, context);
    if (typeof exitCode === 'number') return exitCode;
  }
  return undefined;
}

function at(path: string, { situation }: ActContext): string {
  return pathOfPlace(situation.facts, path);
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeWhole(path, change((await documentText(path)) ?? ''));
}

/** Every question without an answer answered: as suggested, or all with the same words. */
export function answered(qa: string, answer?: string): string {
  const open = parseQa(qa).questions.filter((question) => question.answer === undefined);
  return writeAnswers(
    qa,
    open.map(({ id, suggestion }) => ({ id, text: answer ?? suggestion?.letters[0] ?? 'A' })),
  );
}

function printResult(lines: ClaudeLines, json: Record<string, unknown>): void {
  lines.print({ type: 'result', subtype: 'success', is_error: false, total_cost_usd: 0, ...json });
}

/** What claude prints when the limit of a subscription is reached. */
function reachLimit({ lines, clock }: ActContext, resetsInSeconds: number | undefined): number {
  const words = "You've hit your usage limit.";
  const resetsAt =
    resetsInSeconds === undefined ? undefined : Math.ceil(clock.now() / 1000 + resetsInSeconds);
  const failure = {
    api_error_status: 429,
    api_error_type: 'rate_limit_error',
    api_error: 'usage_limit_reached',
  };
  lines.print({
    type: 'rate_limit_event',
    rate_limit_info: { status: 'rejected', rateLimitType: 'five_hour', resetsAt },
  });
  lines.print({
    type: 'assistant',
    message: { model: '<synthetic>', content: [{ type: 'text', text: words }] },
    error: 'rate_limit',
    ...failure,
  });
  printResult(lines, { is_error: true, result: words, ...failure });
  return 1;
}

async function run(
  { situation, env: inherited, lines }: ActContext,
  command: readonly string[],
): Promise<void> {
  const [file = '', ...args] = command;
  const { sessionDir, workingDir, phase, iteration } = situation.facts;
  const env = {
    ...inherited,
    REHEARSAL_SESSION_DIR: sessionDir,
    REHEARSAL_WORKING_DIR: workingDir,
    REHEARSAL_PHASE: phase,
    REHEARSAL_ITERATION: String(iteration),
  };
  const { exitCode, stderr } = await runAsAgent(file, args, { cwd: workingDir, env });
  // Difficult on purpose: a command that fails is an outcome to look at, no reason to end.
  if (exitCode !== 0) await lines.say(`${file} ended with ${exitCode}: ${stderr.slice(-500)}`);
}
