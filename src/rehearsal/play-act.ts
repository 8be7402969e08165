import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import { runCommand } from '../base/run-command.ts';
import { documentText } from '../session/document-text.ts';
import { changeOverview } from '../session/overview-change.ts';
import { readQa } from '../session/qa.ts';
import { writeAnswers } from '../session/qa-change.ts';
import type { ClaudeLines } from './claude-lines.ts';
import { HONEST_WORK } from './honest-work.ts';
import { placeOf, writeAt } from './places.ts';
import { printMuch } from './print-much.ts';
import { type Act, actsFor, type Scenario } from './scenario.ts';
import { readWords, type Situation, type Words } from './situation.ts';
import { startLateWriter, startSleeper } from './stray-processes.ts';
import { isWork, playWork, type WorkAct } from './work.ts';

export interface Stage {
  situation: Situation;
  scenario: Scenario;
  /** Absolute path of the scenario; script acts are found beside it. */
  scenarioPath: string;
  lines: ClaudeLines;
  clock: Clock;
  /** What commands and scripts inherit. */
  env: Readonly<Record<string, string>>;
  /** Resolves when the text has left the process. */
  write(text: string, to: 'stdout' | 'stderr'): Promise<void>;
  /** Makes the process deaf to TERM, INT and HUP. */
  ignoreTerm(): void;
}

/** Plays acts in their order. @returns the exit code of the act that ended the process */
export async function playActs(
  acts: readonly Act[],
  stage: Stage,
  { signals, results } = { signals: true, results: true },
): Promise<number | undefined> {
  const { situation, scenario, lines, env } = stage;
  let words: Words | undefined;
  const documents = new Set<string>();
  const edited = new Set<string>();
  for (const act of acts) {
    let exitCode: number | undefined;
    if (isWork(act)) {
      words ??= await readWords(situation, scenario.answers);
      exitCode = await playWork(act, { situation, words, lines, env, signals, results, edited, documents });
    } else exitCode = await playAct(act, stage);
    if (exitCode !== undefined) return exitCode;
  }
  return undefined;
}

type Difficult = Exclude<Act, WorkAct>;
type Difficulties = {
  /** Gives an exit code when the act ends the process. */
  [Name in Difficult['act']]: (act: Extract<Act, { act: Name }>, stage: Stage) => unknown;
};

const DIFFICULTIES: Difficulties = {
  normal: ({ signal, result }, stage) =>
    playActs(actsFor(HONEST_WORK, stage.situation.occasion) ?? [], stage, {
      signals: signal,
      results: result,
    }),
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
  'ignore-term': (_act, stage) => stage.ignoreTerm(),
  fork: async (act) => {
    for (let nth = 0; nth < act.count; nth++) await startSleeper(act.ms, act);
  },
  daemon: (act, stage) =>
    startLateWriter(act.thenAfterMs, { ...act.write, path: at(act.write.path, stage) }, act),
  print: printMuch,
  event: ({ json }, { lines }) => lines.print(json),
  result: ({ json }, { lines }) => printResult(lines, json),
  limit: ({ resetsInSeconds }, stage) => reachLimit(stage, resetsInSeconds),
  'signal-file': ({ text }, stage) =>
    writeAt(at('signal', stage), text, { append: false, clock: stage.clock }),
  write: (act, stage) => writeAt(at(act.path, stage), act.text, { ...act, clock: stage.clock }),
  remove: ({ path }, stage) => rm(at(path, stage), { force: true, recursive: true }),
  'answer-qa': ({ answer }, stage) => rewrite(at('qa', stage), (text) => answered(text, answer)),
  'set-phase': ({ phase }, stage) =>
    rewrite(at('overview', stage), (text) => changeOverview(text, { phase })),
  run: ({ command }, stage) => run(stage, command),
  script: ({ path }, stage) => run(stage, [process.execPath, resolve(dirname(stage.scenarioPath), path)]),
};

async function playAct(act: Difficult, stage: Stage): Promise<number | undefined> {
  // The table has the function of exactly this act.
  const exitCode = await DIFFICULTIES[act.act](act as never, stage);
  return typeof exitCode === 'number' ? exitCode : undefined;
}

function at(path: string, { situation }: Stage): string {
  return placeOf(situation.facts, path);
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeWhole(path, change((await documentText(path)) ?? ''));
}

/** Every question without an answer answered: as suggested, or all with the same words. */
export function answered(qa: string, answer?: string): string {
  const open = readQa(qa).questions.filter((question) => question.answer === undefined);
  return writeAnswers(
    qa,
    open.map(({ id, suggestion }) => ({ id, text: answer ?? suggestion?.letters[0] ?? 'A' })),
  );
}

function printResult(lines: ClaudeLines, json: Record<string, unknown>): void {
  lines.print({ type: 'result', subtype: 'success', is_error: false, total_cost_usd: 0, ...json });
}

/** What claude prints when the limit of a subscription is reached. */
function reachLimit({ lines, clock }: Stage, resetsInSeconds: number | undefined): number {
  const words = "You've hit your usage limit.";
  const resetsAt = resetsInSeconds && Math.ceil(clock.now() / 1000 + resetsInSeconds);
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

async function run({ situation, env: inherited, lines }: Stage, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = command;
  const { sessionDir, workingDir, phase, iteration } = situation.facts;
  const env = {
    ...inherited,
    REHEARSAL_SESSION_DIR: sessionDir,
    REHEARSAL_WORKING_DIR: workingDir,
    REHEARSAL_PHASE: phase,
    REHEARSAL_ITERATION: String(iteration),
  };
  const { exitCode, stderr } = await runCommand(file, args, { cwd: workingDir, env, leavesBehind: true });
  // Difficult on purpose: a command that fails is an outcome to look at, no reason to end.
  if (exitCode !== 0) await lines.say(`${file} ended with ${exitCode}: ${stderr.slice(-500)}`);
}
