import type { Command } from 'commander';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../faces/terminal/cli-errors.ts';
import { grid, hanging, tabSeparated } from '../../faces/terminal/columns.ts';
import type { Output } from '../../faces/terminal/output.ts';
import { projectFileAt, resolveFolder } from '../../faces/terminal/project-file.ts';
import { type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { fitLine } from '../../faces/terminal/style.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import type { SettingSource } from '../../project/settings/setting-errors.ts';
import type { SettingReading } from '../../project/settings/settings.ts';
import { askTrust, formatRiskyLines, withShortPaths } from './ensure-project.ts';
import type { FurtherLines } from './further-lines.ts';

interface InitOptions extends SharedOptions {
  sessions?: string;
  worktrees?: string;
  set?: string[];
  gitInit?: true;
  yes?: true;
}

export function addInit(program: Command, cli: Cli): void {
  withSharedOptions(program.command('init [folder]'))
    .description('Set up a project, or check an existing one')
    .option('--sessions <folder>', 'where to store sessions (default: a folder of the project in ~/samocode)')
    .option('--worktrees <folder>', 'where to create worktrees (default: beside the sessions)')
    .option(
      '--set <KEY=VALUE...>',
      'further lines for a new .samocode: --set PROVIDER=codex "CHECK=npm test"',
    )
    .option('--git-init', 'create the folder, a git repository and a first commit where they are missing')
    .option('-y, --yes', "do not ask: use the check that the repository's files suggest, and try it")
    .action((folder: string | undefined, options: InitOptions) => init(cli, folder, options));
}

async function init(cli: Cli, folder: string | undefined, options: InitOptions): Promise<void> {
  const [{ setupProject }, { findProject }] = await Promise.all([
    import('./setup-project.act.ts'),
    import('../../project/finding/find-project.ts'),
  ]);
  const projectDir = resolveFolder(cli, folder ?? options.project);
  const given = linesFrom(options.set ?? []);
  const isNew = typeof (await findProject({ from: projectDir, homeDir: cli.home })) !== 'string';
  const isOpen = isNew && given.CHECK === undefined;
  const asking = isOpen && (options.yes || cli.isInteractive) && (await import('./ask-commands.ts'));
  const proposed = asking && (options.yes ? asking.suggestedCommands : asking.askCommands);
  const input = {
    projectDir,
    sessions: options.sessions,
    worktrees: options.worktrees,
    lines: {
      ...(proposed && (await proposed(cli, projectDir))),
      ...(isNew && (await extensionLines(cli, projectDir, { given, isSaid: options.yes ?? false }))),
      ...(isNew && !options.yes && (await askedLines(cli, projectDir, given))),
      ...given,
    },
    initRepository: options.gitInit ?? false,
  };
  const { kind, project, done, warnings, trust } = await setupProject(input, await cli.actionContext());
  for (const warning of warnings) cli.output.warn(warning);
  const { sessions, worktrees, provider } = project.values;
  const result = {
    kind,
    projectFile: project.filePath,
    mainRepo: project.mainRepo,
    sessions,
    worktrees,
    provider,
    done,
    warnings,
    untrusted: trust.kind === 'untrusted' ? trust.lines : [],
  };
  const { good, dim, accent, attention } = cli.output.style;
  cli.output.result(result, () =>
    [
      ...done.map((sentence) => `${good('✔')} ${withShortPaths(project.mainRepo, sentence, cli)}`),
      ...(done.length === 0 ? [`${good('✔')} ${project.filePath} is valid.`] : []),
      ...(trust.kind === 'untrusted'
        ? [
            `${attention('!')} No session starts before you trust these lines: ${accent('samocode trust')}`,
            ...formatRiskyLines(trust.lines).map((line) => `  ${line}`),
          ]
        : []),
      dim(`Agents run with ${provider}; "samocode config" shows every setting.`),
      `Start: ${accent('samocode run --task "…"')}`,
    ].join('\n'),
  );
  if (trust.kind === 'fine' && asking) await asking.tryCommands(cli, project);
}

async function askedLines(cli: Cli, projectDir: string, given: Record<string, string>) {
  if (!cli.isInteractive) return {};
  const { PERMISSIONS, SANDBOX, SANDBOX_ENV } = given;
  const { askPermissions, askVariables } = await import('./ask-commands.ts');
  return {
    ...(PERMISSIONS === undefined && (await askPermissions(cli))),
    ...(SANDBOX_ENV === undefined && (await askVariables(cli, projectDir, SANDBOX))),
  };
}

async function extensionLines(...about: Parameters<FurtherLines>): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const suggested of fromExtensions('furtherLines')) Object.assign(lines, await suggested(...about));
  return lines;
}

function linesFrom(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map(pairFrom));
}

function pairFrom(written: string): [string, string] {
  const match = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(written);
  if (match?.[1]) return [match[1], match[2] ?? ''];
  throw CLI_ERRORS.usage({
    why: `--set ${JSON.stringify(written)} is not a line of .samocode, which has the form KEY=VALUE with the key in capitals.`,
    hint: 'For example --set PROVIDER=codex; docs/settings.md lists the keys.',
  });
}

type TrustOptions = SharedOptions & { yes?: true };

export function addTrust(program: Command, cli: Cli): void {
  withSharedOptions(program.command('trust [folder]'))
    .description('Trust the lines of a .samocode that run something or relax a rule')
    .option('-y, --yes', 'do not ask')
    .action(async (folder: string | undefined, { project, yes }: TrustOptions) => {
      const { readTrust, trustProject } = await import('../../caller/context/trust-project.ts');
      const context = await cli.actionContext();
      const projectDir = resolveFolder(cli, folder ?? project);
      const found = await readTrust({ projectDir }, context);
      const { filePath } = found.project;
      if (found.trust.kind === 'fine') {
        const { agreedHash } = await import('../../project/finding/trust.ts');
        await trustProject({ projectDir: filePath, hash: agreedHash(found.project) }, context);
        cli.output.result(
          { projectFile: filePath, lines: [] },
          () => `Nothing to trust: every line of ${filePath} is in effect.`,
        );
        return;
      }
      const { lines, hash } = found.trust;
      if (!yes) {
        if (!cli.isInteractive) throw CLI_ERRORS.nobody_to_ask({ filePath, lines: formatRiskyLines(lines) });
        if (!(await askTrust(cli, filePath, lines))) throw CLI_ERRORS.not_trusted({ filePath });
      }
      await trustProject({ projectDir: filePath, hash }, context);
      cli.output.result({ projectFile: filePath, lines }, () =>
        [
          ...formatRiskyLines(lines).map((line) => `  ${line}`),
          `${cli.output.style.good('✔')} These lines of ${filePath} are trusted; after a change you are asked again.`,
        ].join('\n'),
      );
    });
}

export function addConfig(program: Command, cli: Cli): void {
  withSharedOptions(program.command('config'))
    .description('Show the settings in use and where they come from')
    .option('--all', 'at a terminal, show those with their defaults too')
    .action(async ({ project, all }: SharedOptions & { all?: true }) => {
      const [{ readProject, readSettingTexts }, { readSettings }] = await Promise.all([
        import('../../project/finding/open-project.ts'),
        import('../../project/settings/read-settings.ts'),
      ]);
      const filePath = await projectFileAt(cli, project);
      const place = { env: cli.env, homeDir: cli.home };
      const { readings, warnings } =
        filePath === undefined
          ? readSettings(await readSettingTexts(place))
          : await readProject({ ...place, filePath });
      const settings = [...readings.values()].map(shown);
      // Outside a project, the required settings of a project are always missing.
      const broken = filePath !== undefined && settings.some(({ problem }) => problem !== undefined);
      if (broken) cli.leaveWith(EXIT.failed);
      const notes = warnings.map(({ path, text }) => `${path}: ${text}`);
      cli.output.result({ projectFile: filePath ?? null, settings, warnings: notes }, () =>
        formatConfig({ filePath, settings, notes, isWhole: all === true }, cli.output),
      );
    });
}

function shown({ spec, key, value, source, problem }: SettingReading): ShownSetting {
  const isUnset = value === undefined || value === '';
  return {
    key,
    value: isUnset ? undefined : spec.scope === 'secret' ? '[set]' : value,
    source,
    problem: problem?.message,
  };
}

export interface ShownSetting {
  key: string;
  /** `[set]` for a secret; absent when unset. */
  value?: unknown;
  source: SettingSource;
  problem?: string;
}

interface ConfigShown {
  filePath: string | undefined;
  settings: readonly ShownSetting[];
  notes: readonly string[];
  /** Also those with their defaults. */
  isWhole: boolean;
}

/** Formats the output of `samocode config`: each setting with its value and source on one line; for programs all of them. */
export function formatConfig(
  { filePath, settings: all, notes, isWhole }: ConfigShown,
  output: Output,
): string {
  const { style, textColumns: columns } = output;
  if (columns === Number.POSITIVE_INFINITY) return all.map(settingFields).join('\n');
  const isSet = ({ source, problem }: ShownSetting) =>
    (problem !== undefined && filePath !== undefined) ||
    !(source.kind === 'default' || source.kind === 'unset');
  const settings = isWhole ? all : all.filter(isSet);
  const lines = grid(
    settings.map(({ key, value, source }) => [
      key,
      value === undefined ? style.dim('–') : valueText(value),
      style.dim(sourceText(source)),
    ]),
    { columns, cut: { 1: 12, 2: 12 } },
  );
  const rows = settings.flatMap(({ problem }, at) => [
    lines[at] ?? '',
    // Never truncated, because it says what to do.
    ...(problem && filePath !== undefined ? [hanging(style.bad(problem), { first: '  ', columns })] : []),
  ]);
  const head = filePath ?? 'No .samocode here or above: these are the settings of this machine.';
  const noteLines = notes.map((note) => hanging(style.attention(note), { first: '', columns }));
  const others = all.length - settings.length;
  const left = others === 0 ? [] : [style.dim(`${others} others have their defaults: samocode config --all`)];
  return [style.bold(head), '', ...rows, ...left, ...noteLines].join('\n');
}

function settingFields({ key, value, source, problem = '' }: ShownSetting): string {
  return tabSeparated([key, value === undefined ? '' : valueText(value), sourceText(source), problem]);
}

function valueText(value: unknown): string {
  return fitLine(Array.isArray(value) ? value.join(',') || 'none' : String(value), 1000);
}

function sourceText(source: SettingSource): string {
  switch (source.kind) {
    case 'call':
      return 'this call';
    case 'environment':
      return `${source.name} in the environment`;
    case 'project_file':
      return `line ${source.line} of .samocode`;
    case 'env_file':
      return `${source.name} in ${source.path}`;
    case 'default':
      return 'default';
    case 'unset':
      return '';
    default:
      return source satisfies never;
  }
}
