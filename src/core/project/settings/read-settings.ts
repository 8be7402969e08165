import { dirname } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import type { SamocodeError } from '../../kernel/errors.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import { newRegistry } from '../../kernel/registry.ts';
import { type FileEntry, parseSamocodeFile, pathFromFile } from './samocode-file.ts';
import { type SettingSource, settingInvalid, settingMissing } from './setting-errors.ts';
import type { SettingSpec } from './setting-spec.ts';
import { type SettingWarning, warnAboutKeys } from './setting-warnings.ts';
import {
  allSettings,
  type CallSettings,
  isOfFamily,
  keyOfPhase,
  type SettingName,
  settingByKey,
  settingRows,
} from './settings.ts';

export interface SettingTexts {
  projectFile?: { path: string; text: string };
  envFile?: { path: string; text: string };
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  call?: CallSettings;
}

export interface SettingReading {
  name: SettingName;
  /** As written: `MODEL_PLANNING` for a member of a family. */
  key: string;
  phase?: Phase;
  source: SettingSource;
  /** Undefined if unset or invalid. Paths are absolute. */
  value: unknown;
  problem?: SamocodeError;
}

export interface SettingsReading {
  /** In the order of the table; all single settings, and members of families that are set. */
  readings: readonly SettingReading[];
  warnings: readonly SettingWarning[];
}

/** Adds the problems of settings that only show beside others. */
export type SettingsJudge = (readings: readonly SettingReading[]) => readonly SettingReading[];

export const settingsJudges = newRegistry<SettingsJudge>('judges of settings');

/** Reads every setting: call › environment › `.samocode` › `.env` › default. Returns problems, never throws them. */
export function readSettings(texts: SettingTexts): SettingsReading {
  const file = parseSamocodeFile(texts.projectFile?.text ?? '');
  const reader: Reader = {
    texts,
    entries: file.entries,
    envFile: texts.envFile ? parseDotenv(texts.envFile.text) : {},
    provider: '',
    warnings: [
      ...file.warnings.map((warning) => ({ ...warning, path: texts.projectFile?.path ?? '.samocode' })),
    ],
  };
  reader.warnings.push(
    ...warnAboutKeys(file.entries, texts.projectFile?.path, reader.envFile, texts.envFile?.path),
  );
  // First, because the paired keys of MODEL and TIMEOUT depend on it.
  reader.provider = String(readSetting(reader, 'provider', allSettings().provider).value ?? '');
  const readings: readonly SettingReading[] = settingRows().flatMap((row) => readRow(reader, row));
  const judged = settingsJudges.items.reduce((all, judge) => judge(all), readings);
  return { readings: judged, warnings: reader.warnings };
}

interface Reader {
  texts: SettingTexts;
  entries: readonly FileEntry[];
  envFile: Readonly<Record<string, string>>;
  provider: string;
  warnings: SettingWarning[];
}

interface Written {
  written: string;
  source: SettingSource;
}

function readRow(reader: Reader, [name, spec]: [SettingName, SettingSpec]): SettingReading[] {
  switch (spec.family) {
    case 'phase':
      return PHASE_NAMES.flatMap((phase) => readPhase(reader, name, spec, phase));
    case 'check':
      return readChecks(reader, name, spec);
    case 'named':
      return readOfFile(reader, name, spec);
    default:
      return [readSetting(reader, name, spec)];
  }
}

function readPhase(reader: Reader, name: SettingName, spec: SettingSpec, phase: Phase): SettingReading[] {
  const key = keyOfPhase(spec, phase);
  const given = called(reader, name);
  const inCall: unknown =
    typeof given === 'object' && given !== null
      ? Object.entries(given).find(([each]) => each === phase)?.[1]
      : undefined;
  const found = fromCall(inCall) ?? fromProjectFile(reader, key);
  return found ? [{ ...understand(reader, name, spec, key, found), phase }] : [];
}

function readChecks(reader: Reader, name: SettingName, spec: SettingSpec): SettingReading[] {
  const given = reader.texts.call?.checks;
  if (given) {
    return given.map(({ key, command }) =>
      understand(reader, name, spec, key, { written: command, source: { kind: 'call' } }),
    );
  }
  return readOfFile(reader, name, spec);
}

function readOfFile(reader: Reader, name: SettingName, spec: SettingSpec): SettingReading[] {
  const keys = reader.entries.map(({ key }) => key).filter((key) => isOfFamily(spec, key));
  return keys.flatMap((key) => {
    const found = fromProjectFile(reader, key);
    return found ? [understand(reader, name, spec, key, found)] : [];
  });
}

function readSetting(reader: Reader, name: SettingName, spec: SettingSpec): SettingReading {
  const paired = pairedName(spec, reader.provider);
  if (spec.isRaisedOnly) return readLargest(reader, name, spec);
  const found =
    fromCall(called(reader, name)) ??
    fromEnvironment(reader, paired) ??
    (spec.scope === 'project' ? fromProjectFile(reader, spec.key, spec.mayBeEmpty) : undefined) ??
    fromEnvFile(reader, paired);
  if (found && !(name === 'model' && isForAnotherProvider(reader, found.source))) {
    return understand(reader, name, spec, spec.key, found);
  }
  if (spec.required) {
    const empty = reader.entries.some(({ key }) => key === spec.key);
    const problem = settingMissing(spec, reader.texts.projectFile?.path, empty);
    return { name, key: spec.key, source: { kind: 'unset' }, value: undefined, problem };
  }
  return byDefault(name, spec, paired);
}

/** The machine's number, unless that of the file is larger or cannot be understood. */
function readLargest(reader: Reader, name: SettingName, spec: SettingSpec): SettingReading {
  const machine = fromEnvironment(reader, spec.key) ?? fromEnvFile(reader, spec.key);
  const [ofFile, ofMachine] = [fromProjectFile(reader, spec.key), machine].map(
    (found) => found && understand(reader, name, spec, spec.key, found),
  );
  if (ofFile === undefined) return ofMachine ?? byDefault(name, spec, undefined);
  return ofFile.problem || Number(ofFile.value) > Number(ofMachine?.value ?? 0)
    ? ofFile
    : (ofMachine ?? ofFile);
}

function pairedName(spec: SettingSpec, provider: string): string | undefined {
  if (spec.scope !== 'project') return spec.key;
  if (spec.pairedPerProvider) return `${provider.toUpperCase()}_${spec.pairedPerProvider}`;
  return spec.pairedWith;
}

function byDefault(name: SettingName, spec: SettingSpec, paired: string | undefined): SettingReading {
  const written = (paired && settingByKey(paired)?.[1].default) ?? spec.default;
  const value = written ? spec.parse(written) : written;
  return { name, key: spec.key, source: { kind: written === undefined ? 'unset' : 'default' }, value };
}

// MODEL in the file belongs to the file's provider: a model of claude must not be passed to codex.
function isForAnotherProvider(reader: Reader, source: SettingSource): boolean {
  if (source.kind !== 'project_file') return false;
  const { call: _, ...withoutCall } = reader.texts;
  const ofFile =
    fromProjectFile(reader, 'PROVIDER')?.written ??
    String(readSetting({ ...reader, texts: withoutCall }, 'provider', allSettings().provider).value);
  if (ofFile.toLowerCase() === reader.provider) return false;
  const text = `Line ${source.line}: MODEL is meant for ${ofFile} and was not used for ${reader.provider}.`;
  reader.warnings.push({ path: source.path, line: source.line, text });
  return true;
}

function called(reader: Reader, name: SettingName): unknown {
  // A call has no setting that is not per session; such a name reads as undefined.
  const call: Readonly<Partial<Record<SettingName, unknown>>> = reader.texts.call ?? {};
  return call[name];
}

function fromCall(given: unknown): Written | undefined {
  if (given === undefined || given === '') return undefined;
  const written = Array.isArray(given) ? given.join(',') || 'none' : String(given);
  return { written, source: { kind: 'call' } };
}

// Empty counts as unset (examples and MCP clients have empty placeholders), except where a row allows it in
// `.samocode`.
function fromEnvironment({ texts }: Reader, name: string | undefined): Written | undefined {
  const written = name ? texts.env[name]?.trim() : '';
  return name && written ? { written, source: { kind: 'environment', name } } : undefined;
}

function fromProjectFile({ entries, texts }: Reader, key: string, mayBeEmpty = false): Written | undefined {
  const entry = entries.find((each) => each.key === key);
  if (!entry || (entry.value === '' && !mayBeEmpty)) return undefined;
  const path = texts.projectFile?.path ?? '.samocode';
  return { written: entry.value, source: { kind: 'project_file', path, key, line: entry.line } };
}

function fromEnvFile({ envFile, texts }: Reader, name: string | undefined): Written | undefined {
  const written = name ? envFile[name]?.trim() : '';
  return name && written
    ? { written, source: { kind: 'env_file', path: texts.envFile?.path ?? '.env', name } }
    : undefined;
}

function understand(
  reader: Reader,
  name: SettingName,
  spec: SettingSpec,
  key: string,
  { written, source }: Written,
): SettingReading {
  if (written === '') return { name, key, source, value: '' };
  const value = spec.parse(written);
  if (value === undefined) {
    const problem = settingInvalid(spec, { key, written, source });
    return { name, key, source, value, problem };
  }
  return { name, key, source, value: withAbsolutePaths(reader, spec, value) };
}

function withAbsolutePaths(reader: Reader, spec: SettingSpec, value: unknown): unknown {
  if (spec.kind === 'paths' && Array.isArray(value)) return value.map((path) => absolute(reader, path));
  return isPath(spec, value) ? absolute(reader, value) : value;
}

function isPath(spec: SettingSpec, value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return spec.kind === 'folder' || spec.kind === 'file' || (spec.kind === 'program' && value.includes('/'));
}

function absolute({ texts }: Reader, value: string): string {
  const folder = texts.projectFile ? dirname(texts.projectFile.path) : texts.homeDir;
  return pathFromFile(value, { folder, homeDir: texts.homeDir });
}
