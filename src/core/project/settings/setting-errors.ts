import { errors } from '../../kernel/errors.ts';
import { nearestName } from '../../kernel/nearest-name.ts';
import { cut } from '../../kernel/text.ts';
import type { SettingSpec } from './setting-spec.ts';

/** The expected failures of settings. Their arguments contain no secrets: values are redacted first. */
export const SETTING_ERRORS = errors({
  not_one_line: ({ key }: { key: string }) => ({
    what: 'Nothing was set up.',
    why: `The value of ${key} contains a line break, but a setting in .samocode is one line.`,
    hint: 'Give one line; for several commands use CHECK and CHECK_2, or join them with &&.',
  }),
  setting_invalid: ({ where, shown, form, problem, fix, isRequired }: Invalid) => ({
    what: `${where} cannot be used.`,
    why: problem ? `${problem}: ${shown}.` : `It must be ${form}, but it is ${shown}.`,
    hint: fix,
    next: isRequired ? [{ act: 'set_up', when: 'to have the folder created' }] : [],
  }),
  setting_missing: ({ key, path, isEmpty, form, example }: Missing) => ({
    what: `${key} is ${isEmpty ? 'empty' : 'missing'} in ${path}.`,
    why: `It must be ${form}.`,
    hint: `Add a line such as ${key}=${example}.`,
    next: [],
  }),
});

/** The sources of a value, in order of precedence. */
export type SettingSource =
  | { kind: 'call' }
  | { kind: 'environment'; name: string }
  | { kind: 'project_file'; path: string; key: string; line: number }
  | { kind: 'env_file'; path: string; name: string }
  | { kind: 'default' }
  | { kind: 'unset' };

interface Invalid {
  /** The source as shown to people: `TIMEOUT in /home/ada/shop/.samocode, line 4`. */
  where: string;
  shown: string;
  form: string;
  problem?: string;
  fix: string;
  isRequired: boolean;
  /** For a value given in a call: the data with which the CLI reports it under the name of its option. */
  ofCall?: { key: string; example?: string; meant?: string };
}

interface Missing {
  key: string;
  path: string;
  isEmpty: boolean;
  form: string;
  example: string;
}

interface WrittenSetting {
  key: string;
  written: string;
  source: SettingSource;
}

export function settingInvalid(spec: SettingSpec, given: WrittenSetting & { problem?: string }) {
  const { key, written, source, problem } = given;
  return SETTING_ERRORS.setting_invalid({
    where: describeSource(source, key),
    shown: shown(spec, written),
    form: spec.form,
    problem,
    fix: fixOf(spec, given),
    isRequired: spec.byPlace !== undefined,
    ofCall: source.kind === 'call' ? ofCall(spec, given) : undefined,
  });
}

export function settingMissing(spec: SettingSpec, path = '.samocode', isEmpty = false) {
  const { key, form } = spec;
  const example = spec.example ?? spec.default ?? '…';
  return SETTING_ERRORS.setting_missing({ key, path, isEmpty, form, example });
}

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

function shown(spec: SettingSpec, written: string): string {
  if (spec.scope === 'secret') return '[hidden]';
  return JSON.stringify(cut(written, 80));
}

function ofCall(spec: SettingSpec, { key, written }: WrittenSetting) {
  const meant = nearestChoice(written, spec);
  // Some examples are complete lines of the file.
  const example = (spec.default || spec.example)?.replace(/^[A-Z_]+=/, '');
  return { key, meant, example };
}

/** The known name nearest to an unknown one in a list. */
function nearestChoice(written: string, { choices }: SettingSpec): string | undefined {
  if (choices === undefined) return undefined;
  const unrecognized = written.split(/[\s,]+/).filter((each) => !choices.includes(each.toLowerCase()));
  return unrecognized.map((each) => nearestName(each, choices)).find((name) => name !== undefined);
}

function fixOf(spec: SettingSpec, { key, written, source }: WrittenSetting): string {
  const meant = nearestChoice(written, spec);
  if (meant) return `Did you mean "${meant}"?`;
  const name = 'name' in source ? source.name : key;
  if (spec.byPlace !== undefined) return 'Correct it, or create the folder.';
  if (spec.default) return `For example ${name}=${spec.default}, or remove it to use that value.`;
  return `Correct it${spec.example ? `, for example ${spec.example}` : ''}, or remove it.`;
}
