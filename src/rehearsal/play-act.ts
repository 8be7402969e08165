import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { runCommand } from '../base/run-command.ts';
import { withStatusLine } from './markdown.ts';
import { placeOf, writeAt } from './places.ts';
import { playPhase } from './play-phase.ts';
import { type Printer, printMuch } from './print-much.ts';
import { answerAll } from './qa-text.ts';
import type { Act } from './scenario.ts';
import { readOverview, readSessionFile, type Scene } from './scene.ts';
import { startLateWriter, startSleeper } from './stray-processes.ts';

export interface ActContext extends Printer {
  scene: Scene;
  /** What commands and scripts inherit. */
  env: Readonly<Record<string, string>>;
  /** Absolute path of the scenario; script acts are found beside it. */
  scenarioPath: string;
  /** Makes the process deaf to TERM, INT and HUP. */
  ignoreTerm(): void;
}

/** Does one act. @returns an exit code when the act ends the process */
export async function playAct(act: Act, context: ActContext): Promise<number | undefined> {
  const { scene, clock } = context;
  switch (act.act) {
    case 'normal': {
      const words = await playPhase({ ...scene, signals: act.signal });
      if (act.result) scene.stage.finish(words);
      return undefined;
    }
    case 'close-without-signal':
      scene.stage.finish('I am done.');
      return 0;
    case 'hold-after-result':
      scene.stage.finish('I am done, and I stay.');
      await clock.sleep(act.ms);
      return undefined;
    case 'hang':
    case 'sleep':
      await clock.sleep(act.ms);
      return undefined;
    case 'exit':
      return act.code;
    case 'kill-self':
      process.kill(process.pid, act.signal);
      // A signal that does not kill at once leaves us running; the next act may then begin.
      await clock.sleep(50);
      return undefined;
    case 'ignore-term':
      context.ignoreTerm();
      return undefined;
    case 'limit':
      return reachLimit(context, act.resetsInSeconds);
    default:
      await playOnFiles(act, context);
      return undefined;
  }
}

type QuietAct = Exclude<
  Act,
  {
    act:
      | 'normal'
      | 'close-without-signal'
      | 'hold-after-result'
      | 'hang'
      | 'sleep'
      | 'exit'
      | 'kill-self'
      | 'ignore-term'
      | 'limit';
  }
>;

async function playOnFiles(act: QuietAct, context: ActContext): Promise<void> {
  const { scene, clock } = context;
  switch (act.act) {
    case 'fork':
      for (let nth = 0; nth < act.count; nth++) await startSleeper(act.ms, act);
      return;
    case 'daemon': {
      const { path, text, append } = act.write;
      const write = { afterMs: act.thenAfterMs, path: placeOf(scene, path), text, append };
      return startLateWriter(write, { ...act, setsid: true });
    }
    case 'print':
      return printMuch(act, context);
    case 'event':
      return scene.stage.print(act.json);
    case 'result':
      return scene.stage.print({
        type: 'result',
        subtype: 'success',
        is_error: false,
        total_cost_usd: 0,
        ...act.json,
      });
    case 'signal-file':
      return writeAt(placeOf(scene, 'signal'), act.text, { append: false });
    case 'write':
      return writeAt(placeOf(scene, act.path), act.text, {
        append: act.append,
        pieceEveryMs: act.pieceEveryMs,
        clock,
      });
    case 'remove':
      return rm(placeOf(scene, act.path), { force: true, recursive: true });
    case 'answer-qa': {
      const text = (await readSessionFile(scene, '_qa.md')) ?? '';
      const answered =
        act.answer === undefined ? answerAll(text) : text.replaceAll('_waiting_', () => act.answer ?? '');
      return writeWhole(placeOf(scene, 'qa'), answered);
    }
    case 'set-phase':
      return writeWhole(
        placeOf(scene, 'overview'),
        withStatusLine(await readOverview(scene), 'Phase', act.phase),
      );
    case 'run':
      return runIn(context, act.command);
    case 'script':
      return runIn(context, [process.execPath, resolve(dirname(context.scenarioPath), act.path)]);
    default:
      return act satisfies never;
  }
}

/** What claude prints when a subscription's limit is reached. */
function reachLimit({ scene, clock }: ActContext, resetsInSeconds: number | undefined): number {
  const words = "You've hit your usage limit.";
  const resetsAt =
    resetsInSeconds === undefined ? {} : { resetsAt: Math.ceil(clock.now() / 1000 + resetsInSeconds) };
  const info = { status: 'rejected', rateLimitType: 'five_hour', ...resetsAt };
  const failure = {
    api_error_status: 429,
    api_error_type: 'rate_limit_error',
    api_error: 'usage_limit_reached',
  };
  const content = [{ type: 'text', text: words }];
  scene.stage.print({ type: 'rate_limit_event', rate_limit_info: info });
  scene.stage.print({
    type: 'assistant',
    message: { model: '<synthetic>', content },
    error: 'rate_limit',
    ...failure,
  });
  scene.stage.print({
    type: 'result',
    subtype: 'success',
    is_error: true,
    total_cost_usd: 0,
    result: words,
    ...failure,
  });
  return 1;
}

async function runIn({ scene, env: inherited }: ActContext, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = command;
  const env = {
    ...inherited,
    REHEARSAL_SESSION_DIR: scene.sessionDir,
    REHEARSAL_WORKING_DIR: scene.workingDir,
    REHEARSAL_PHASE: scene.phase,
    REHEARSAL_ITERATION: String(scene.iteration),
  };
  const run = await runCommand(file, args, { cwd: scene.workingDir, env, leavesBehind: true });
  // Difficult on purpose: a command that fails is an outcome to look at, no reason to end.
  if (run.exitCode !== 0)
    await scene.stage.say(`${file} ended with ${run.exitCode}: ${run.stderr.slice(-500)}`);
}
