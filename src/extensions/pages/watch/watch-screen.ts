import { askAtGate } from '../../../core/acts/gates/ask-at-gate.ts';
import { type ShownSession, watchSessions } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Acted } from '../../../core/caller/facts/acted.ts';
import type { FormField } from '../../../core/caller/facts/form.ts';
import { askField } from '../../../core/faces/terminal/ask.ts';
import { type Cli, EXIT, type Menus } from '../../../core/faces/terminal/cli.ts';
import { cutToColumns } from '../../../core/faces/terminal/columns.ts';
import { Drafts } from '../../../core/faces/terminal/drafts.ts';
import { showPending } from '../../../core/faces/terminal/show-pending.ts';
import type { ScreenEvent, WholeScreen } from '../../../core/faces/terminal/whole-screen.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import { runAtTerminal } from '../../../core/kernel/processes/run-at-terminal.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import type { ShowDigits } from '../web/confirm/confirmed-tabs.ts';
import { DETAILS, type Detail, detailStamp, readDetail } from './details.ts';
import { selectedRow, watchedRows } from './groups.ts';
import type { WatchAct } from './keys.ts';
import { type KeyIntent, press } from './press.ts';
import { countsSeconds } from './row-line.ts';
import { listHeight, screenLines } from './screen-lines.ts';
import { START_PLACE, type WatchedRow, type WatchModel, type WatchPlace } from './watch-model.ts';

export interface WatchInput {
  session?: string;
  projectDir?: string;
  run: (argv: readonly string[]) => Promise<unknown>;
}

type Terminal = Required<Pick<Cli, 'screen' | 'menus'>>;

export async function watchOnScreen(cli: Cli, terminal: Terminal, watched: WatchInput): Promise<void> {
  using ended = new LinkedController(cli.interrupted);
  const parts = { ...watched, cli, ended, context: await cli.actionContext(), menus: await terminal.menus() };
  await new Watch(parts).show(terminal.screen);
}

interface Parts extends WatchInput {
  cli: Cli;
  context: ActionContext;
  menus: Menus;
  ended: AbortController;
}

/** Redraws every second while a time in seconds is shown, otherwise rarely; also on each key and each change. */
const TICK_MS = 1000;
const IDLE_TICK_MS = 10_000;

class Watch {
  readonly #parts: Parts;
  #model: WatchModel;
  #place: WatchPlace = START_PLACE;
  /** The stamps of the details that were read last. */
  readonly #read: Record<Detail, string> = { commits: '', tail: '' };
  #isReading = false;
  #failure: { error: unknown } | undefined;
  /** Those of the page that this screen serves, by their text. */
  readonly #pageFailures = new Map<string, unknown>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#model = { rows: undefined, nowMs: parts.context.clock.now() };
  }

  async show(openScreen: Terminal['screen']): Promise<void> {
    const { ended } = this.#parts;
    const screen = openScreen((event) => this.#handle(event, screen));
    try {
      screen.open();
      this.#draw();
      await Promise.all([this.#follow(), this.#tick()]);
    } catch (error) {
      if (!ended.signal.aborted || ended.signal.reason !== error) throw error;
    } finally {
      ended.abort();
      screen.close();
    }
    for (const error of this.#pageFailures.values()) this.#parts.cli.output.error(error);
    if (this.#failure) throw this.#failure.error;
    this.#parts.cli.interrupted.throwIfAborted();
  }

  async #follow(): Promise<void> {
    const { session, projectDir, context, ended } = this.#parts;
    for await (const sessions of watchSessions({ session, projectDir, signal: ended.signal }, context)) {
      const rows = watchedRows(sessions);
      this.#model = { ...this.#model, rows };
      // When the list changes, the same session stays selected, not the same line.
      this.#place = { ...this.#place, selected: this.#place.selected ?? rows[0]?.key };
      this.#draw();
    }
  }

  async #tick(): Promise<void> {
    const { clock } = this.#parts.context;
    const { signal } = this.#parts.ended;
    for (;;) {
      await clock.sleep(TICK_MS, signal);
      const { rows = [], nowMs: drawnMs } = this.#model;
      const nowMs = clock.now();
      // The clock may have been set back.
      if (countsSeconds(rows, nowMs) || Math.abs(nowMs - drawnMs) >= IDLE_TICK_MS) this.#draw();
      else this.#readDetails();
    }
  }

  #draw(): void {
    const { cli, context } = this.#parts;
    const { output } = cli;
    const { columns, rows, style } = output;
    this.#model = { ...this.#model, nowMs: context.clock.now() };
    output.draw(screenLines(this.#model, this.#place, { columns, rows, style }), cutToColumns);
    this.#readDetails();
  }

  #handle(event: ScreenEvent, screen: WholeScreen): void {
    if (event.kind === 'key') {
      const model = this.#model;
      const height = listHeight(model, this.#place, this.#parts.cli.output);
      const pressed = press(event.key, { model, place: this.#place, height });
      this.#place = pressed.place;
      if (pressed.intent) this.#perform(pressed.intent, screen);
    }
    this.#draw();
  }

  #perform(intent: KeyIntent, screen: WholeScreen): void {
    const { cli, ended } = this.#parts;
    switch (intent.kind) {
      case 'quit':
        cli.leaveWith(intent.isInterrupt ? EXIT.interrupted : EXIT.ok);
        ended.abort();
        return;
      case 'suspend':
        screen.suspend();
        return;
      case 'redraw':
        cli.output.forgetScreen();
        return;
      case 'act':
        void this.#act(intent, screen).catch(this.#fail);
        return;
      default:
        intent satisfies never;
    }
  }

  /** Restores the terminal for the questions of an action, then shows the screen again. */
  async #act({ act: what, row }: Extract<KeyIntent, { kind: 'act' }>, screen: WholeScreen): Promise<void> {
    const { cli, menus, ended, run } = this.#parts;
    screen.close();
    try {
      const notice = await ACTS[what](row, {
        cli,
        menus,
        run,
        ended,
        showDigits: this.#showDigits,
        failed: this.#showFailure,
      });
      this.#place = { ...this.#place, notice };
    } catch (error) {
      if (ended.signal.aborted) return;
      if (!showPending(cli, error)) cli.output.error(error);
      await menus.pause(BACK);
    } finally {
      // The command set an exit status, but the screen continues.
      cli.leaveWith(EXIT.ok);
      if (!ended.signal.aborted) screen.open();
    }
    this.#draw();
  }

  readonly #showDigits: ShowDigits = async (digits) => {
    this.#model = { ...this.#model, digits };
    this.#draw();
    return true;
  };

  readonly #showFailure = (error: unknown) => {
    const words = oneLine(error instanceof Error ? error.message : String(error));
    this.#pageFailures.set(words, error);
    this.#place = { ...this.#place, notice: `The page failed; details follow when you leave: ${words}` };
    this.#draw();
  };

  /** Reads the details that may have changed, one at a time. */
  #readDetails(): void {
    const row = selectedRow(this.#model, this.#place);
    if (row === undefined || this.#isReading || this.#parts.ended.signal.aborted) return;
    const { key, session } = row;
    for (const what of DETAILS) {
      const stamp = `${key} ${detailStamp(what, session, this.#model.nowMs)}`;
      if (this.#read[what] === stamp) continue;
      this.#read[what] = stamp;
      this.#isReading = true;
      void this.#readOne(what, session).catch(this.#fail);
      return;
    }
  }

  async #readOne(what: Detail, session: ShownSession): Promise<void> {
    const { runDir: key } = session.view.paths;
    try {
      const found = await readDetail(what, session, this.#parts.context);
      const { details } = this.#model;
      const known = details?.key === key ? details : undefined;
      this.#model = { ...this.#model, details: { ...known, key, ...found } };
    } finally {
      this.#isReading = false;
    }
    this.#draw();
  }

  readonly #fail = (error: unknown) => {
    this.#failure ??= { error };
    this.#parts.ended.abort();
  };
}

const BACK = 'back to the screen';

type ActDeps = Pick<Parts, 'cli' | 'menus' | 'run' | 'ended'> & {
  showDigits: ShowDigits;
  failed(error: unknown): void;
};

/**
 * Performs the action of a key with the same questions and acts as in a terminal.
 * @returns what was done, as a sentence; undefined when the person cancelled or has read the output
 */
type Perform = (row: WatchedRow, deps: ActDeps) => Promise<string | undefined>;

const ACTS: Readonly<Record<WatchAct, Perform>> = {
  async answer(row, { cli }) {
    const { getStatus } = await import('../../../core/caller/facts/get-status.ts');
    const { view } = await getStatus(questionOf(row), await cli.actionContext());
    return await askAtGate(cli, view, questionOf(row));
  },
  async message(row, { cli }) {
    const asked = { title: `Message for the next agent of ${row.name}` };
    return await written(row, { cli, asked }, async (text) => {
      const { sendMessage } = await import('../../../core/acts/sessions/send-message.act.ts');
      return await sendMessage({ ...questionOf(row), text }, await cli.actionContext());
    });
  },
  async stop(row, { cli }) {
    const choices = [
      { value: 'after_iteration', title: 'after the current agent' },
      { value: 'now', title: 'now: end the current agent; what it has written is kept' },
    ];
    const title = `When should ${row.name} stop?`;
    const when = await askField(cli, { title, choices, default: 'after_iteration' });
    if (when !== 'after_iteration' && when !== 'now') return undefined;
    const { stopSession } = await import('../../../core/acts/sessions/stop-session.act.ts');
    return (await stopSession({ ...questionOf(row), when }, await cli.actionContext())).done;
  },
  async resume(row, { cli }) {
    const isDone = row.facts.state === 'done';
    const asked = isDone
      ? `New goal of ${row.name}`
      : `Note for the next agent of ${row.name}; Enter for none`;
    const check = isDone ? undefined : () => undefined;
    return await written(row, { cli, asked: { title: asked }, check }, async (text) => {
      const { resumeSession } = await import('../../../core/acts/sessions/resume-session.act.ts');
      const input = { ...questionOf(row), ...(isDone ? { goal: text } : { note: text }) };
      return await resumeSession(input, await cli.actionContext());
    });
  },
  edit,
  page: openLivePage,
  finish: command('finish'),
  report: command('report'),
  verify: command('verify'),
  output: (row, deps) => command('log', '--iteration', String(row.facts.iteration))(row, deps),
  log: command('log', '--lines', '2000'),
  diff: command('diff'),
};

interface Written {
  cli: Cli;
  asked: FormField;
  /** Returns what is missing in a text, which repeats the question; by default, any text at all. */
  check?: ((typed: string) => string | undefined) | undefined;
}

/** Asks for a text and sends it. @returns what was done; undefined if the person cancelled */
async function written(
  { key: runDir, facts }: WatchedRow,
  { cli, asked, check }: Written,
  send: (text: string) => Promise<Acted>,
): Promise<string | undefined> {
  await using drafts = new Drafts(cli, { paths: { folder: facts.session, runDir } });
  const text = await askField(await drafts.typing(), asked, check);
  if (text === undefined) return undefined;
  const { done } = await send(text);
  await drafts.recorded();
  return done;
}

function questionOf({ facts, projectDir }: WatchedRow) {
  return { session: facts.session, projectDir };
}

/** Runs a command and lets the person read its output before the screen comes back. */
function command(name: string, ...options: string[]): Perform {
  return async ({ facts, projectDir }, { run, menus }) => {
    const paths = name === 'diff' ? ['.'] : [];
    // The name of a session may begin with a dash.
    await run([name, '--project', projectDir, ...options, '--', facts.session, ...paths]);
    await menus.pause(BACK);
    return undefined;
  };
}

async function openLivePage({ key, name }: WatchedRow, deps: ActDeps): Promise<string | undefined> {
  const { cli, menus, ended, showDigits, failed } = deps;
  const [{ addressFor, openWeb, runWeb, WEB_DEFAULTS }, { pageKey }] = await Promise.all([
    import('../web/run-web.ts'),
    import('../../../core/caller/facts/live-page.ts'),
  ]);
  const { signal: interrupted } = ended;
  const context = await cli.actionContext();
  // If no other program serves the page, this one does until its screen is left.
  const web = await runWeb({ ...WEB_DEFAULTS, showDigits, interrupted, failed }, context);
  const at = `/s/${pageKey({ runDir: key })}`;
  const problem = await openWeb(web, context, { at, interrupted });
  if (problem === undefined) return `The page of ${name} is open in your browser.`;
  // The screen would cut it off.
  cli.output.say(`${problem} Its address:\n${await addressFor(web, context, at)}`);
  await menus.pause(BACK);
  return undefined;
}

async function edit({ name, facts }: WatchedRow, { cli }: ActDeps): Promise<string | undefined> {
  const { worktree = '' } = facts;
  if (statsAt(worktree) === undefined) return `The worktree of ${name} is gone; a resume restores it.`;
  const { VISUAL, EDITOR, SHELL = '/bin/sh' } = cli.env;
  const editor = VISUAL || EDITOR;
  if (!editor) cli.output.say(`A shell in the worktree of ${name}; "exit" returns to the screen.`);
  const command = editor ? `${editor} .` : 'exec "$1"';
  await runAtTerminal({ command, args: [SHELL], cwd: worktree, env: cli.env });
  return undefined;
}
