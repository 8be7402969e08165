import type { Command } from 'commander';
import { trustWords } from '../asking/ensure-trust.ts';
import type { Cli } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { folderMeant } from '../terminal/project-file.ts';
import { withSharedOptions } from '../terminal/shared-options.ts';

interface InitOptions {
  project?: string;
  sessions?: string;
  worktrees?: string;
  set?: string[];
  gitInit?: true;
}

export function addInit(program: Command, cli: Cli): void {
  withSharedOptions(program.command('init [folder]'))
    .description('Set up a project, or check an existing one')
    .option('--sessions <folder>', 'where to store sessions (default: _samocode/sessions in the repository)')
    .option(
      '--worktrees <folder>',
      'where to create worktrees (default: _samocode/worktrees in the repository)',
    )
    .option(
      '--set <KEY=VALUE...>',
      'further lines for a new .samocode: --set PROVIDER=codex "CHECK=npm test"',
    )
    .option('--git-init', 'create the folder, a git repository and a first commit where they are missing')
    .action((folder: string | undefined, options: InitOptions) => init(cli, folder, options));
}

async function init(cli: Cli, folder: string | undefined, options: InitOptions): Promise<void> {
  const { setupProject } = await import('../../actions/places/setup-project.ts');
  const input = {
    projectDir: folderMeant(cli, folder ?? options.project),
    sessions: options.sessions,
    worktrees: options.worktrees,
    lines: linesFrom(options.set ?? []),
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
      ...done.map((sentence) => `${good('✔')} ${sentence}`),
      ...(done.length === 0 ? [`${good('✔')} ${project.filePath} is valid.`] : []),
      ...(trust.kind === 'untrusted'
        ? [
            `${attention('!')} No session starts before you trust these lines: ${accent('samocode trust')}`,
            ...trustWords(trust.lines).map((line) => `  ${line}`),
          ]
        : []),
      dim(`Agents run with ${provider}; "samocode config" shows every setting.`),
      `Start: ${accent('samocode run --task "…"')}`,
    ].join('\n'),
  );
}

function linesFrom(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map(pairFrom));
}

function pairFrom(written: string): [string, string] {
  const match = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(written);
  if (match?.[1]) return [match[1], match[2] ?? ''];
  throw CLI_ERRORS.usage({
    why: `--set ${JSON.stringify(written)} is not a line of .samocode, which is KEY=VALUE with the key in capitals.`,
    hint: 'For example --set PROVIDER=codex; docs/settings.md lists the keys.',
  });
}
