import { allProviders, type CoreProvider, isBundled, providerNamed } from '../../agents/registry.ts';
import { asOneError } from '../../kernel/base-errors.ts';
import { commandWords } from '../../kernel/command-words.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { problemsIn, readSettings, type SettingsReading, type SettingTexts } from './read-settings.ts';
import { keptOf, type Settings } from './settings.ts';

/** Reads every setting. `openProject` checks the folders. */
export function resolveSettings(texts: SettingTexts): SettingsReading {
  const reading = readSettings(texts);
  const problems = problemsIn(reading);
  if (problems.length > 0) throw asOneError(problems, UNUSABLE);
  return reading;
}

export const UNUSABLE = 'The settings of the project cannot be used.';

interface AgentSettings {
  provider: string;
  /** A program's name or absolute path; absent for the bundled rehearsal. */
  cliPath?: string;
  /** Empty for the CLI's own default. */
  model: string;
  timeoutSeconds: number;
}

/** The settings of an agent in a phase. @param provider other than the phase's own: a fallback at a usage limit */
export function agentSettings(
  { values, readings }: Pick<SettingsReading, 'values' | 'readings'>,
  phase: Phase,
  provider: string = values.providerByPhase[phase] ?? values.provider,
): AgentSettings {
  const own = ofProvider(values, provider);
  const isMain = provider === values.provider;
  const isPhases = provider === (values.providerByPhase[phase] ?? values.provider);
  const source = readings.get('TIMEOUT')?.source.kind;
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
        ? commandWords(keptOf(values).acp?.command ?? '')[0]
        : values[`${of}Path`],
    model: values[`${of}Model`],
    timeoutSeconds: values[`${of}TimeoutSeconds`],
  };
}

export function cliSettings(values: Settings): Record<string, number> {
  const all: Readonly<Record<string, unknown>> = values;
  const keys = allProviders().flatMap(({ settings }) => Object.keys(settings?.own ?? {}));
  return Object.fromEntries(keys.map((key) => [key, Number(all[key])]));
}
