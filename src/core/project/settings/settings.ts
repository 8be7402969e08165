import type { SamocodeError } from '../../kernel/errors.ts';
import { once } from '../../kernel/once.ts';
import type { Application } from '../../kernel/phases/application.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { newRegistry } from '../../kernel/registry.ts';
import { machineRows } from './machine-rows.ts';
import { projectRows } from './project-rows.ts';
import type { SettingSource } from './setting-errors.ts';
import type { SettingRow, SettingSpec } from './setting-spec.ts';

type CoreSettings = ReturnType<typeof projectRows> & ReturnType<typeof machineRows>;

export type SettingName = keyof CoreSettings;

export interface Check {
  key: string;
  command: string;
}

/** A member of a family of names: `DB` and the value of `SERVICE_DB`. */
export interface NamedValue {
  name: string;
  value: string;
}

type Parsed<Row extends SettingRow> = NonNullable<ReturnType<Row['parse']>>;

type ValueOf<Row extends SettingRow> = Row extends { family: 'check' }
  ? readonly Check[]
  : Row extends { family: 'named' }
    ? readonly NamedValue[]
    : Row extends { family: 'phase' }
      ? Readonly<Partial<Record<Phase, Parsed<Row>>>>
      : Row extends { default: string } | { byPlace: string }
        ? Parsed<Row>
        : Parsed<Row> | undefined;

export type ValuesOf<Rows extends Readonly<Record<string, SettingRow>>> = {
  readonly [Name in keyof Rows]: ValueOf<Rows[Name]>;
};

/** The settings as the rest of the program uses them: read, checked, paths absolute. Those of extensions: `valuesOf`. */
export type Settings = ValuesOf<CoreSettings>;

/** The values of an extension's own rows. */
export function valuesOf<Rows extends Readonly<Record<string, SettingRow>>>(
  _rows: Rows,
  values: Settings,
): ValuesOf<Rows> {
  // The values of all rows are read together; the type names those that each build has.
  return values as unknown as ValuesOf<Rows>;
}

type PerSessionName = {
  [Name in SettingName]: CoreSettings[Name] extends { perSession: true } ? Name : never;
}[SettingName];

/** Settings of a call for one session, as written; parsed and judged like all others. */
export type CallSettings = {
  readonly [Name in PerSessionName]?: Name extends 'checks' ? readonly Check[] : unknown;
};

export interface SettingReading {
  spec: SettingSpec;
  /** As written: `MODEL_PLANNING` for a member of a family. */
  key: string;
  phase?: Phase;
  source: SettingSource;
  /** Undefined if unset or invalid. Paths are absolute. */
  value: unknown;
  problem?: SamocodeError;
}

/** By key, in the order of the table: all single settings, and members of families that are set. */
export type Readings = ReadonlyMap<string, SettingReading>;

/** By key: an error, or in words what is wrong with the value, which then counts as invalid. */
export type SettingProblems = Readonly<Record<string, SamocodeError | string>>;

/** The rows of an extension, and what only it can tell about them. */
export interface FurtherSettings {
  rows: Readonly<Record<string, SettingSpec>>;
  /** Finds the problems that only show beside other settings. */
  check?(readings: Readings): SettingProblems;
  /** What a session keeps of their values. */
  kept?(values: Settings): KeptSettings;
}

export interface KeptSettings {
  application?: Application;
  acp?: { command?: string; asks?: true; withoutGuard?: true };
  /** What the rehearsal agent plays. */
  scenarioPath?: string;
}

export const furtherSettings = newRegistry<FurtherSettings>('settings');

/** What a session keeps of the settings of extensions. */
export function keptOf(values: Settings): KeptSettings {
  return Object.assign({}, ...furtherSettings.items.map((each) => each.kept?.(values)));
}

/** All settings, those of core first. Errors, `samocode config`, trust and `docs/settings.md` read this table. */
export const settingRows = once((): readonly SettingSpec[] => {
  const further = furtherSettings.items.map(({ rows }) => rows);
  const all = [projectRows(), machineRows(), ...further].flatMap((rows) => Object.values<SettingSpec>(rows));
  return (['project', 'machine', 'secret'] as const).flatMap((scope) =>
    all.filter((spec) => spec.scope === scope),
  );
});

const singleRows = once(
  () => new Map(settingRows().flatMap((spec) => (spec.family ? [] : [[spec.key, spec] as const]))),
);

/** The key of a family's row for one phase: `MAX_HOURS_TESTING`. */
export function keyOfPhase({ key }: SettingSpec, phase: Phase): string {
  return key.replace('<PHASE>', phase.toUpperCase());
}

/** Where the keys of a family begin: `CHECK`, `SERVICE_`. */
export function familyPrefix({ key }: Pick<SettingSpec, 'key'>): string {
  return key.replace(/<NAME>|…/, '');
}

/** Whether a key is a member of a family of checks or names. */
export function isOfFamily(spec: SettingSpec, key: string): boolean {
  const isOpen = spec.family === 'check' || spec.family === 'named';
  return isOpen && key.startsWith(familyPrefix(spec)) && settingByKey(key) === undefined;
}

/** A single setting, not a family. */
export function settingByKey(key: string): SettingSpec | undefined {
  return singleRows().get(key);
}
