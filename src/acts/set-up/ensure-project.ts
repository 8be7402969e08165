import type { Cli } from '../../kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../kit/terminal/cli-errors.ts';
import { projectFileAt, resolveFolder } from '../../kit/terminal/project-file.ts';
import { shownPath } from '../../kit/terminal/session-words.ts';
import { harmless } from '../../kit/terminal/style.ts';
import type { RiskyLine } from '../../project/finding/trust.ts';

export interface EnsureOptions {
  project?: string;
  /** The person agreed in advance (`--yes`). */
  yes?: true;
}

/**
 * The project of a new session. If there is none, lists what would be created and creates it if the person agrees.
 * @returns its `.samocode`
 * @throws no_project_yet if the person does not agree
 */
export async function ensureProject(cli: Cli, { project, yes }: EnsureOptions): Promise<string> {
  const found = await projectFileAt(cli, project);
  if (found) {
    await ensureTrust(cli, found);
    return found;
  }
  const folder = resolveFolder(cli, project);
  const missing = await whatIsMissing(cli, folder);
  const { askCommands, offerTrial, suggestedCommands } = await import('./ask-commands.ts');
  if (!yes) {
    if (!cli.isInteractive) throw CLI_ERRORS.no_project_yet({ folder: missing.top, steps: missing.steps });
    cli.output.say(`There is no samocode project in ${shownPath(missing.top, cli)} yet. It needs:`);
    for (const step of missing.steps) cli.output.say(`  ${step}`);
    const { askYesNo } = await import('../../kit/terminal/ask.ts');
    if (!(await askYesNo(cli, 'Create these?', true)))
      throw CLI_ERRORS.no_project_yet({ folder: missing.top, steps: missing.steps });
  }
  const lines = await (yes ? suggestedCommands(cli, missing.top) : askCommands(cli, missing.top));
  const { setupProject } = await import('./setup-project.act.ts');
  const input = { projectDir: missing.top, initRepository: missing.needsRepository, lines };
  const report = await setupProject(input, await cli.actionContext());
  for (const done of report.done)
    cli.output.say(`${cli.output.style.good('✔')} ${doneBelow(missing.top, done, cli)}`);
  for (const warning of report.warnings) cli.output.warn(warning);
  if (!yes) await offerTrial(cli, report.project);
  return report.project.filePath;
}

/** What was done; on a terminal without the folder that the project is in. */
export function doneBelow(top: string, sentence: string, { output }: Cli): string {
  return output.isLive ? sentence.replaceAll(`${top}/`, '') : sentence;
}

interface Missing {
  /** The folder for the new `.samocode`. */
  top: string;
  needsRepository: boolean;
  steps: string[];
}

async function whatIsMissing({ env }: Cli, folder: string): Promise<Missing> {
  const [{ readRepository }, { repositoryAround }] = await Promise.all([
    import('../../project/git/repository.ts'),
    import('./setup-project.act.ts'),
  ]);
  const { mainRepo: top } = await repositoryAround(folder, { env });
  const reading = await readRepository(top, { baseEnv: env });
  const needsRepository = reading.kind !== 'ready';
  const first = {
    none: ['a git repository here, with a first commit of the files in the folder'],
    empty: ['a first commit of the files in the folder'],
    bare: [],
    ready: [],
  }[reading.kind];
  return {
    top,
    needsRepository,
    steps: [
      ...first,
      'the file .samocode',
      'the folders _samocode/sessions and _samocode/worktrees',
      'a line for them in .git/info/exclude (no tracked file is changed)',
    ],
  };
}

/**
 * Asks for a person's trust where a project's `.samocode` needs it. Without a terminal, without a yes, or with other
 * problems nothing is changed: the start itself then says what is missing.
 */
async function ensureTrust(cli: Cli, projectDir: string): Promise<void> {
  if (!cli.isInteractive) return;
  const [{ readProjectFor }, { trustProject }, { trustIn }] = await Promise.all([
    import('../common/places/find-project-for.ts'),
    import('../common/places/trust-project.ts'),
    import('../../project/finding/trust.ts'),
  ]);
  const context = await cli.actionContext();
  const { project } = await readProjectFor({ projectDir }, context);
  if (project === undefined) return;
  const trust = await trustIn(project, cli.home);
  if (trust.kind === 'fine' || !(await askTrust(cli, project.filePath, trust.lines))) return;
  await trustProject({ projectDir, hash: trust.hash }, context);
}

/** Shows the lines that run something or relax a rule, and asks. */
export async function askTrust(cli: Cli, filePath: string, lines: readonly RiskyLine[]): Promise<boolean> {
  cli.output.say(`These lines of ${filePath} take effect only after you trust them:`);
  for (const line of formatRiskyLines(lines)) cli.output.say(`  ${line}`);
  const { askYesNo } = await import('../../kit/terminal/ask.ts');
  return (await askYesNo(cli, 'Trust them?')) === true;
}

/** The lines as written in the file, each with its effect. */
export function formatRiskyLines(lines: readonly RiskyLine[]): string[] {
  return lines.map(({ key, value, risk }) => `${key}=${harmless(value)}   (${RISKS[risk]})`);
}

const RISKS: Readonly<Record<RiskyLine['risk'], string>> = {
  runs: 'runs as you',
  loosens: 'relaxes a rule',
};
