import { editDistance, nearestName } from '../../kernel/nearest-name.ts';
import { once } from '../../kernel/once.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import { retiredKey } from './retired-keys.ts';
import type { FileEntry } from './samocode-file.ts';
import type { SettingSpec } from './setting-spec.ts';
import { familyPrefix, isOfFamily, keyOfPhase, settingByKey, settingRows } from './settings.ts';

/** Something in a file that has no effect, or not the intended one; never an error. */
export interface SettingWarning {
  path: string;
  line?: number;
  text: string;
  /** No session starts before it is corrected. */
  stops?: true;
}

/** The keys that a `.samocode` may have, and those of the machine. */
const knownKeys = once(() => {
  const all = settingRows();
  const rows = all.filter((spec) => !spec.family);
  const ofPhases = all
    .filter((spec) => spec.family === 'phase')
    .flatMap((spec) => PHASE_NAMES.map((phase) => keyOfPhase(spec, phase)));
  const inScope = (isOfProject: boolean) =>
    rows.filter((spec) => (spec.scope === 'project') === isOfProject).map((spec) => spec.key);
  const prefixes = all
    .filter(({ family }) => family === 'check' || family === 'named')
    .map((spec) => familyPrefix(spec));
  const paired = rows.flatMap((spec) => spec.pairedWith ?? []);
  const machine = [...inScope(false), ...paired];
  return { project: [...inScope(true), ...ofPhases], ofPhases, machine, prefixes };
});

/** Warns about unknown keys, with the nearest known name, and about keys in the wrong file. */
export function warnAboutKeys(
  entries: readonly FileEntry[],
  projectPath = '.samocode',
  envFile: Readonly<Record<string, string>> = {},
  envPath = '.env',
): SettingWarning[] {
  const inProject = entries.flatMap(({ key, line }) => {
    const text = mistakeInProject(key) ?? mistakenMember(key) ?? idleKey(key);
    const stops = retiredKey(key)?.stops;
    return text ? [{ path: projectPath, line, text: `Line ${line}: ${text}`, ...(stops && { stops }) }] : [];
  });
  const inEnvFile = Object.keys(envFile).flatMap((key) => {
    const text = mistakeInEnvFile(key);
    return text ? [{ path: envPath, text }] : [];
  });
  return [...inProject, ...inEnvFile];
}

/** @returns why a line with this key would have no effect */
export function mistakeInProject(key: string): string | undefined {
  if (knownKeys().project.includes(key) || familyOf(key)) return undefined;
  const retired = retiredKey(key);
  if (retired !== undefined) return retired.text;
  if (!knownKeys().machine.includes(key)) {
    const name = key.slice(key.indexOf('_') + 1);
    const members = knownKeys().prefixes.map((prefix) => (prefix.endsWith('_') ? prefix + name : prefix));
    const meant = nearestName(key, [...knownKeys().project, ...members]);
    return `${key} is not a setting and has no effect.${meant ? ` Did you mean ${meant}?` : ''}`;
  }
  const twin = projectTwin(key);
  if (twin) return `${key} has no effect in .samocode; its name here is ${twin}.`;
  if (settingByKey(key)?.scope === 'secret') {
    return `${key} is a secret and was not read: move it to ~/.config/samocode/.env and replace it with a new one if this file was ever shared.`;
  }
  return `${key} belongs to the machine and has no effect here: set it in the environment or in ~/.config/samocode/.env.`;
}

/** A name of one's own, such as that of a check, may be meant for a setting. */
function mistakenMember(key: string): string | undefined {
  const family = familyOf(key);
  // A key can be very long.
  const isNear = (known: string) => Math.abs(known.length - key.length) < 2 && editDistance(key, known) === 1;
  const meant = family && knownKeys().project.find(isNear);
  const what = family?.family === 'check' ? 'a further check' : `one of ${family?.key}`;
  return meant && `${key} is ${what}. Did you mean ${meant}?`;
}

/** What the phases do that samocode itself carries out. */
const IDLE: Readonly<Partial<Record<Phase, string>>> = {
  init: 'an agent runs in init only where SETUP failed',
  done: 'no agent runs in done any more: quality ends the work',
};

function idleKey(key: string): string | undefined {
  const why = IDLE[key.slice(key.lastIndexOf('_') + 1).toLowerCase() as Phase];
  return why && knownKeys().ofPhases.includes(key) ? `${key} has little effect: ${why}.` : undefined;
}

function familyOf(key: string): SettingSpec | undefined {
  return settingRows().find((spec) => isOfFamily(spec, key));
}

// The file may contain other programs' variables: report only likely mistakes.
function mistakeInEnvFile(key: string): string | undefined {
  if (knownKeys().machine.includes(key)) return undefined;
  const retired = retiredKey(key);
  if (retired !== undefined) return retired.text;
  if (knownKeys().project.includes(key)) {
    const twin = settingByKey(key)?.pairedWith;
    return `${key} has no effect in .env; ${twin ? `its name here is ${twin}` : 'it belongs in .samocode'}.`;
  }
  const meant = nearestName(key, knownKeys().machine);
  return meant ? `${key} is not a setting and has no effect. Did you mean ${meant}?` : undefined;
}

/** The project key equivalent to an environment name: `MODEL` for `CLAUDE_MODEL`. */
function projectTwin(key: string): string | undefined {
  const isTwin = ({ family, pairedWith, pairedPerProvider }: SettingSpec) =>
    !family && (pairedWith === key || (pairedPerProvider && key.endsWith(`_${pairedPerProvider}`)));
  return settingRows().find(isTwin)?.key;
}
