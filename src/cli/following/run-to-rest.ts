import { recentCommits } from '../../actions/reading/read-changes.ts';
import type { WaitResult } from '../../actions/waiting/wait-for-change.ts';
import { counted } from '../../base/text.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { askAtGate } from '../asking/ask-at-gate.ts';
import { cutToColumns } from '../rendering/columns.ts';
import { shownFacts } from '../rendering/session-facts.ts';
import { statusWords } from '../rendering/session-words.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { fitLine } from '../terminal/style.ts';
import { type Followed, followSession } from './follow.ts';
import { ProgressView } from './progress-view.ts';

export interface RunToRest extends Followed {
  /** Questions and the plan are put to the person at the terminal. */
  ask: boolean;
}

/** Follows a session, and asks the person where it waits, until it rests. Sets the exit status. */
export async function runToRest(cli: Cli, run: RunToRest): Promise<void> {
  const { clock } = await cli.actionContext();
  using progress = new ProgressView(cli.output, clock);
  try {
    for (let { cursor } = run; ; ) {
      const result = await followSession(cli, { ...run, cursor }, progress);
      cursor = result.cursor;
      if (!run.ask || !(await askAtGate(cli, result.view, run))) return await showRest(cli, result);
    }
  } catch (error) {
    if (!cli.interrupted.aborted) throw error;
    sayHowToComeBack(cli, run.session);
  }
}

async function showRest(cli: Cli, result: WaitResult): Promise<void> {
  const { view } = result;
  const { clock } = await cli.actionContext();
  const facts = shownFacts(view, result);
  cli.leaveWith(exitStatusOf(view));
  const work = facts.state === 'done' && !cli.output.json ? await workWords(view, cli) : '';
  cli.output.result(facts, () =>
    [`\n${statusWords(facts, cli.output, clock.now())}`, ...(work ? [work] : [])].join('\n'),
  );
}

/** How a command ends that has waited for a session. */
export function exitStatusOf({ state: { status } }: SessionView): number {
  switch (status.kind) {
    case 'done':
      return EXIT.ok;
    case 'blocked':
      return EXIT.blocked;
    case 'waiting':
      return EXIT.waiting;
    default:
      return EXIT.failed;
  }
}

function sayHowToComeBack(cli: Cli, folder: string): void {
  const { accent } = cli.output.style;
  const short = handleOf(folder);
  cli.leaveWith(EXIT.interrupted);
  cli.output.say(
    [
      '',
      `${folder} continues in the background.`,
      `  follow it again  ${accent(`samocode run ${short}`)}`,
      `  stop it          ${accent(`samocode stop ${short}`)}`,
    ].join('\n'),
  );
}

/** What a session has committed, and how to look at it and take it over; empty while there is nothing. */
async function workWords(view: SessionView, cli: Cli): Promise<string> {
  const { worktree } = view.state;
  const { commits, total } = await recentCommits(view, 20, await cli.actionContext());
  if (worktree === undefined || total === 0) return '';
  const { dim, accent } = cli.output.style;
  const shown = commits
    .toReversed()
    .map(({ hash, subject }) => `  ${fitLine(`${hash.slice(0, 8)} ${subject}`, 100)}`)
    .map((line) => cutToColumns(line, cli.output.textColumns));
  return [
    '',
    `${counted(total, 'commit')} on ${worktree.branch}:`,
    ...shown,
    '',
    `${dim('look at it  ')} ${accent(`git diff ${worktree.base}...${worktree.branch}`)}`,
    `${dim('merge it    ')} ${accent(`git merge ${worktree.branch}`)}`,
  ].join('\n');
}
