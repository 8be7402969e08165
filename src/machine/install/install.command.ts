import { type Command, Option } from 'commander';
import { type Cli, EXIT } from '../../kit/terminal/cli.ts';
import { type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';
import { fitLine, type Style } from '../../kit/terminal/style.ts';
import {
  type ClientReport,
  INSTALL_SCOPES,
  type InstallInput,
  type InstallReport,
  type InstallScope,
} from './install.ts';

type InstallOptions = SharedOptions & {
  client?: string[];
  scope: InstallScope;
  dryRun?: true;
  allow: boolean;
  replace?: true;
};

export function addInstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('install'))
    .description('Add samocode to Claude Code, Codex, Gemini CLI and Claude Desktop')
    .option(
      '--no-allow',
      "do not change the client's rules (default: tools that decide nothing for you run without a question)",
    )
    .option('--replace', 'replace a server named samocode that starts something else')
    .action(async (options: InstallOptions) => {
      const { install } = await import('./install.ts');
      const report = await install(inputOf(options, cli), await cli.actionContext());
      showReport(cli, report, { ...options, nothing: 'Nothing to do.' });
    });
}

export function addUninstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('uninstall'))
    .description('Remove what install added, even where the client itself is gone')
    .action(async (options: InstallOptions) => {
      const { uninstall } = await import('./install.ts');
      const report = await uninstall(inputOf(options, cli), await cli.actionContext());
      showReport(cli, report, { ...options, nothing: 'Nothing to remove: no client has samocode.' });
    });
}

function withInstallOptions(command: Command): Command {
  return withSharedOptions(command)
    .option('--client <name...>', 'claude, codex, gemini or desktop (default: all that are found)')
    .addOption(
      new Option('--scope <scope>', 'user: in all your projects; project: in a file of this project')
        .choices(INSTALL_SCOPES)
        .default('user'),
    )
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'for scripts that pass it everywhere: this command asks nothing');
}

function inputOf(options: InstallOptions, { output }: Cli): InstallInput {
  const { client, scope, project, dryRun, allow, replace } = options;
  return {
    clients: client?.flatMap((names) => names.split(',')),
    scope,
    projectDir: project,
    dryRun: dryRun ?? false,
    allow: allow ?? true,
    replace,
    // A client's own command may take a minute.
    onProgress: ({ title, step }) =>
      output.say(step === undefined ? output.style.bold(title) : output.style.dim(`  ${cutStep(step)}`)),
  };
}

/** @param options `nothing`: what is said when no client is in the report */
function showReport(cli: Cli, report: InstallReport, options: InstallOptions & { nothing: string }): void {
  if (report.clients.some(isBad)) cli.leaveWith(EXIT.failed);
  cli.output.result({ ...report }, () => reportWords(report, options, cli.output.style));
}

function reportWords(
  report: InstallReport,
  options: InstallOptions & { nothing: string },
  style: Style,
): string {
  // What failed is what the person must read, and the end is what they see.
  const clients = [...report.clients].sort((a, b) => Number(isBad(a)) - Number(isBad(b)));
  const lines = clients.flatMap((client) => clientLines(client, options, style));
  return (lines.length > 0 ? lines : [options.nothing]).join('\n');
}

function isBad({ outcome }: ClientReport): boolean {
  return outcome === 'failed' || outcome === 'not_found';
}

function clientLines(report: ClientReport, { dryRun }: InstallOptions, style: Style): string[] {
  const { title, outcome, steps, next } = report;
  const head = `${style.bold(title)}: ${OUTCOMES[outcome]}`;
  // Those that were done have been shown already.
  const shown = dryRun ? steps.map((step) => style.dim(`  ${cutStep(step)}`)) : [];
  return [head, ...shown, ...problemLines(report, style), ...(next ? [`  ${next}`] : [])];
}

function problemLines(report: ClientReport, style: Style): string[] {
  const { problem, failedStep, stays } = report;
  if (problem === undefined) return [];
  const said = (problem.said ?? '').split('\n').filter(Boolean);
  return [
    ...(failedStep === undefined ? [] : [style.bad(`  ✘ ${cutStep(failedStep)}`)]),
    style.bad(`  ${problem.message}`),
    ...said.map((line) => style.dim(`  | ${fitLine(line)}`)),
    ...(stays ?? []).map((place) => `  Still there: ${fitLine(place, 500)}`),
    `  ${problem.hint}`,
  ];
}

function cutStep(step: string): string {
  return fitLine(step, 1500);
}

const OUTCOMES: Readonly<Record<ClientReport['outcome'], string>> = {
  changed: 'changed',
  would_change: 'would be changed',
  nothing_to_do: 'nothing to do',
  not_found: 'not found on this machine',
  not_supported: 'not changed: it has no project settings',
  failed: 'failed',
};
