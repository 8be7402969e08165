import { guardedProject, guardNow } from '../../caller/refusals/sandbox-now.ts';
import { askField, askYesNo } from '../../faces/terminal/ask.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { NO_OPENINGS } from '../../kernel/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { type ProposedCommands, proposedCommands } from '../../project/finding/proposed-commands.ts';
import { proposedVariables, variablesText } from './proposed-variables.ts';

/**
 * Asks which commands prove that the work is done; the suggestion from the repository's files is preselected.
 * @returns lines for a new `.samocode`
 */
export async function askCommands(cli: Cli, top: string): Promise<Record<string, string>> {
  const proposed = await proposedCommands(top);
  if (proposed === undefined) return {};
  const { check, setup, from } = proposed;
  const title = `${check}${setup === undefined ? '' : `, after ${setup}`} (from ${from})`;
  const chosen = await askField(cli, {
    title: 'Which command must pass before a session is done?',
    choices: [
      { value: 'proposed', title },
      { value: 'other', title: 'another one' },
      { value: 'none', title: "none: only each plan's own checks count" },
    ],
    default: 'proposed',
  });
  if (chosen !== 'other') return chosen === 'proposed' ? settingLines(proposed) : {};
  const typed = await askField(cli, { title: 'The command' }, (text) =>
    text.trim() === '' || text.includes('\n') ? 'One line, as you would type it in a shell.' : undefined,
  );
  if (typed === undefined) return {};
  const isSetup = setup !== undefined && (await askYesNo(cli, `Run ${setup} before it?`, true)) === true;
  return { ...(isSetup && { SETUP: setup }), CHECK: typed.trim() };
}

/** The default stays: nobody has tried the reviewers of the vendors themselves. @returns lines for a new `.samocode` */
export async function askPermissions(cli: Cli): Promise<Record<string, string>> {
  const chosen = await askField(cli, {
    title: 'What may agents do without being asked?',
    choices: [
      { value: 'skip', title: 'everything, in the sandbox if there is one (skip, the default)' },
      { value: 'allow', title: 'no edit of code before implementation, then everything (allow)' },
      {
        value: 'auto',
        title:
          "as allow, but then what the vendor's reviewer lets pass (auto; only Claude Code and Codex, and tried against a stub, not the real reviewer)",
      },
    ],
    default: 'skip',
  });
  return chosen === undefined || chosen === 'skip' ? {} : { PERMISSIONS: chosen };
}

/**
 * Asks whether agents, SETUP and checks get the secrets that the repository's files name.
 * @returns lines for a new `.samocode`
 */
export async function askVariables(
  cli: Cli,
  top: string,
  sandbox: string | undefined,
): Promise<Record<string, string>> {
  const proposed = await proposedVariables(top, cli.env, { sandbox, openings: NO_OPENINGS });
  if (proposed === undefined) return {};
  cli.output.say(variablesText(proposed));
  const isWanted = await askYesNo(cli, 'Write this line? Agents can then read and use these secrets.');
  return isWanted === true ? { SANDBOX_ENV: proposed.names.join(',') } : {};
}

/** Uses what the repository's files suggest, and says so. @returns lines for a new `.samocode` */
export async function suggestedCommands(cli: Cli, top: string): Promise<Record<string, string>> {
  const proposed = await proposedCommands(top);
  if (proposed === undefined) return {};
  cli.output.say(`${suggestionText(proposed)}; it is used.`);
  return settingLines(proposed);
}

function suggestionText({ check, setup, from }: ProposedCommands): string {
  return `${from} suggests the check: ${check}${setup === undefined ? '' : `, after: ${setup}`}`;
}

function settingLines({ check, setup }: ProposedCommands): Record<string, string> {
  return { ...(setup !== undefined && { SETUP: setup }), CHECK: check };
}

const TRY_LIMIT_MS = 5 * 60_000;

/** Runs SETUP and CHECK once, as a session does, on a fresh clone, but never without a guard. Ctrl-C skips it. */
export async function tryCommands(cli: Cli, project: Project): Promise<void> {
  const { checks, checkIn } = project.values;
  if (checks.length === 0) return;
  const { good, attention } = cli.output.style;
  const context = await cli.actionContext();
  // Without a guard these commands would run with all rights of the user, who has not read what they run.
  if (checkIn === 'worktree' || (await guardNow(guardedProject(project), context)).level === 'none') {
    cli.output.say(
      `${attention('!')} Not tried, because they would run outside of a sandbox. To try them anyway: samocode doctor --checks`,
    );
    return;
  }
  cli.output.say(
    'Trying the checks on a fresh clone, as a session does (at most 5 minutes; Ctrl-C skips it).',
  );
  const { triedChecks } = await import('../proof/try-checks.ts');
  const limit = AbortSignal.timeout(TRY_LIMIT_MS);
  const signal = AbortSignal.any([cli.interrupted, limit]);
  try {
    for (const { level, found, fix } of await triedChecks(project, context, signal)) {
      cli.output.say(`${level === 'ok' ? good('✔') : attention('!')} ${found}`);
      if (fix !== undefined) cli.output.say(`  ${fix}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const isSkipped = cli.interrupted.aborted;
    cli.output.say(
      isSkipped
        ? `${attention('!')} Not tried. To try them later: samocode doctor --checks`
        : `${attention('!')} They were still running after 5 minutes and were stopped.`,
    );
    if (isSkipped) return;
    cli.output.say(
      `  A command that watches files or waits for a service never ends: correct CHECK in ${project.filePath}.`,
    );
  }
}
