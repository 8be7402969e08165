import type { Command } from 'commander';
import type { SettingReading } from '../../project/settings/read-settings.ts';
import type { ShownSetting } from '../rendering/config-words.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { projectFileAt } from '../terminal/project-file.ts';
import { type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

export function addConfig(program: Command, cli: Cli): void {
  withSharedOptions(program.command('config'))
    .description('Show every setting in use and where it comes from')
    .action((options: SharedOptions) => showConfig(cli, options));
}

async function showConfig(cli: Cli, { project }: SharedOptions): Promise<void> {
  const [{ readSettingTexts }, { readSettings }] = await Promise.all([
    import('../../project/finding/open-project.ts'),
    import('../../project/settings/read-settings.ts'),
  ]);
  const filePath = await projectFileAt(cli, project);
  const place = { env: cli.env, homeDir: cli.home, filePath };
  const { readings, warnings } = readSettings(await readSettingTexts(place));
  const isSecret = await secrets();
  const settings = readings.map((reading) => shown(reading, isSecret(reading.key)));
  // Outside a project its required settings are missing by nature.
  const broken = filePath !== undefined && settings.some(({ problem }) => problem !== undefined);
  if (broken) cli.leaveWith(EXIT.failed);
  const { configWords } = await import('../rendering/config-words.ts');
  const notes = warnings.map(({ path, text }) => `${path}: ${text}`);
  cli.output.result({ projectFile: filePath ?? null, settings, warnings: notes }, () =>
    configWords({ filePath, settings, notes }, cli.output),
  );
}

async function secrets(): Promise<(key: string) => boolean> {
  const { settingByKey } = await import('../../project/settings/settings.ts');
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
