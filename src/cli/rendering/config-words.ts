import type { SettingSource } from '../../project/settings/setting-errors.ts';
import type { Output } from '../terminal/output.ts';
import { fitLine } from '../terminal/style.ts';
import { columnsOf, hanging, padTo, table } from './columns.ts';

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

/** `samocode config`: each setting, its value and its source below each other. */
export function configWords({ filePath, settings, notes }: ConfigShown, output: Output): string {
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
  const head = filePath ?? 'No .samocode here or above: these are the settings of this machine.';
  const said = notes.map((note) => hanging(style.attention(note), { first: '', columns }));
  return [style.bold(head), '', ...table(rows, { columns }), ...said].join('\n');
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
