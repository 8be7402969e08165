import type { ActionContext } from '../../actions/acting/context.ts';
import { type ShownSession, watchSessions } from '../../actions/waiting/watch-sessions.ts';
import { LinkedController } from '../../base/processes/linked-controller.ts';
import { cutToColumns } from '../rendering/columns.ts';
import { type Cli, EXIT, type Menus } from '../terminal/cli.ts';
import type { ScreenEvent, WholeScreen } from '../terminal/whole-screen.ts';
import { act } from './act.ts';
import { watchedRows } from './groups.ts';
import { type KeyIntent, press } from './press.ts';
import { BESIDE, type Beside, besideStamp, readBeside } from './read-beside.ts';
import { countsSeconds } from './row-line.ts';
import { listHeight, screenLines } from './screen-lines.ts';
import { START_PLACE, selectedRow, type WatchModel, type WatchPlace } from './watch-model.ts';

export interface WatchWish {
  session?: string | undefined;
  projectDir?: string | undefined;
  /** Runs one command line of this program. */
  run: (argv: readonly string[]) => Promise<void>;
}

type Terminal = Required<Pick<Cli, 'screen' | 'menus'>>;

/**
 * Shows the sessions until the person leaves.
 * @throws what stands in the way of reading them; the terminal has been given back then
 */
export async function watchOnScreen(cli: Cli, terminal: Terminal, watched: WatchWish): Promise<void> {
  using ended = new LinkedController(cli.interrupted);
  const parts = { ...watched, cli, ended, context: await cli.actionContext(), menus: await terminal.menus() };
  await new Watch(parts).show(terminal.screen);
}

interface Parts extends WatchWish {
  cli: Cli;
  context: ActionContext;
  menus: Menus;
  ended: AbortController;
}

/** A frame a second where something counts seconds, else seldom, beside one for each key and each change. */
const TICK_MS = 1000;
const SELDOM_MS = 10_000;

class Watch {
  readonly #parts: Parts;
  #model: WatchModel;
  #place: WatchPlace = START_PLACE;
  #sessions = new Map<string, ShownSession>();
  /** What was read beside the list last, and whether something is being read. */
  readonly #read: Record<Beside, string> = { commits: '', tail: '' };
  #isReading = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#model = { rows: undefined, nowMs: parts.context.clock.now() };
  }

  async show(openScreen: Terminal['screen']): Promise<void> {
    const { ended } = this.#parts;
    const screen = openScreen((event) => this.#hear(event, screen));
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
    const { reason } = ended.signal;
    if (reason instanceof Failure) throw reason.error;
    this.#parts.cli.interrupted.throwIfAborted();
  }

  async #follow(): Promise<void> {
    const { session, projectDir, context, ended } = this.#parts;
    for await (const sessions of watchSessions({ session, projectDir, signal: ended.signal }, context)) {
      this.#sessions = new Map(sessions.map((one) => [one.view.paths.runDir, one]));
      const rows = watchedRows(sessions);
      this.#model = { ...this.#model, rows };
      // From the first list on it is the session that stays, not the first line.
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
      // The clock may have been set back since.
      if (countsSeconds(rows, nowMs) || Math.abs(nowMs - drawnMs) >= SELDOM_MS) this.#draw();
      else this.#readBeside();
    }
  }

  #draw(): void {
    const { cli, context } = this.#parts;
    const { output } = cli;
    const { columns, rows, style } = output;
    this.#model = { ...this.#model, nowMs: context.clock.now() };
    output.draw(screenLines(this.#model, this.#place, { columns, rows, style }), cutToColumns);
    this.#readBeside();
  }

  #hear(event: ScreenEvent, screen: WholeScreen): void {
    if (event.kind === 'key') {
      const model = this.#model;
      const height = listHeight(model, this.#parts.cli.output);
      const pressed = press(event.key, { model, place: this.#place, height });
      this.#place = pressed.place;
      if (pressed.intent) this.#do(pressed.intent, screen);
    }
    this.#draw();
  }

  #do(intent: KeyIntent, screen: WholeScreen): void {
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

  /** Gives the terminal back for the questions of an act, and takes it again. */
  async #act({ act: what, row }: Extract<KeyIntent, { kind: 'act' }>, screen: WholeScreen): Promise<void> {
    const { cli, menus, ended, run } = this.#parts;
    screen.close();
    try {
      const notice = await act(what, row, { cli, menus, run });
      this.#place = { ...this.#place, notice };
    } catch (error) {
      if (ended.signal.aborted) return;
      cli.output.error(error);
      await menus.choose('', [{ value: 'back', label: 'back to the screen' }]);
    } finally {
      // The commands have set how they would end; the screen has not ended.
      cli.leaveWith(EXIT.ok);
      if (!ended.signal.aborted) screen.open();
    }
    this.#draw();
  }

  /** Reads what is shown beside the list where it may have changed, one thing at a time. */
  #readBeside(): void {
    const row = selectedRow(this.#model.rows, this.#place);
    const session = row && this.#sessions.get(row.key);
    if (session === undefined || this.#isReading || this.#parts.ended.signal.aborted) return;
    for (const what of BESIDE) {
      const stamp = `${row?.key} ${besideStamp(what, session, this.#model.nowMs)}`;
      if (this.#read[what] === stamp) continue;
      this.#read[what] = stamp;
      this.#isReading = true;
      void this.#readOne(what, session).catch(this.#fail);
      return;
    }
  }

  async #readOne(what: Beside, session: ShownSession): Promise<void> {
    const { runDir: key } = session.view.paths;
    try {
      const found = await readBeside(what, session, this.#parts.context);
      const { details } = this.#model;
      const known = details?.key === key ? details : undefined;
      this.#model = { ...this.#model, details: { ...known, key, ...found } };
    } finally {
      this.#isReading = false;
    }
    this.#draw();
  }

  readonly #fail = (error: unknown) => this.#parts.ended.abort(new Failure(error));
}

/** Why the screen was left without a person who asked for it. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}
