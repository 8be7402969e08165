import { type Command, Option } from 'commander';
import { INSTALL_SCOPES, type InstallScope } from '../../actions/install/client.ts';
import type { ClientReport, InstallInput, InstallReport } from '../../actions/install.ts';
import { type Cli, EXIT } from '../cli.ts';
import { type SharedOptions, withSharedOptions } from '../shared-options.ts';
import { oneLine, type Style } from '../style.ts';

export type InstallOptions = SharedOptions & {
  client?: string[];
  scope: InstallScope;
  dryRun?: true;
  allow: boolean;
  removePython?: true;
};

export function addInstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('install'))
    .description('add samocode to Claude Code, Codex, Gemini CLI and Claude Desktop')
    .option('--no-allow', "leave the client's allow-list as it is (else: our tools without the human's acts)")
    .action(async (options: InstallOptions) => {
      const { install } = await import('../../actions/install.ts');
      showReport(cli, await install(inputOf(options), await cli.actionContext()), options);
    });
}

export function withInstallOptions(command: Command): Command {
  return withSharedOptions(command)
    .option('--client <name...>', 'claude, codex, gemini or desktop (default: every one that is found)')
    .addOption(
      new Option('--scope <scope>', 'for you everywhere, or in a file of this project')
        .choices(INSTALL_SCOPES)
        .default('user'),
    )
    .option('--dry-run', 'only show what would be changed')
    .option('--remove-python', 'also remove links that point into the Python samocode');
}

export function inputOf(options: InstallOptions): InstallInput {
  const { client, scope, project, dryRun, allow, removePython } = options;
  return {
    clients: client?.flatMap((names) => names.split(',')),
    scope,
    projectDir: project,
    dryRun: dryRun ?? false,
    allow: allow ?? true,
    removePython: removePython ?? false,
  };
}

export function showReport(cli: Cli, report: InstallReport, options: InstallOptions): void {
  const isFailed = report.clients.some(({ outcome }) => outcome === 'failed' || outcome === 'not_found');
  if (isFailed) cli.leaveWith(EXIT.failed);
  cli.output.result({ ...report }, () => reportWords(report, options, cli.output.style));
}

function reportWords(report: InstallReport, options: InstallOptions, style: Style): string {
  const lines = report.clients.flatMap((client) => clientLines(client, style));
  const links = report.leftovers.filter(({ isPythonLink }) => isPythonLink);
  return [
    ...lines,
    ...report.removedLinks.map((path) => `removed the link ${path}`),
    ...report.leftovers.map(({ words }) => style.attention(words)),
    ...linkLines(links, options),
  ].join('\n');
}

function linkLines(links: InstallReport['leftovers'], { removePython, dryRun }: InstallOptions): string[] {
  if (removePython) return dryRun ? links.map(({ path }) => `would remove the link ${path}`) : [];
  return links.length > 0 ? ['--remove-python removes these links, and nothing that they lead to.'] : [];
}

function clientLines({ title, outcome, steps, next, problem }: ClientReport, style: Style): string[] {
  const head = `${style.bold(title)}: ${OUTCOMES[outcome]}`;
  const shown = steps.map((step) => style.dim(`  ${step.length > 1500 ? `${step.slice(0, 1499)}…` : step}`));
  const after = problem
    ? [style.bad(`  ${problem.message}`), ...lastLines(problem.said, style), `  ${problem.hint}`]
    : next
      ? [`  ${next}`]
      : [];
  return [head, ...shown, ...after];
}

function lastLines(said = '', style: Style): string[] {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-4).map((line) => style.dim(`  | ${oneLine(line)}`));
}

const OUTCOMES: Readonly<Record<ClientReport['outcome'], string>> = {
  changed: 'changed',
  would_change: 'would be changed',
  nothing_to_do: 'nothing to do',
  not_found: 'not found on this machine',
  not_supported: 'left as it is, it has no settings of a project',
  failed: 'failed',
};
