import type { SettingKind } from './setting-kinds.ts';

/**
 * What a line of `.samocode` makes samocode do. A setting with a `risk` does nothing of it before a person has trusted
 * the file; any other does it at once, inside the bound that `within` names. Empty: it sets a limit, a time or a name.
 */
export interface Reach {
  read?: string;
  write?: string;
  run?: string;
  send?: string;
  /**
   * folder: its path stays, after links, below the folder of the file, or the line needs trust. repository: below
   * MAIN_REPO, whoever trusts the file.
   */
  within?: 'folder' | 'repository';
}

/** A row of a table of settings. */
export interface SettingRow<Value = unknown> extends SettingKind<Value> {
  /** Its name in `.samocode`, or for machine and secret settings in the environment and in `.env`. */
  key: string;
  doc: string;
  /** In its written form. Absent: no default; it may stay unset. */
  default?: string;
  /** An empty value in `.samocode` means none, not the default. */
  mayBeEmpty?: true;
  /** What it is by default, which depends on where the file is: not every place of a file gives one. */
  byPlace?: string;
  /**
   * A call may override it for one session. judged: through a separate choice, because it depends on who makes it; the
   * setting keeps the project's value.
   */
  perSession?: true | 'judged';
  /** The name of a project setting in the environment and in `.env`. */
  pairedWith?: string;
  /** `.samocode` may raise the machine's number, not lower it. */
  isRaisedOnly?: true;
  /** Paired with `<CLI>_<this>` of the provider in use: `CLAUDE_MODEL`, `CODEX_TIMEOUT`. */
  pairedPerProvider?: 'MODEL' | 'TIMEOUT';
  /**
   * phase: one value per phase, `MODEL_PLANNING`. check: every key that begins with `CHECK`. named: every key with
   * any name in the place of `<NAME>`, `SERVICE_DB`.
   */
  family?: 'phase' | 'check' | 'named';
  /**
   * The reason why `.samocode` must be trusted before this takes effect: it can disable a safeguard, or names
   * something to run. A setting whose default is its weakest value cannot relax anything.
   */
  risk?: 'loosens' | 'runs';
  reach?: Reach;
  example?: string;
}

/** A row for `.samocode`: one without `reach` does not compile. */
export type ProjectRow = SettingRow & { reach: Reach };

export interface SettingSpec<Value = unknown> extends SettingRow<Value> {
  name: string;
  /** project: `.samocode`. machine: environment and `.env`. secret: like machine, and never shown. */
  scope: 'project' | 'machine' | 'secret';
}

export function inScope<
  const Scope extends SettingSpec['scope'],
  const Rows extends Readonly<Record<string, Scope extends 'project' ? ProjectRow : SettingRow>>,
>(scope: Scope, rows: Rows): { [Name in keyof Rows]: Rows[Name] & { name: string; scope: Scope } } {
  const scoped = Object.entries(rows).map(([name, row]) => [name, { ...row, name, scope }]);
  return Object.fromEntries(scoped);
}

/** Whether a value is at least as strict as the other one: a number is, if it is no higher; the order of a list is irrelevant. */
export function isAsStrict({ choices, kind }: SettingRow, value: unknown, usual: unknown): boolean {
  if (Array.isArray(value) && Array.isArray(usual)) return usual.every((name) => value.includes(name));
  if (kind === 'number') return Number(value) <= Number(usual);
  if (kind !== 'choice' || choices === undefined) return String(value) === String(usual);
  return choices.indexOf(String(value)) <= choices.indexOf(String(usual));
}
