import { type Command, Option } from 'commander';
import { type Cli, EXIT } from '../../../core/faces/terminal/cli.ts';
import { cutToColumns, hanging, table } from '../../../core/faces/terminal/columns.ts';
import type { Output } from '../../../core/faces/terminal/output.ts';
import { type SharedOptions, withSharedOptions } from '../../../core/faces/terminal/shared-options.ts';
import { fitLine } from '../../../core/faces/terminal/style.ts';
import { inWords } from '../../../core/kernel/text.ts';
import { CLIENT_NAMES } from './client-names.ts';
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
  verbose?: true;
  allow: boolean;
  replace?: true;
  allSkills?: true;
};

export function addInstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('install'))
    .description('Add samocode to the chat programs on this machine')
    .option(
      '--no-allow',
      "do not change the client's rules (default: tools that decide nothing for you run without asking)",
    )
    .option('--replace', 'replace a server named samocode that starts something else')
    .option(
      '--all-skills',
      'also add the skills, commands and prompts for work in a chat, which cost tokens in every chat (default: only those for sessions)',
    )
    .action(async (options: InstallOptions) => {
      const { install } = await import('./install.ts');
      const report = await install(inputOf(options, cli), await cli.actionContext());
      showReport(cli, report, { ...options, words: INSTALLED });
    });
}

export function addUninstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('uninstall'))
    .description('Remove what install added, even if the client itself is gone')
    .action(async (options: InstallOptions) => {
      const { uninstall } = await import('./install.ts');
      const report = await uninstall(inputOf(options, cli), await cli.actionContext());
      showReport(cli, report, { ...options, words: REMOVED });
    });
}

function withInstallOptions(command: Command): Command {
  return withSharedOptions(command)
    .option('--client <name...>', `${inWords(CLIENT_NAMES, 'or')} (default: all that are found)`)
    .addOption(
      new Option('--scope <scope>', 'user: in all your projects; project: in a file of this project')
        .choices(INSTALL_SCOPES)
        .default('user'),
    )
    .option('--dry-run', 'only show what would change')
    .option('-y, --yes', 'accepted for scripts that always pass it; this command never asks')
    .option('-v, --verbose', 'show every step, with its paths');
}

function inputOf(options: InstallOptions, { output }: Cli): InstallInput {
  const { client, scope, project, dryRun, verbose, allow, replace, allSkills } = options;
  return {
    clients: client?.flatMap((names) => names.split(',')),
    scope,
    projectDir: project,
    dryRun: dryRun ?? false,
    allow: allow ?? true,
    replace,
    allSkills,
    // A client's own command can take a minute.
    onProgress: ({ title, step }) => {
      if (verbose) output.say(step === undefined ? output.style.bold(title) : stepLine(step, output));
      else output.live([output.style.dim(`${title}: ${step ?? ''}`)], cutToColumns);
    },
  };
}

interface CommandWords {
  outcomes: Readonly<Record<ClientReport['outcome'], string>>;
  /** Shown if the report has no client. */
  nothing: string;
  /** Shown after changes without a failure. */
  next: string;
}

const OUTCOMES = {
  not_found: 'not found on this machine',
  not_supported: 'not changed: it has no project settings',
  by_hand: 'left to you',
};
const INSTALLED: CommandWords = {
  outcomes: {
    ...OUTCOMES,
    changed: 'samocode installed',
    would_change: 'would be changed',
    nothing_to_do: 'already installed',
    failed: 'failed',
  },
  nothing: 'Nothing to do.',
  next: 'Next: samocode doctor, then in a repository: samocode run',
};
const REMOVED: CommandWords = {
  outcomes: {
    ...OUTCOMES,
    changed: 'samocode removed',
    would_change: 'would be changed',
    nothing_to_do: 'nothing to remove',
    failed: 'failed',
  },
  nothing: 'Nothing to remove: no client has samocode.',
  next: '',
};

type ShownOptions = InstallOptions & { words: CommandWords };

function showReport(cli: Cli, report: InstallReport, options: ShownOptions): void {
  if (report.clients.some(isBad)) cli.leaveWith(EXIT.failed);
  cli.output.result({ ...report }, () => reportWords(report, options, cli.output));
}

function reportWords({ clients }: InstallReport, options: ShownOptions, output: Output): string {
  const { words, dryRun } = options;
  if (clients.length === 0) return words.nothing;
  // Failures come last, because the end of the output is what the person sees.
  const inOrder = [...clients].sort((a, b) => Number(isBad(a)) - Number(isBad(b)));
  const restarts = inOrder.flatMap(({ next }) => (next === undefined ? [] : [next]));
  const isDone = !dryRun && !clients.some(isBad);
  const heads = inOrder.map((report): readonly [string, string] => [
    `${markOf(report, output)} ${output.style.bold(report.title)}`,
    report.summary ?? words.outcomes[report.outcome],
  ]);
  const lines = table(heads, { columns: output.textColumns, least: Number.NEGATIVE_INFINITY });
  return [
    ...inOrder.flatMap((report, index) => [
      lines[index] ?? '',
      ...(dryRun ? report.steps.map((step) => stepLine(step, output)) : []),
      ...problemLines(report, output),
    ]),
    ...restarts.map((restart) => hanging(restart, { first: '', columns: output.textColumns })),
    ...(isDone && words.next !== '' ? [words.next] : []),
  ].join('\n');
}

function isBad({ outcome }: ClientReport): boolean {
  return outcome === 'failed' || outcome === 'not_found';
}

function markOf(report: ClientReport, { style }: Output): string {
  if (isBad(report)) return style.bad('✘');
  return report.outcome === 'changed' || report.outcome === 'nothing_to_do'
    ? style.good('✔')
    : style.dim('–');
}

function problemLines({ outcome, problem, failedStep, stays }: ClientReport, { style }: Output): string[] {
  if (problem === undefined) return [];
  const said = (problem.said ?? '').split('\n').filter(Boolean);
  return [
    ...(failedStep === undefined ? [] : [style.bad(`  ✘ ${cutStep(failedStep)}`)]),
    outcome === 'by_hand' ? `  ${problem.message}` : style.bad(`  ${problem.message}`),
    ...said.map((line) => style.dim(`  | ${fitLine(line)}`)),
    ...(stays ?? []).map((place) => `  Still there: ${fitLine(place, 500)}`),
    `  ${problem.hint}`,
  ];
}

function stepLine(step: string, { style, textColumns: columns }: Output): string {
  return style.dim(hanging(cutStep(step), { first: '  ', columns }));
}

function cutStep(step: string): string {
  return fitLine(step, 1500);
}
