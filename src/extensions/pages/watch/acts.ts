import { askAtGate } from '../../../core/acts/gates/ask-at-gate.ts';
import type { Acted } from '../../../core/caller/facts/acted.ts';
import type { FormField } from '../../../core/caller/facts/form.ts';
import { askField } from '../../../core/faces/terminal/ask.ts';
import type { Cli, Menus } from '../../../core/faces/terminal/cli.ts';
import { Drafts } from '../../../core/faces/terminal/drafts.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { runAtTerminal } from '../../../core/kernel/processes/run-at-terminal.ts';
import type { SessionAct } from '../rows/available-acts.ts';
import type { SessionRow } from '../rows/row.ts';
import type { ShowDigits } from '../web/server/confirmed-tabs.ts';

export const BACK_TO_SCREEN = 'back to the screen';

interface ActDeps {
  cli: Cli;
  menus: Menus;
  /** Runs a command of samocode. */
  run: (argv: readonly string[]) => Promise<unknown>;
  /** Aborted when the screen is left. */
  ended: AbortController;
  showDigits: ShowDigits;
  failed(error: unknown): void;
}

/**
 * Performs the action of a key with the same questions and acts as in a terminal.
 * @returns what was done, as a sentence; undefined when the person cancelled or has read the output
 */
type Perform = (row: SessionRow, deps: ActDeps) => Promise<string | undefined>;

export const WATCH_ACTS: Readonly<Record<SessionAct, Perform>> = {
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
  { session }: SessionRow,
  { cli, asked, check }: Written,
  send: (text: string) => Promise<Acted>,
): Promise<string | undefined> {
  await using drafts = new Drafts(cli, session.view);
  const text = await askField(await drafts.typing(), asked, check);
  if (text === undefined) return undefined;
  const { done } = await send(text);
  await drafts.recorded();
  return done;
}

function questionOf({ facts, session }: SessionRow) {
  return { session: facts.session, projectDir: session.projectDir };
}

/** Runs a command and lets the person read its output before the screen comes back. */
function command(name: string, ...options: string[]): Perform {
  return async ({ facts, session }, { run, menus }) => {
    const paths = name === 'diff' ? ['.'] : [];
    // The name of a session may begin with a dash.
    await run([name, '--project', session.projectDir, ...options, '--', facts.session, ...paths]);
    await menus.pause(BACK_TO_SCREEN);
    return undefined;
  };
}

async function openLivePage({ key, name }: SessionRow, deps: ActDeps): Promise<string | undefined> {
  const { cli, menus, ended, showDigits, failed } = deps;
  const { addressFor, openWeb, runWeb, WEB_DEFAULTS } = await import('../web/server/run-web.ts');
  const { signal: interrupted } = ended;
  const context = await cli.actionContext();
  // If no other program serves the page, this one does until its screen is left.
  const web = await runWeb({ ...WEB_DEFAULTS, showDigits, interrupted, failed }, context);
  const at = `/s/${key}`;
  const problem = await openWeb(web, context, { at, interrupted });
  if (problem === undefined) return `The page of ${name} is open in your browser.`;
  // The screen would cut it off.
  cli.output.say(`${problem} Its address:\n${await addressFor(web, context, at)}`);
  await menus.pause(BACK_TO_SCREEN);
  return undefined;
}

async function edit({ name, facts }: SessionRow, { cli }: ActDeps): Promise<string | undefined> {
  const { worktree = '' } = facts;
  if (statsAt(worktree) === undefined) return `The worktree of ${name} is gone; a resume restores it.`;
  const { VISUAL, EDITOR, SHELL = '/bin/sh' } = cli.env;
  const editor = VISUAL || EDITOR;
  if (!editor) cli.output.say(`A shell in the worktree of ${name}; "exit" returns to the screen.`);
  const command = editor ? `${editor} .` : 'exec "$1"';
  await runAtTerminal({ command, args: [SHELL], cwd: worktree, env: cli.env });
  return undefined;
}
