import type { Command } from 'commander';
import type { SettingReading } from '../../project/read-settings.ts';
import type { SettingSource } from '../../project/setting-errors.ts';
import { type Cli, EXIT } from '../cli.ts';
import { projectFileAt } from '../project-file.ts';
import { type SharedOptions, withSharedOptions } from '../shared-options.ts';
import { oneLine, type Style } from '../style.ts';

export function addConfig(program: Command, cli: Cli): void {
  withSharedOptions(program.command('config'))
    .description("every setting's value and where it came from")
    .action((options: SharedOptions) => showConfig(cli, options));
}

interface ShownSetting {
  key: string;
  /** `[set]` for a secret; absent when unset. */
  value?: unknown;
  source: SettingSource;
  problem?: string;
}

async function showConfig(cli: Cli, { project }: SharedOptions): Promise<void> {
  const [{ readSettingTexts }, { readSettings }] = await Promise.all([
    import('../../project/open-project.ts'),
    import('../../project/read-settings.ts'),
  ]);
  const filePath = await projectFileAt(cli, project);
  const place = { env: cli.env, homeDir: cli.home, filePath };
  const { readings, warnings } = readSettings(await readSettingTexts(place));
  const isSecret = await secrets();
  const settings = readings.map((reading) => shown(reading, isSecret(reading.key)));
  // Outside a project its required settings are missing by nature.
  const broken = filePath !== undefined && settings.some(({ problem }) => problem !== undefined);
  if (broken) cli.leaveWith(EXIT.failed);
  const notes = warnings.map(({ path, text }) => `${path}: ${text}`);
  cli.output.result({ projectFile: filePath ?? null, settings, warnings: notes }, () =>
    configWords({ filePath, settings, notes }, cli.output.style),
  );
}

async function secrets(): Promise<(key: string) => boolean> {
  const { settingByKey } = await import('../../project/settings.ts');
  return (key) => settingByKey(key)?.[1].scope === 'secret';
}

function shown({ key, value, source, problem }: SettingReading, isSecret: boolean): ShownSetting {
  const isUnset = value === undefined || value === '';
  return {
    key,
    ...(!isUnset && { value: isSecret ? '[set]' : value }),
    source,
    ...(problem && { problem: problem.message }),
  };
}

interface ConfigShown {
  filePath: string | undefined;
  settings: readonly ShownSetting[];
  notes: readonly string[];
}

function configWords({ filePath, settings, notes }: ConfigShown, style: Style): string {
  const wide = Math.max(...settings.map(({ key }) => key.length));
  const lines = settings.map(({ key, value, source, problem }) => {
    const words =
      value === undefined
        ? style.dim('–')
        : oneLine(Array.isArray(value) ? value.join(',') || 'none' : String(value), 1000);
    const where = sourceWords(source);
    const line = `${key.padEnd(wide)}  ${words}${where ? `  ${style.dim(where)}` : ''}`;
    return problem && filePath !== undefined ? `${line}\n${' '.repeat(wide)}  ${style.bad(problem)}` : line;
  });
  const head = filePath ?? 'No .samocode here or above: these are the settings of the machine.';
  return [style.bold(head), '', ...lines, ...notes.map((note) => style.attention(note))].join('\n');
}

function sourceWords(source: SettingSource): string {
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
