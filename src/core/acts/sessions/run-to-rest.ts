import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { cutToColumns } from '../../faces/terminal/columns.ts';
import { jsonFacts } from '../../faces/terminal/json-facts.ts';
import { ProgressView } from '../../faces/terminal/progress-view.ts';
import { exitStatusOf, formatStatus } from '../../faces/terminal/session-words.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf } from '../../session/layout/names.ts';
import { askAtGate } from '../gates/ask-at-gate.ts';
import { type Followed, followSession } from '../reading/follow.ts';
import { recentCommits } from '../reading/read-changes.act.ts';
import type { WaitResult } from '../reading/wait-for-change.act.ts';

export interface RunToRest extends Followed {
  /** Whether to ask the person at the terminal for answers and for approval of the plan. */
  ask: boolean;
}

/** Follows a session until it rests, asking the person whenever it waits for them. Sets the exit status. */
export async function runToRest(cli: Cli, run: RunToRest): Promise<void> {
  const { clock } = await cli.actionContext();
  using progress = new ProgressView(cli.output, clock);
  let isAsking = false;
  try {
    for (let { cursor } = run, isHead = true; ; isHead = false) {
      isAsking = false;
      const result = await followSession(cli, { ...run, cursor, isHead }, progress);
      cursor = result.cursor;
      isAsking = true;
      const decided = run.ask ? await askAtGate(cli, result.view, run) : undefined;
      if (decided === undefined) return await showRest(cli, result);
      cli.output.say(`\n${decided}`);
    }
  } catch (error) {
    if (!cli.interrupted.aborted) throw error;
    printHowToReturn(cli, run.session, isAsking);
  }
}

async function showRest(cli: Cli, result: WaitResult): Promise<void> {
  const { view } = result;
  const { clock } = await cli.actionContext();
  const facts = sessionFacts(view, result);
  cli.leaveWith(exitStatusOf(view));
  const commits = facts.state === 'done' && !cli.output.json ? await commitLines(view, cli) : [];
  cli.output.result(jsonFacts(facts), () => `\n${formatStatus(facts, cli, { nowMs: clock.now(), commits })}`);
}

function printHowToReturn(cli: Cli, folder: string, isAsking: boolean): void {
  const { accent } = cli.output.style;
  const short = handleOf(folder);
  cli.leaveWith(EXIT.interrupted);
  cli.output.say(
    [
      '',
      `${folder} ${isAsking ? 'still waits for you' : 'continues in the background'}.`,
      `  follow it again  ${accent(`samocode run ${short}`)}`,
      `  stop it          ${accent(`samocode stop ${short}`)}`,
    ].join('\n'),
  );
}

/** The newest commits of a session, oldest first. */
async function commitLines(view: SessionView, cli: Cli): Promise<string[]> {
  const { commits, total } = await recentCommits(view, MOST_COMMITS, await cli.actionContext());
  const { accent, dim } = cli.output.style;
  const lines = commits.toReversed().map(({ hash, subject }) => {
    const line = `${accent(fitLine(hash).slice(0, 8))} ${fitLine(subject, 100)}`;
    return cutToColumns(line, cli.output.textColumns - COMMITS_AT);
  });
  return total > commits.length ? [dim(`${total - commits.length} more before these`), ...lines] : lines;
}

const MOST_COMMITS = 20;
/** The column in which a status shows its values. */
const COMMITS_AT = 12;
