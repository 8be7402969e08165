import type { SettingSource } from '../../project/settings/setting-errors.ts';
import type { Output } from '../terminal/output.ts';
import { fitLine } from '../terminal/style.ts';
import { grid, hanging, tabSeparated } from './columns.ts';

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
}

/** `samocode config`: each setting, its value and its source, a line each. */
export function configWords({ filePath, settings, notes }: ConfigShown, output: Output): string {
  const { style, textColumns: columns } = output;
  if (columns === Number.POSITIVE_INFINITY) return settings.map(settingFields).join('\n');
  const lines = grid(
    settings.map(({ key, value, source }) => [
      key,
      value === undefined ? style.dim('–') : valueWords(value),
      style.dim(sourceWords(source)),
    ]),
    { columns, cut: { 1: 12, 2: 12 } },
  );
  const rows = settings.flatMap(({ problem }, at) => [
    lines[at] ?? '',
    // Its words say what to do, so they are never cut.
    ...(problem && filePath !== undefined ? [hanging(style.bad(problem), { first: '  ', columns })] : []),
  ]);
  const head = filePath ?? 'No .samocode here or above: these are the settings of this machine.';
  const said = notes.map((note) => hanging(style.attention(note), { first: '', columns }));
  return [style.bold(head), '', ...rows, ...said].join('\n');
}

function settingFields({ key, value, source, problem = '' }: ShownSetting): string {
  return tabSeparated([key, value === undefined ? '' : valueWords(value), sourceWords(source), problem]);
}

function valueWords(value: unknown): string {
  return fitLine(Array.isArray(value) ? value.join(',') || 'none' : String(value), 1000);
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
