import type { Command } from 'commander';
import type { SettingReading } from '../../project/read-settings.ts';
import type { SettingSource } from '../../project/setting-errors.ts';
import { type Cli, EXIT } from '../cli.ts';
import type { Output } from '../output.ts';
import { projectFileAt } from '../project-file.ts';
import { columnsOf, hanging, padTo, table } from '../rendering/columns.ts';
import { oneLine } from '../rendering/style.ts';
import { type SharedOptions, withSharedOptions } from '../shared-options.ts';

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
    configWords({ filePath, settings, notes }, cli.output),
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
    value: isUnset ? undefined : isSecret ? '[set]' : value,
    source,
    problem: problem?.message,
  };
}

interface ConfigShown {
  filePath: string | undefined;
  settings: readonly ShownSetting[];
  notes: readonly string[];
}

function configWords({ filePath, settings, notes }: ConfigShown, output: Output): string {
  const { style, textColumns: columns } = output;
  const widest = Math.max(...settings.map(({ value }) => columnsOf(valueWords(value))));
  // What is left beside the longest key and the usual sources.
  const width = Math.min(widest, Math.max(24, Math.min(60, columns - 52)));
  const rows = settings.map(({ key, value, source, problem }) => {
    const words = value === undefined ? style.dim('–') : valueWords(value);
    const where = sourceWords(source);
    const line = where ? `${padTo(words, width)}  ${style.dim(where)}` : words;
    return [key, problem && filePath !== undefined ? `${line}\n${style.bad(problem)}` : line] as const;
  });
  const head = filePath ?? 'No .samocode here or above: these are the settings of the machine.';
  const said = notes.map((note) => hanging(style.attention(note), { first: '', columns }));
  return [style.bold(head), '', ...table(rows, { columns }), ...said].join('\n');
}

function valueWords(value: unknown): string {
  return oneLine(Array.isArray(value) ? value.join(',') || 'none' : String(value), 1000);
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
