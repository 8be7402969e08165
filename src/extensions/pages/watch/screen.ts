import { join } from 'node:path';
import { type ShownSession, watchSessions } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type Cli, EXIT, type Menus } from '../../../core/faces/terminal/cli.ts';
import { cutToColumns } from '../../../core/faces/terminal/columns.ts';
import { showPending } from '../../../core/faces/terminal/show-pending.ts';
import type { ScreenEvent, WholeScreen } from '../../../core/faces/terminal/whole-screen.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { identityAt } from '../../../core/kernel/files/path-stats.ts';
import { LinkedController } from '../../../core/kernel/processes/linked-controller.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { type SessionRow, sessionRows } from '../rows/row.ts';
import type { ShowDigits } from '../web/server/confirmed-tabs.ts';
import { BACK_TO_SCREEN, WATCH_ACTS } from './acts.ts';
import { countsSeconds, listHeight, screenLines } from './lines.ts';
import {
  type KeyIntent,
  press,
  START_SELECTION,
  selectedRow,
  type WatchedDetails,
  type WatchModel,
  type WatchSelection,
} from './press.ts';

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
  #selection: WatchSelection = START_SELECTION;
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
      await Promise.all([this.#follow(), this.#redrawAsTimePasses()]);
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
      const rows = sessionRows(sessions);
      this.#model = { ...this.#model, rows };
      // When the list changes, the same session stays selected, not the same line.
      this.#selection = { ...this.#selection, selected: this.#selection.selected ?? rows[0]?.key };
      this.#draw();
    }
  }

  async #redrawAsTimePasses(): Promise<void> {
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
    output.draw(screenLines(this.#model, this.#selection, { columns, rows, style }), cutToColumns);
    this.#readDetails();
  }

  #handle(event: ScreenEvent, screen: WholeScreen): void {
    if (event.kind === 'key') {
      const model = this.#model;
      const height = listHeight(model, this.#selection, this.#parts.cli.output);
      const pressed = press(event.key, { model, selection: this.#selection, height });
      this.#selection = pressed.selection;
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
      const notice = await WATCH_ACTS[what](row, {
        cli,
        menus,
        run,
        ended,
        showDigits: this.#showDigits,
        failed: this.#showFailure,
      });
      this.#selection = { ...this.#selection, notice };
    } catch (error) {
      if (ended.signal.aborted) return;
      if (!showPending(cli, error)) cli.output.error(error);
      await menus.pause(BACK_TO_SCREEN);
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
    this.#selection = {
      ...this.#selection,
      notice: `The page failed; details follow when you leave: ${words}`,
    };
    this.#draw();
  };

  /** Reads the details that may have changed, one at a time. */
  #readDetails(): void {
    const row = selectedRow(this.#model, this.#selection);
    if (row === undefined || this.#isReading || this.#parts.ended.signal.aborted) return;
    for (const what of DETAILS) {
      const stamp = `${row.key} ${detailStamp(what, row.session, this.#model.nowMs)}`;
      if (this.#read[what] === stamp) continue;
      this.#read[what] = stamp;
      this.#isReading = true;
      void this.#readOne(what, row).catch(this.#fail);
      return;
    }
  }

  async #readOne(what: Detail, { key, session }: SessionRow): Promise<void> {
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

/** The details that are read for the selected session, in addition to its row. */
const DETAILS = ['commits', 'tail'] as const;
type Detail = (typeof DETAILS)[number];

/** More than a screen shows. */
const TAIL_LINES = 60;
const TAIL_BYTES = 32 * 1024;
const DETAIL_COMMITS = 3;

/**
 * Changes when there may be something new to read. A branch may move without a trace in the session's files, so
 * commits are read again every 15 s while an agent runs.
 */
function detailStamp(what: Detail, { view }: ShownSession, nowMs: number): string {
  const { paths, state } = view;
  const { openIteration: open, n } = state;
  if (what === 'commits') return `${n} ${open === undefined ? 0 : Math.floor(nowMs / 15_000)}`;
  return `${n} ${identityAt(open === undefined ? paths.sessionLog : join(paths.logs, open.log))}`;
}

/** Omits details that cannot be read, because the row shows what is wrong with the session. */
async function readDetail(
  what: Detail,
  session: ShownSession,
  context: ActionContext,
): Promise<Omit<WatchedDetails, 'key'>> {
  try {
    return await READERS[what](session, context);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return {};
  }
}

type Reader = (session: ShownSession, context: ActionContext) => Promise<Omit<WatchedDetails, 'key'>>;

const READERS: Readonly<Record<Detail, Reader>> = {
  async commits({ view }, context) {
    const { recentCommits } = await import('../../../core/acts/reading/read-changes.act.ts');
    const { commits, total } = await recentCommits(view, DETAIL_COMMITS, context);
    return { commits, totalCommits: total };
  },
  async tail({ view, projectDir }, context) {
    const question = { session: view.folder, projectDir };
    if (view.state.openIteration === undefined) {
      const { readLogTail } = await import('../../../core/acts/reading/read-log.act.ts');
      return { tail: (await readLogTail({ ...question, lines: TAIL_LINES }, context)).lines };
    }
    const { readTranscript } = await import('../../../core/acts/reading/read-transcript.act.ts');
    const { lines } = await readTranscript({ ...question, from: -TAIL_BYTES }, context);
    return { tail: lines.slice(-TAIL_LINES) };
  },
};
