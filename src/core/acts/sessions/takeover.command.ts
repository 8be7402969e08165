import type { Command } from 'commander';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { askYesNo } from '../../faces/terminal/ask.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { hanging } from '../../faces/terminal/columns.ts';
import { jsonFacts } from '../../faces/terminal/json-facts.ts';
import { showLines } from '../../faces/terminal/pager.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { counted } from '../../kernel/text.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ForeignSession } from './adopt-session.act.ts';

type TakeoverOptions = SharedOptions & { all?: true; yes?: true };

export function addTakeover(program: Command, cli: Cli): void {
  withSharedOptions(program.command('takeover [session]'))
    .description(
      'Adopt a session that was not started here, or take one over from a machine that is gone for good',
    )
    .option('--all', 'adopt every session of the project that was not started here')
    .option('-y, --yes', 'do not ask')
    .action(async (session: string | undefined, options: TakeoverOptions) => {
      if ((session === undefined) === (options.all === undefined))
        throw CLI_ERRORS.usage({
          why: 'Name one session, or use --all.',
          hint: 'For example: samocode takeover jwt',
        });
      if (session === undefined) await adoptAll(cli, options);
      else await takeOverOne(cli, session, options);
    });
}

async function adoptAll(cli: Cli, options: TakeoverOptions): Promise<void> {
  const { adoptSession, readAllForeign } = await import('./adopt-session.act.ts');
  const context = await cli.actionContext();
  const foreign = await readAllForeign(projectOf(options), context);
  const command = 'samocode takeover --all';
  if (foreign.length > 0 && !(await isAgreed(cli, foreign, { command, yes: options.yes }))) return;
  const adopted: SessionView[] = [];
  for (const each of foreign) adopted.push(await adoptSession(each, context));
  cli.output.result({ sessions: adopted.map((view) => jsonFacts(sessionFacts(view))) }, () =>
    adopted.length === 0
      ? 'Every session here is yours already.'
      : `${counted(adopted.length, 'session')} adopted: ${adopted.map(({ folder }) => folder).join(', ')}. Next: samocode list`,
  );
}

async function takeOverOne(cli: Cli, session: string, options: TakeoverOptions): Promise<void> {
  const [{ adoptSession, readForeign }, { takeOverSession }] = await Promise.all([
    import('./adopt-session.act.ts'),
    import('./take-over-session.act.ts'),
  ]);
  const context = await cli.actionContext();
  const question = { session, ...projectOf(options) };
  const foreign = await readForeign(question, context);
  if (foreign !== undefined) {
    const command = `samocode takeover ${shellWord(foreign.view.folder)}`;
    if (!(await isAgreed(cli, [foreign], { command, yes: options.yes }))) return;
    const view = await adoptSession(foreign, context);
    return printDone(cli, { view, done: `${view.folder} is yours now.` }, { facts: { outcome: 'adopted' } });
  }
  const { view, outcome, from } = await takeOverSession(question, context);
  const done =
    outcome === 'taken'
      ? `${view.folder} now has its worker here; process ${from?.pid} of ${from?.hostId} had held it since ${from?.since}. If that worker is still running, it ends its agent and exits as soon as it reads the new lease.`
      : `${view.folder} had no worker elsewhere; nothing was taken over.`;
  printDone(cli, { view, done }, { facts: { outcome, from } });
}

/** Shows what the sessions would run and may spend, and asks. Without a terminal, exits as what waits for a person. */
async function isAgreed(
  cli: Cli,
  foreign: readonly ForeignSession[],
  { command, yes }: { command: string; yes: true | undefined },
): Promise<boolean> {
  if (yes) return true;
  const { output } = cli;
  if (!cli.isInteractive) {
    const sessions = foreign.map(({ view, lines }) => ({ ...jsonFacts(sessionFacts(view)), would: lines }));
    output.result({ sessions }, () =>
      [
        ...foreign.flatMap(({ view, lines }) => [view.folder, ...lines.map((line) => `  ${line}`)]),
        `Nothing was adopted. A person does it in a terminal: ${command}`,
      ].join('\n'),
    );
    cli.leaveWith(EXIT.waiting);
    return false;
  }
  const wrapped = (line: string) => hanging(line, { first: '  ', columns: output.textColumns });
  await showLines(
    cli,
    foreign.flatMap(({ view, lines }) => [output.style.bold(view.folder), ...lines.map(wrapped), '']),
  );
  const sessions = foreign.length === 1 ? 'this session' : `these ${foreign.length} sessions`;
  output.say(`Once you adopt ${sessions}, all of that counts as yours, and the commands run.`);
  if (await askYesNo(cli, 'Adopt?')) return true;
  output.say('Nothing was adopted.');
  return false;
}
