import { SamocodeError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import type { SettingSpec } from './setting-spec.ts';

/** Where a value came from; what counts more stands further up. */
export type SettingSource =
  | { kind: 'call' }
  | { kind: 'environment'; name: string }
  | { kind: 'project_file'; path: string; key: string; line: number }
  | { kind: 'env_file'; path: string; name: string }
  | { kind: 'default' }
  | { kind: 'unset' };

/** The source as people read it: `TIMEOUT in /home/ada/shop/.samocode, line 4`. */
function describeSource(source: SettingSource, key: string): string {
  switch (source.kind) {
    case 'call':
      return `${key} of this call`;
    case 'environment':
      return `${source.name} in the environment`;
    case 'project_file':
      return `${source.key} in ${source.path}, line ${source.line},`;
    case 'env_file':
      return `${source.name} in ${source.path}`;
    case 'default':
      return `${key}'s default`;
    case 'unset':
      return key;
    default:
      return source satisfies never;
  }
}

export class SettingInvalidError extends SamocodeError {
  readonly code = 'setting_invalid';

  constructor(spec: SettingSpec, key: string, written: string, source: SettingSource, problem?: string) {
    super(
      `${describeSource(source, key)} cannot be used.`,
      problem
        ? `${problem}: ${shown(spec, written)}.`
        : `It must be ${spec.form}, and it is ${shown(spec, written)}.`,
      fix(spec, key, written, source),
    );
  }
}

export class SettingMissingError extends SamocodeError {
  readonly code = 'setting_missing';

  constructor(spec: SettingSpec, filePath: string | undefined, empty: boolean) {
    super(
      `${spec.key} ${empty ? 'is empty' : 'is missing'} in ${filePath ?? '.samocode'}.`,
      `It must be ${spec.form}.`,
      `Add a line such as ${spec.key}=${spec.example ?? spec.default ?? '…'}, or make the file with setup_project or "samocode init".`,
    );
  }
}

function shown(spec: SettingSpec, written: string): string {
  if (spec.scope === 'secret') return '[hidden]';
  return JSON.stringify(written.length > 80 ? `${written.slice(0, 80)}…` : written);
}

function fix(spec: SettingSpec, key: string, written: string, source: SettingSource): string {
  const meant = spec.choices ? nearestName(written, spec.choices) : undefined;
  if (meant) return `Did you mean "${meant}"?`;
  const name = 'name' in source ? source.name : key;
  if (spec.required) return `Correct it, or make the folder: "samocode init" or setup_project does both.`;
  if (spec.default) return `Write for instance ${name}=${spec.default}, or remove it to use that value.`;
  return `Correct it${spec.example ? `, for instance ${spec.example}` : ''}, or remove it.`;
}
