import { join } from 'node:path';
import { isSamocodeError } from '../../base/errors.ts';
import { identityAt, statsAt } from '../../base/files/path-stats.ts';
import { LinkedController } from '../../base/processes/linked-controller.ts';
import { runAtTerminal } from '../../base/processes/run-at-terminal.ts';
import { type Cli, EXIT, type Menus } from '../../kit/terminal/cli.ts';
import { cutToColumns } from '../../kit/terminal/columns.ts';
import type { ScreenEvent, WholeScreen } from '../../kit/terminal/whole-screen.ts';
import type { ActionContext } from '../common/context.ts';
import { askAtGate } from '../gates/ask-at-gate.ts';
import { type ShownSession, watchSessions } from '../reading/watch-sessions.act.ts';
import { selectedRow, watchedRows } from './groups.ts';
import type { WatchAct } from './keys.ts';
import { type KeyIntent, press } from './press.ts';
import { countsSeconds } from './row-line.ts';
import { listHeight, screenLines } from './screen-lines.ts';
import {
  START_PLACE,
  type WatchedDetails,
  type WatchedRow,
  type WatchModel,
  type WatchPlace,
} from './watch-model.ts';

export interface WatchInput {
  session?: string | undefined;
  projectDir?: string | undefined;
  /** Runs one command line of this program. */
  run: (argv: readonly string[]) => Promise<unknown>;
}

type Terminal = Required<Pick<Cli, 'screen' | 'menus'>>;

/**
 * Shows the sessions until the person leaves.
 * @throws what stands in the way of reading them; the terminal has been given back then
 */
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
  /** Why the screen was left without a person who asked for it. */
  #failure: { error: unknown } | undefined;

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
    if (this.#failure) throw this.#failure.error;
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
      const height = listHeight(model, this.#place, this.#parts.cli.output);
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
      await menus.pause(BACK);
    } finally {
      // The commands have set how they would end; the screen has not ended.
      cli.leaveWith(EXIT.ok);
      if (!ended.signal.aborted) screen.open();
    }
    this.#draw();
  }

  /** Reads what is shown beside the list where it may have changed, one thing at a time. */
  #readBeside(): void {
    const row = selectedRow(this.#model, this.#place);
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

  readonly #fail = (error: unknown) => {
    this.#failure ??= { error };
    this.#parts.ended.abort();
  };
}

const BACK = 'back to the screen';

type Acting = Pick<Parts, 'cli' | 'menus' | 'run'>;

/**
 * Does what a key asks for, by the questions and the commands of the terminal, in lines below each other.
 * @returns what was done, as a sentence; undefined when the person left it
 */
async function act(what: WatchAct, row: WatchedRow, acting: Acting): Promise<string | undefined> {
  if (what === 'answer') return (await answer(row, acting)) ? DONE.answer?.(row.name) : undefined;
  if (what === 'edit') return await edit(row, acting);
  const words = await WORDS[what](row, acting.menus);
  if (words === undefined) return undefined;
  const { options = [], texts = [] } = words;
  const command = what === 'output' ? 'log' : what;
  // Names of old folders may begin with a dash.
  await acting.run([command, '--project', row.projectDir, ...options, '--', row.facts.session, ...texts]);
  const said = DONE[what]?.(row.name);
  // What was shown in lines is to be read before the screen comes back.
  if (said === undefined) await acting.menus.pause(BACK);
  return said;
}

/** What only shows something is done with its last line. */
const DONE: Readonly<Partial<Record<WatchAct, (name: string) => string>>> = {
  answer: (name) => `Your decision is recorded: ${name} continues.`,
  message: (name) => `The next agent of ${name} gets your message.`,
  stop: (name) => `${name} was asked to stop.`,
  resume: (name) => `${name} was asked to continue.`,
};

async function answer({ facts, projectDir }: WatchedRow, { cli }: Acting): Promise<boolean> {
  const { getStatus } = await import('../common/facts/get-status.ts');
  const question = { session: facts.session, projectDir };
  const { view } = await getStatus(question, await cli.actionContext());
  return await askAtGate(cli, view, question);
}

/** Gives the terminal to the person's editor, or to a shell, in the worktree. */
async function edit({ name, facts }: WatchedRow, { cli }: Acting): Promise<string | undefined> {
  const { worktree = '' } = facts;
  if (statsAt(worktree) === undefined) return `The worktree of ${name} is gone; a resume makes it again.`;
  const { VISUAL, EDITOR, SHELL = '/bin/sh' } = cli.env;
  const editor = VISUAL || EDITOR;
  if (!editor) cli.output.say(`A shell in the worktree of ${name}; "exit" returns to the screen.`);
  const command = `cd "$1" && ${editor ? `${editor} .` : 'exec "$2"'}`;
  await runAtTerminal({ command, args: [worktree, SHELL], env: cli.env });
  return undefined;
}

interface Words {
  options?: string[];
  texts?: string[];
}

/** What a command is given; undefined where the person leaves it. */
const WORDS: Readonly<
  Record<Exclude<WatchAct, 'answer' | 'edit'>, (row: WatchedRow, menus: Menus) => Promise<Words | undefined>>
> = {
  async message({ name }, menus) {
    const text = await menus.write(`Message for the next agent of ${name}; Esc leaves it`, (typed) =>
      typed.trim() === '' ? 'Write what the agent should know.' : undefined,
    );
    return text === undefined ? undefined : { texts: [text] };
  },
  async stop({ name }, menus) {
    const choices = [
      { value: 'after', label: 'after the current agent' },
      { value: 'now', label: 'now: end the current agent; what it has written is kept' },
      { value: 'not', label: 'leave it running' },
    ];
    const chosen = await menus.choose(`When should ${name} stop?`, choices, 'after');
    if (chosen === 'now') return { options: ['--now'] };
    return chosen === 'after' ? {} : undefined;
  },
  async resume({ name, facts }, menus) {
    const isDone = facts.state === 'done';
    const question = isDone ? `New goal of ${name}` : `Note for the next agent of ${name}; Enter for none`;
    const text = await menus.write(`${question}; Esc leaves it`, (typed) =>
      isDone && typed.trim() === '' ? 'Write what is to be done next.' : undefined,
    );
    if (text === undefined) return undefined;
    return text.trim() === '' ? {} : { options: [isDone ? '--goal' : '--note', text] };
  },
  finish: async () => ({}),
  report: async () => ({}),
  verify: async () => ({}),
  output: async ({ facts }) => ({ options: ['--iteration', String(facts.totalIterations)] }),
  log: async () => ({ options: ['--lines', '2000'] }),
  diff: async () => ({ texts: ['.'] }),
};

/** What is read of the selected session beside the list. */
export const BESIDE = ['commits', 'tail'] as const;
export type Beside = (typeof BESIDE)[number];

/** More than a screen shows of it, and about as many bytes of what an agent printed. */
const TAIL_LINES = 60;
const TAIL_BYTES = 32 * 1024;
const DETAIL_COMMITS = 3;

/**
 * Tells when there may be something new to read. A branch may move without a sign in the session's files, so what git
 * says gets older by itself while an agent works.
 */
function besideStamp(what: Beside, { view }: ShownSession, nowMs: number): string {
  const { paths, state } = view;
  const { openIteration: open, n } = state;
  if (what === 'commits') return `${n} ${open === undefined ? 0 : Math.floor(nowMs / 15_000)}`;
  return `${n} ${identityAt(open === undefined ? paths.sessionLog : join(paths.logs, open.log))}`;
}

/** What cannot be read is left out: the row says what is wrong with a session. */
async function readBeside(
  what: Beside,
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

const READERS: Readonly<Record<Beside, Reader>> = {
  async commits({ view }, context) {
    const { recentCommits } = await import('../reading/read-changes.act.ts');
    const { commits, total } = await recentCommits(view, DETAIL_COMMITS, context);
    return { commits, totalCommits: total };
  },
  async tail({ view, projectDir }, context) {
    const question = { session: view.folder, projectDir };
    if (view.state.openIteration === undefined) {
      const { readLogTail } = await import('../reading/read-log.act.ts');
      return { tail: (await readLogTail({ ...question, lines: TAIL_LINES }, context)).lines };
    }
    const { readTranscript } = await import('../reading/read-transcript.act.ts');
    const { lines } = await readTranscript({ ...question, from: -TAIL_BYTES }, context);
    return { tail: lines.slice(-TAIL_LINES) };
  },
};
