import { formatRiskyLine } from '../../caller/context/trust-project.ts';
import type { Cli } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { projectFileAt, resolveFolder } from '../../faces/terminal/project-file.ts';
import { shownPath } from '../../faces/terminal/session-words.ts';
import type { RiskyLine } from '../../project/finding/trust.ts';

export interface EnsureOptions {
  project?: string;
  /** The person agreed in advance (`--yes`). */
  yes?: true;
}

/**
 * Finds the project of a new session, or lists what a new project needs and creates it if the person agrees.
 * @returns its `.samocode`
 */
export async function ensureProject(cli: Cli, { project, yes }: EnsureOptions): Promise<string> {
  const found = await projectFileAt(cli, project);
  if (found) {
    await ensureTrust(cli, found);
    return found;
  }
  const folder = resolveFolder(cli, project);
  const missing = await missingParts(cli, folder);
  const { askCommands, askVariables, suggestedCommands } = await import('./ask-commands.ts');
  if (!yes) {
    if (!cli.isInteractive) throw CLI_ERRORS.no_project_yet({ folder: missing.top, steps: missing.steps });
    cli.output.say(`There is no samocode project in ${shownPath(missing.top, cli)} yet. It needs:`);
    for (const step of missing.steps) cli.output.say(`  ${step}`);
    const { askYesNo } = await import('../../faces/terminal/ask.ts');
    if (!(await askYesNo(cli, 'Create these?', true)))
      throw CLI_ERRORS.no_project_yet({ folder: missing.top, steps: missing.steps });
  }
  const lines = yes
    ? await suggestedCommands(cli, missing.top)
    : { ...(await askCommands(cli, missing.top)), ...(await askVariables(cli, missing.top, undefined)) };
  const { setupProject } = await import('./setup-project.act.ts');
  const input = { projectDir: missing.top, initRepository: missing.needsRepository, lines };
  const report = await setupProject(input, await cli.actionContext());
  for (const done of report.done)
    cli.output.say(`${cli.output.style.good('✔')} ${withShortPaths(missing.top, done, cli)}`);
  for (const warning of report.warnings) cli.output.warn(warning);
  return report.project.filePath;
}

/** On a terminal, removes the project's folder from the paths in a sentence. */
export function withShortPaths(top: string, sentence: string, { output }: Cli): string {
  return output.isLive ? sentence.replaceAll(`${top}/`, '') : sentence;
}

interface Missing {
  /** The folder for the new `.samocode`. */
  top: string;
  needsRepository: boolean;
  steps: string[];
}

async function missingParts({ env, home }: Cli, folder: string): Promise<Missing> {
  const [{ readRepository }, { enclosingRepository }, { placeOfRepository }] = await Promise.all([
    import('../../project/git/repository.ts'),
    import('./setup-project.act.ts'),
    import('../../project/finding/project-place.ts'),
  ]);
  const { mainRepo: top } = await enclosingRepository(folder, { env });
  const { place } = await placeOfRepository(top, home);
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
      `folders for its sessions and worktrees, outside of the repository: ${place}`,
    ],
  };
}

/**
 * Asks the person to trust a project's `.samocode` if that is needed. Without a terminal or consent, or with
 * other problems, nothing changes, and the start reports what is missing.
 */
async function ensureTrust(cli: Cli, projectDir: string): Promise<void> {
  if (!cli.isInteractive) return;
  const [{ readProjectFor }, { trustProject }, { trustIn }] = await Promise.all([
    import('../../caller/context/find-project-for.ts'),
    import('../../caller/context/trust-project.ts'),
    import('../../project/finding/trust.ts'),
  ]);
  const context = await cli.actionContext();
  const { file } = await readProjectFor({ projectDir }, context);
  if (file === undefined) return;
  const trust = await trustIn(file, context);
  if (trust.kind === 'fine' || !(await askTrust(cli, file.filePath, trust.lines))) return;
  await trustProject({ projectDir, hash: trust.hash }, context);
}

/** Shows the lines that run something or relax a rule, and asks whether to trust them. */
export async function askTrust(cli: Cli, filePath: string, lines: readonly RiskyLine[]): Promise<boolean> {
  cli.output.say(`These lines of ${filePath} take effect only after you trust them:`);
  for (const line of formatRiskyLines(lines)) cli.output.say(`  ${line}`);
  const { askYesNo } = await import('../../faces/terminal/ask.ts');
  return (await askYesNo(cli, 'Trust them?')) === true;
}

/** Formats the lines as written in the file, each with its effect. */
export function formatRiskyLines(lines: readonly RiskyLine[]): string[] {
  return lines.map((line) => `${formatRiskyLine(line)}   (${line.note ?? RISKS[line.risk]})`);
}

const RISKS: Readonly<Record<RiskyLine['risk'], string>> = {
  runs: 'runs as you',
  loosens: 'relaxes a rule',
};
