import { allProviders, type CoreProvider, isBundled, providerNamed } from '../../agents/registry.ts';
import { asOneError } from '../../kernel/base-errors.ts';
import { commandWords } from '../../kernel/command-words.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import {
  readSettings,
  type SettingReading,
  type SettingsReading,
  type SettingTexts,
} from './read-settings.ts';
import type { SettingSource } from './setting-errors.ts';
import type { SettingSpec } from './setting-spec.ts';
import type { SettingWarning } from './setting-warnings.ts';
import {
  type Check,
  familyPrefix,
  type NamedValue,
  type SettingName,
  type Settings,
  settingRows,
} from './settings.ts';

export interface ResolvedSettings {
  values: Settings;
  /** The source of each value; a family has that of its first member. */
  sources: Readonly<Partial<Record<SettingName, SettingSource>>>;
  warnings: readonly SettingWarning[];
}

/** Reads every setting. `openProject` checks the folders. */
export function resolveSettings(texts: SettingTexts): ResolvedSettings {
  const reading = readSettings(texts);
  const problems = problemsIn(reading);
  if (problems.length > 0) throw asOneError(problems, UNUSABLE);
  return settingsIn(reading);
}

export const UNUSABLE = 'The settings of the project cannot be used.';

export function problemsIn({ readings }: SettingsReading): SamocodeError[] {
  return readings.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
}

export function settingsIn({ readings, warnings }: SettingsReading): ResolvedSettings {
  const single = readings.filter(({ name }) => !(name in families(readings)));
  return {
    // Every row has a reading, whose value was parsed by the row's schema.
    values: {
      ...Object.fromEntries(single.map(({ name, value }) => [name, value])),
      ...families(readings),
    } as unknown as Settings,
    sources: Object.fromEntries(readings.toReversed().map(({ name, source }) => [name, source])),
    warnings,
  };
}

export interface ChildSettings {
  provider: string;
  /** A program's name or absolute path; absent for the bundled rehearsal. */
  cliPath?: string;
  /** Empty for the CLI's own default. */
  model: string;
  timeoutSeconds: number;
}

/** The settings of an agent in a phase. @param provider other than the phase's own: a fallback at a usage limit */
export function agentSettings(
  { values, sources }: Pick<ResolvedSettings, 'values' | 'sources'>,
  phase: Phase,
  provider: string = values.providerByPhase[phase] ?? values.provider,
): ChildSettings {
  const own = ofProvider(values, provider);
  const isMain = provider === values.provider;
  const isPhases = provider === (values.providerByPhase[phase] ?? values.provider);
  const source = sources.timeoutSeconds?.kind;
  // A time limit from the call or the project applies to every agent, one from the machine to a single CLI.
  const isForAll = isMain || source === 'call' || source === 'project_file';
  return {
    provider,
    cliPath: own.cliPath,
    model: (isPhases ? values.modelByPhase[phase] : undefined) ?? (isMain ? values.model : own.model),
    timeoutSeconds: isForAll ? values.timeoutSeconds : own.timeoutSeconds,
  };
}

function ofProvider(values: Settings, provider: string) {
  if (isBundled(provider)) return { cliPath: undefined, model: '', timeoutSeconds: values.timeoutSeconds };
  // The rows of all providers are made alike; the type names those that every build has.
  const of = provider as CoreProvider;
  return {
    cliPath:
      providerNamed(provider).defaultCommand === ''
        ? commandWords(values.acpCommand ?? '')[0]
        : values[`${of}Path`],
    model: values[`${of}Model`],
    timeoutSeconds: values[`${of}TimeoutSeconds`],
  };
}

export function ownSettings(values: Settings): Record<string, number> {
  const all: Readonly<Record<string, unknown>> = values;
  const keys = allProviders().flatMap(({ settings }) => Object.keys(settings?.own ?? {}));
  return Object.fromEntries(keys.map((key) => [key, Number(all[key])]));
}

function families(readings: readonly SettingReading[]): Record<string, unknown> {
  const byPhase = (wanted: SettingName) =>
    Object.fromEntries(
      readings.flatMap(({ name, phase, value }) => (name === wanted && phase ? [[phase, value]] : [])),
    );
  const checks = readings
    .filter(({ name }) => name === 'checks')
    .map(({ key, value }): Check => ({ key, command: String(value) }));
  const byName = (wanted: SettingName, spec: SettingSpec) =>
    readings
      .filter(({ name }) => name === wanted)
      .map(
        ({ key, value }): NamedValue => ({
          name: key.slice(familyPrefix(spec).length),
          value: String(value),
        }),
      );
  const members = settingRows().flatMap(([name, spec]): [string, unknown][] => {
    if (spec.family === 'phase') return [[name, byPhase(name)]];
    return spec.family === 'named' ? [[name, byName(name, spec)]] : [];
  });
  return { checks, ...Object.fromEntries(members) };
}
