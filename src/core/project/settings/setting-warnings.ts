import { nearestName } from '../../kernel/nearest-name.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import type { FileEntry } from './samocode-file.ts';
import { keyOfPhase, SETTING_ROWS, settingByKey } from './settings.ts';

/** Something in a file that has no effect, or not the intended one; never an error. */
export interface SettingWarning {
  path: string;
  line?: number;
  text: string;
}

const all = SETTING_ROWS.map(([, spec]) => spec);
const rows = all.filter((spec) => !spec.family);
const PHASE_KEYS = all
  .filter((spec) => spec.family === 'phase')
  .flatMap((spec) => PHASE_NAMES.map((phase) => keyOfPhase(spec, phase)));
const PROJECT_KEYS = [
  ...rows.filter((spec) => spec.scope === 'project').map((spec) => spec.key),
  ...PHASE_KEYS,
];
const PAIRED_KEYS = rows.flatMap((spec) => spec.pairedWith ?? []);
const MACHINE_KEYS = [
  ...rows.filter((spec) => spec.scope !== 'project').map((spec) => spec.key),
  ...PAIRED_KEYS,
];

/** Warns about unknown keys, with the nearest known name, and about keys in the wrong file. */
export function warnAboutKeys(
  entries: readonly FileEntry[],
  projectPath = '.samocode',
  envFile: Readonly<Record<string, string>> = {},
  envPath = '.env',
): SettingWarning[] {
  const inProject = entries.flatMap(({ key, line }) => {
    const text = mistakeInProject(key);
    return text ? [{ path: projectPath, line, text: `Line ${line}: ${text}` }] : [];
  });
  const inEnvFile = Object.keys(envFile).flatMap((key) => {
    const text = mistakeInEnvFile(key);
    return text ? [{ path: envPath, text }] : [];
  });
  return [...inProject, ...inEnvFile];
}

function mistakeInProject(key: string): string | undefined {
  if (PROJECT_KEYS.includes(key) || key.startsWith('CHECK')) return undefined;
  if (!MACHINE_KEYS.includes(key)) {
    const meant = nearestName(key, [...PROJECT_KEYS, 'CHECK']);
    return `${key} is not a setting and has no effect.${meant ? ` Did you mean ${meant}?` : ''}`;
  }
  const twin = projectTwin(key);
  if (twin) return `${key} has no effect in .samocode; its name here is ${twin}.`;
  if (settingByKey(key)?.[1].scope === 'secret') {
    return `${key} is a secret and was not read: move it to ~/.config/samocode/.env and replace it with a new one if this file was ever shared.`;
  }
  return `${key} belongs to the machine and has no effect here: set it in the environment or in ~/.config/samocode/.env.`;
}

// The file may contain other programs' variables: report only likely mistakes.
function mistakeInEnvFile(key: string): string | undefined {
  if (MACHINE_KEYS.includes(key)) return undefined;
  if (PROJECT_KEYS.includes(key)) {
    const twin = settingByKey(key)?.[1].pairedWith;
    return `${key} has no effect in .env; ${twin ? `its name here is ${twin}` : 'it belongs in .samocode'}.`;
  }
  const meant = nearestName(key, MACHINE_KEYS);
  return meant ? `${key} is not a setting and has no effect. Did you mean ${meant}?` : undefined;
}

/** The project key equivalent to an environment name: `MODEL` for `CLAUDE_MODEL`. */
function projectTwin(key: string): string | undefined {
  return rows.find(
    (spec) =>
      spec.pairedWith === key || (spec.pairedPerProvider && key.endsWith(`_${spec.pairedPerProvider}`)),
  )?.key;
}
