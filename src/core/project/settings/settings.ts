import { once } from '../../kernel/once.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { machineSettings } from './machine-settings.ts';
import { projectSettings } from './project-settings.ts';
import type { SettingSpec } from './setting-spec.ts';

/** All settings. Errors, `samocode config`, trust and `docs/settings.md` read this table. */
export const allSettings = once(() => ({ ...projectSettings(), ...machineSettings() }));

type AllSettings = ReturnType<typeof allSettings>;

export type SettingName = keyof AllSettings;

export interface Check {
  key: string;
  command: string;
}

/** A member of a family of names: `DB` and the value of `SERVICE_DB`. */
export interface NamedValue {
  name: string;
  value: string;
}

type Parsed<Spec extends SettingSpec> = NonNullable<ReturnType<Spec['parse']>>;

type ValueOf<Spec extends SettingSpec> = Spec extends { family: 'check' }
  ? readonly Check[]
  : Spec extends { family: 'named' }
    ? readonly NamedValue[]
    : Spec extends { family: 'phase' }
      ? Readonly<Partial<Record<Phase, Parsed<Spec>>>>
      : Spec extends { default: string } | { required: true }
        ? Parsed<Spec>
        : Parsed<Spec> | undefined;

/** The settings as the rest of the program uses them: read, checked, paths absolute. */
export type Settings = { readonly [Name in SettingName]: ValueOf<AllSettings[Name]> };

type PerSessionName = {
  [Name in SettingName]: AllSettings[Name] extends { perSession: true } ? Name : never;
}[SettingName];

/** Settings of a call for one session, as written; parsed and judged like all others. */
export type CallSettings = {
  readonly [Name in PerSessionName]?: Name extends 'checks' ? readonly Check[] : unknown;
};

export const settingRows = once(
  () => Object.entries(allSettings()) as ReadonlyArray<[SettingName, SettingSpec]>,
);

/** The key of a family's row for one phase: `MAX_HOURS_TESTING`. */
export function keyOfPhase({ key }: SettingSpec, phase: Phase): string {
  return key.replace('<PHASE>', phase.toUpperCase());
}

/** Where the keys of a family begin: `CHECK`, `SERVICE_`. */
export function familyPrefix({ key }: SettingSpec): string {
  return key.replace(/<NAME>|…/, '');
}

/** Whether a key is a member of a family of checks or names. */
export function isOfFamily(spec: SettingSpec, key: string): boolean {
  const isOpen = spec.family === 'check' || spec.family === 'named';
  return isOpen && key.startsWith(familyPrefix(spec)) && settingByKey(key) === undefined;
}

export function settingByKey(key: string): [SettingName, SettingSpec] | undefined {
  return settingRows().find(([, spec]) => !spec.family && spec.key === key);
}
